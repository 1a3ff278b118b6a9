//! Reads HTTP/1.1 requests from a bare connection.

use std::io;

use tokio::{io::AsyncReadExt, net::TcpStream};

/// A complete request.
#[derive(Debug)]
pub(crate) struct Request {
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The value of a header; its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Reads the next request. What is read beyond it stays in the buffer.
    ///
    /// # Errors
    /// The connection ended or failed, or the request has no length.
    pub(crate) async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Self> {
        loop {
            if let Some(request) = Self::parse(buffer)? {
                return Ok(request);
            }
            if stream.read_buf(buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn parse(buffer: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).into_owned();
        let length = header(&head, "content-length").and_then(|length| length.parse::<usize>().ok());
        let Some(length) = length else {
            return Err(io::Error::other("a request without a length"));
        };
        let whole = end + 4 + length;
        if buffer.len() < whole {
            return Ok(None);
        }
        let body = buffer.get(end + 4..whole).unwrap_or_default().to_vec();
        buffer.drain(..whole);
        Ok(Some(Self { head, body }))
    }
}

fn header<'head>(head: &'head str, name: &str) -> Option<&'head str> {
    head.lines().skip(1).find_map(|line| {
        let (other, value) = line.split_once(':')?;
        other.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_from_the_buffer_one_by_one() {
        let one = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nX-A: b\r\n\r\n{}";
        let mut buffer = [&one[..], &one[..], b"POST"].concat();
        for _ in 0..2 {
            let request = Request::parse(&mut buffer).unwrap().unwrap();
            assert_eq!((request.header("x-a"), &request.body[..]), (Some("b"), &b"{}"[..]));
        }
        assert!(Request::parse(&mut buffer).unwrap().is_none());
        assert_eq!(buffer, b"POST");
        assert!(Request::parse(&mut b"GET / HTTP/1.1\r\n\r\n".to_vec()).is_err());
    }
}
