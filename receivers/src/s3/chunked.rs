//! `aws-chunked` bodies, in which SDKs send content of which they did not know the hash beforehand.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

use bytes::Bytes;
use http::HeaderMap;

/// The object in the body. A body that is not what its head says comes back as it is: refusing it is for s3s.
pub(super) fn content(headers: &HeaderMap, body: &Bytes) -> Bytes {
    let hash = headers.get("x-amz-content-sha256").map(http::HeaderValue::as_bytes);
    if hash.is_some_and(|hash| hash.starts_with(b"STREAMING-")) {
        return decode(body).unwrap_or_else(|| body.clone());
    }
    body.clone()
}

/// Chunks of `<hexadecimal length>[;extension]CRLF<bytes>CRLF`, until one of length 0.
fn decode(body: &Bytes) -> Option<Bytes> {
    let mut content = Vec::with_capacity(body.len());
    let mut rest: &[u8] = body;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let head = std::str::from_utf8(rest.get(..end)?).ok()?;
        let length = usize::from_str_radix(head.split(';').next()?, 16).ok()?;
        if length == 0 {
            return Some(Bytes::from(content));
        }
        let chunk = rest.get(end + 2..)?;
        content.extend_from_slice(chunk.get(..length)?);
        rest = chunk.get(length..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together() {
        let body =
            Bytes::from_static(b"3;chunk-signature=ab\r\none\r\n4\r\n-two\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n");
        assert_eq!(decode(&body).unwrap(), "one-two");
        assert_eq!(decode(&Bytes::from_static(b"5\r\none")), None);
        assert_eq!(content(&HeaderMap::new(), &body), body);
    }
}
