//! Reads request bodies within limits of size and time, for each request and for all requests together.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use http_body_util::BodyExt;

use crate::{
    arrived::{Arrived, MAX_BODY_BYTES, too_large},
    coding::Coding,
    error::ApiError,
    limits::{LargeBodies, OfToken},
    web::is_stalled,
};

/// Deadline for a complete body.
const ARRIVES_WITHIN: Duration = Duration::from_secs(120);

/// How much is read of a rejected body. Otherwise, a client that is still sending would see a closed connection instead of the
/// response.
const DRAINED_BYTES: usize = 64 * 1024 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_secs(10);

/// The same for callers who are not permitted: without credentials, a connection should not be kept for long.
const DRAINED_OF_STRANGERS_WITHIN: Duration = Duration::from_secs(1);

/// Reads the complete body and decompresses it.
///
/// # Errors
/// 400, 408, 413 or 415, and 503 when too many large ones arrive at once.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    body: &mut Body,
    large_bodies: OfToken<'_>,
) -> Result<Arrived, ApiError> {
    refuse_multipart(headers)?;
    let coding = Coding::of(headers)?;
    let arriving = tokio::time::timeout(ARRIVES_WITHIN, arrive(body, large_bodies));
    let arrived = arriving.await.map_err(|_| too_slow())??;
    coding.undo(arrived, large_bodies).await
}

/// Reads and discards the rest of the body of a request that is answered with this status, within limits.
pub(crate) async fn drain(body: &mut Body, status: StatusCode) {
    let draining = async {
        let mut drained = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            drained = drained.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if drained > DRAINED_BYTES {
                break;
            }
        }
    };
    // A client slower than that does not receive the response.
    drop(tokio::time::timeout(drained_within(status), draining).await);
}

fn drained_within(status: StatusCode) -> Duration {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => DRAINED_OF_STRANGERS_WITHIN,
        _ => DRAINED_WITHIN,
    }
}

/// A body that arrives in one piece, like most, is not copied.
async fn arrive(body: &mut Body, large_bodies: OfToken<'_>) -> Result<Arrived, ApiError> {
    if body.size_hint().lower() > u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let first = next_piece(body).await?.unwrap_or_default();
    if body.is_end_stream() {
        return Ok(Arrived {
            bytes: first,
            permit: None,
        });
    }
    let (mut bytes, mut permit) = (Vec::from(first), None);
    while let Some(piece) = next_piece(body).await? {
        let length = bytes.len() + piece.len();
        if length > MAX_BODY_BYTES {
            return Err(too_large());
        }
        if permit.is_none() && length > LargeBodies::LARGE_FROM {
            permit = Some(large_bodies.permit().await?);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Arrived {
        bytes: bytes.into(),
        permit,
    })
}

/// `None` at the end of the body.
async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, ApiError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| if is_stalled(&error) { stalled() } else { broken() })?;
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// Any other content type is accepted: GitLab itself posts JSON as a form.
fn refuse_multipart(headers: &HeaderMap) -> Result<(), ApiError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.as_bytes().get(..10));
    if content_type.is_none_or(|start| !start.eq_ignore_ascii_case(b"multipart/")) {
        return Ok(());
    }
    let message = "Multipart forms are not supported. Send JSON as the request body.";
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        message,
    ))
}

fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        "The request body did not arrive within 2 minutes.",
    )
}

/// 408 for a body that stalled.
pub(crate) fn stalled() -> ApiError {
    let message = "The request body stalled for 30 seconds.";
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", message)
}

fn broken() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "body_broken",
        "The request body is incomplete.",
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::{HeaderName, HeaderValue, header::CONTENT_ENCODING};
    use domain::ids::TokenId;

    use super::*;

    const TOKEN: TokenId = TokenId::new(1);

    async fn read(headers: &[(HeaderName, &'static str)], body: Vec<u8>) -> Result<Bytes, (StatusCode, &'static str)> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        let read = read_body(&headers, &mut Body::from(body), LargeBodies::default().of(TOKEN)).await;
        read.map(|arrived| arrived.bytes)
            .map_err(|error| (error.status(), error.code()))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[tokio::test]
    async fn deflate_is_undone_with_and_without_its_frame() {
        let deflate = [(CONTENT_ENCODING, "deflate")];
        for body in [&b"{}"[..], br#"{"event_type":"x","a":"aaaaaaaaaaaaaaaaaaaaaaaa"}"#] {
            for compressed in [zlib(body), raw_deflate(body)] {
                assert_eq!(
                    read(&deflate, compressed.clone()).await,
                    Ok(Bytes::copy_from_slice(body))
                );
                let cut = compressed.get(..compressed.len() - 2).unwrap().to_vec();
                let broken = Err((StatusCode::BAD_REQUEST, "body_broken"));
                assert_eq!(read(&deflate, cut).await, broken);
                assert_eq!(
                    read(&deflate, [compressed, b"{}".to_vec()].concat()).await,
                    broken,
                    "more follows"
                );
            }
        }
        let zeros = vec![0; MAX_BODY_BYTES + 1];
        let too_large = Err((StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
        assert_eq!(read(&deflate, zlib(&zeros)).await, too_large);
        assert_eq!(read(&deflate, raw_deflate(&zeros)).await, too_large);
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

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_drained_for_longer_if_its_sender_is_permitted() {
        let start = tokio::time::Instant::now();
        let stalled = || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        drain(&mut stalled(), StatusCode::UNAUTHORIZED).await;
        drain(&mut stalled(), StatusCode::FORBIDDEN).await;
        assert_eq!(start.elapsed().as_secs(), 2);
        drain(&mut stalled(), StatusCode::PAYLOAD_TOO_LARGE).await;
        assert_eq!(start.elapsed().as_secs(), 12);
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

    #[tokio::test]
    async fn a_body_in_many_pieces_is_put_together_and_a_large_one_takes_its_turn() {
        let pieces = |count: usize| Body::new(http_body_util::Full::new(Bytes::from(vec![b' '; count * 1024])));
        let large_bodies = LargeBodies::default();
        let small = read_body(&HeaderMap::new(), &mut pieces(1), large_bodies.of(TOKEN))
            .await
            .unwrap();
        assert!(small.permit.is_none() && small.bytes.len() == 1024);
        let chunks = (0..2_000).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1024])));
        let mut many = Body::from_stream(futures::stream::iter(chunks));
        let large = read_body(&HeaderMap::new(), &mut many, large_bodies.of(TOKEN))
            .await
            .unwrap();
        assert!(large.permit.is_some() && large.bytes.len() == 2_000 * 1024);
    }
}
