//! The bytes of a request: bounded while they arrive and while they are decompressed.

use std::{
    io::{self, Read},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE},
    },
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::ApiError;

/// The most bytes of a body, as sent and decompressed.
pub(super) const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;

/// How long a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(120);

/// What is read of a body that is refused. Clients that send on while they are answered would otherwise see a broken
/// connection instead of the answer.
const DRAINED_BYTES: usize = 64 * 1024 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_secs(10);

/// The largest window that a zstd frame may ask for over HTTP (RFC 9659), as a power of two.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
}

/// Reads the whole body and decompresses it.
///
/// # Errors
/// 400, 408, 413 or 415.
pub(super) async fn read_body(headers: &HeaderMap, body: &mut Body) -> Result<Bytes, ApiError> {
    refuse_multipart(headers)?;
    let coding = Coding::of(headers)?;
    let arriving = Limited::new(body, MAX_BODY_BYTES).collect();
    let arrived = tokio::time::timeout(ARRIVES_WITHIN, arriving)
        .await
        .map_err(|_| too_slow())?;
    let bytes = arrived
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_large()
            } else {
                broken()
            }
        })?
        .to_bytes();
    match coding {
        Coding::Identity => Ok(bytes),
        coding => decompress(coding, bytes).await,
    }
}

/// Reads on and forgets what it reads, within bounds.
pub(super) async fn drain(body: &mut Body) {
    let draining = async {
        let mut drained = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            drained = drained.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if drained > DRAINED_BYTES {
                break;
            }
        }
    };
    // Whoever is slower than that does without the answer.
    drop(tokio::time::timeout(DRAINED_WITHIN, draining).await);
}

impl Coding {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(coding) = headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        match coding.as_bytes().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Ok(Self::Identity),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"zstd" => Ok(Self::Zstd),
            _ => Err(unknown_coding()),
        }
    }
}

/// Any other content type may hold JSON: GitLab itself posts it as a form.
fn refuse_multipart(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_multipart = headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .get(..10)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
    });
    if !is_multipart {
        return Ok(());
    }
    let message = "Send the JSON itself as the body, not a multipart form.";
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        message,
    ))
}

/// Off the request threads: a small body can take a large one's time.
async fn decompress(coding: Coding, bytes: Bytes) -> Result<Bytes, ApiError> {
    let work = tokio::task::spawn_blocking(move || inflate(coding, &bytes));
    let inflated = work
        .await
        .map_err(|error| ApiError::internal("A body could not be decompressed.", &error))?;
    let inflated = inflated.map_err(|_| malformed(coding))?;
    if inflated.len() > MAX_BODY_BYTES {
        return Err(too_large());
    }
    Ok(inflated.into())
}

/// At most one byte more than is allowed.
fn inflate(coding: Coding, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut inflated = Vec::new();
    match coding {
        Coding::Identity => inflated.extend_from_slice(bytes),
        Coding::Gzip => {
            flate2::read::MultiGzDecoder::new(bytes)
                .take(limit)
                .read_to_end(&mut inflated)?;
        }
        Coding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            decoder.take(limit).read_to_end(&mut inflated)?;
        }
    }
    Ok(inflated)
}

fn too_large() -> ApiError {
    let message = "A request has at most 25 MiB, compressed and decompressed. Send the events in several requests.";
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}

fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        "The body did not arrive within two minutes.",
    )
}

fn broken() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "body_broken", "The body did not arrive whole.")
}

fn malformed(coding: Coding) -> ApiError {
    let message = match coding {
        Coding::Zstd => "The body is not valid zstd (or its window is larger than 8 MiB).",
        _ => "The body is not valid gzip.",
    };
    ApiError::new(StatusCode::BAD_REQUEST, "body_broken", message)
}

fn unknown_coding() -> ApiError {
    let message = "A body may be compressed with gzip or zstd.";
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message)
        .with_header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::HeaderName;

    use super::*;

    async fn read(headers: &[(HeaderName, &'static str)], body: Vec<u8>) -> Result<Bytes, (StatusCode, &'static str)> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        let read = read_body(&headers, &mut Body::from(body)).await;
        read.map_err(|error| (error.status(), error.code()))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[tokio::test]
    async fn each_coding_is_undone() {
        let zstd = zstd::encode_all(&b"{}"[..], 3).unwrap();
        assert_eq!(read(&[], b"{}".to_vec()).await, Ok("{}".into()));
        assert_eq!(
            read(&[(CONTENT_ENCODING, "identity")], b"{}".to_vec()).await,
            Ok("{}".into())
        );
        assert_eq!(read(&[(CONTENT_ENCODING, "GZIP")], gzip(b"{}")).await, Ok("{}".into()));
        assert_eq!(read(&[(CONTENT_ENCODING, "zstd")], zstd.clone()).await, Ok("{}".into()));
        let members = [gzip(b"{}\n"), gzip(b"{}")].concat();
        assert_eq!(read(&[(CONTENT_ENCODING, "gzip")], members).await, Ok("{}\n{}".into()));
        assert_eq!(
            read(&[(CONTENT_ENCODING, "zstd")], [zstd.clone(), zstd].concat()).await,
            Ok("{}{}".into())
        );
    }

    #[tokio::test]
    async fn a_bomb_goes_no_further_than_the_limit() {
        let too_large = Err((StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
        let zeros = vec![0; MAX_BODY_BYTES + 1];
        assert_eq!(read(&[(CONTENT_ENCODING, "gzip")], gzip(&zeros)).await, too_large);
        let zstd = zstd::encode_all(zeros.as_slice(), 1).unwrap();
        assert!(zstd.len() < 10_000);
        assert_eq!(read(&[(CONTENT_ENCODING, "zstd")], zstd).await, too_large);
        assert_eq!(read(&[], zeros.clone()).await, too_large);
        let just_fits = zeros.get(1..).unwrap();
        assert_eq!(
            read(&[(CONTENT_ENCODING, "gzip")], gzip(just_fits))
                .await
                .map(|bytes| bytes.len()),
            Ok(MAX_BODY_BYTES)
        );
    }

    #[tokio::test]
    async fn what_can_not_be_read_is_refused() {
        let broken = Err((StatusCode::BAD_REQUEST, "body_broken"));
        assert_eq!(read(&[(CONTENT_ENCODING, "gzip")], b"{}".to_vec()).await, broken);
        assert_eq!(read(&[(CONTENT_ENCODING, "zstd")], b"{}".to_vec()).await, broken);
        let whole = gzip(b"{\"a\":1}");
        assert_eq!(
            read(
                &[(CONTENT_ENCODING, "gzip")],
                whole.get(..whole.len() - 4).unwrap().to_vec()
            )
            .await,
            broken
        );
        let unknown = Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding"));
        assert_eq!(read(&[(CONTENT_ENCODING, "br")], Vec::new()).await, unknown);
        assert_eq!(read(&[(CONTENT_ENCODING, "gzip, gzip")], Vec::new()).await, unknown);
    }

    #[tokio::test]
    async fn any_content_type_may_hold_json_but_multipart() {
        for content_type in [
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/json; charset=utf-8",
            "",
        ] {
            assert_eq!(
                read(&[(CONTENT_TYPE, content_type)], b"{}".to_vec()).await,
                Ok("{}".into())
            );
        }
        let multipart = Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"));
        assert_eq!(
            read(&[(CONTENT_TYPE, "Multipart/form-data; boundary=x")], b"{}".to_vec()).await,
            multipart
        );
    }

    #[tokio::test]
    async fn a_zstd_frame_with_a_huge_window_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(&[0; 100_000]).unwrap();
        let frame = encoder.finish().unwrap();
        assert_eq!(
            read(&[(CONTENT_ENCODING, "zstd")], frame).await,
            Err((StatusCode::BAD_REQUEST, "body_broken"))
        );
    }
}
