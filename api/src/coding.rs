//! Decompresses request bodies.

use std::io::{self, BufRead, Read};

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING},
    },
};

use crate::{
    arrived::{Arrived, MAX_BODY_BYTES, too_large},
    error::ApiError,
    limits::{LargeBodies, OfToken},
};

/// Maximum window of a zstd frame over HTTP (RFC 9659), as a power of two.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    /// In the zlib format, as HTTP specifies, or as raw deflate, which some clients send.
    Deflate,
    Zstd,
}

impl Coding {
    /// # Errors
    /// 415 for any other.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(coding) = headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        match coding.as_bytes().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Ok(Self::Identity),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"deflate" => Ok(Self::Deflate),
            b"zstd" => Ok(Self::Zstd),
            _ => Err(unknown()),
        }
    }

    /// Decompresses a body. If it turns out to be large, it is decompressed again after it has a permit, so a bomb costs no more
    /// than a large body.
    ///
    /// # Errors
    /// 400, 413 or 503.
    pub(crate) async fn undo(self, arrived: Arrived, large_bodies: OfToken<'_>) -> Result<Arrived, ApiError> {
        if self == Self::Identity {
            return Ok(arrived);
        }
        let Arrived { bytes, mut permit } = arrived;
        let mut inflated = self.inflate(bytes.clone(), LargeBodies::LARGE_FROM).await?;
        if inflated.len() > LargeBodies::LARGE_FROM {
            drop(inflated);
            permit = Some(match permit {
                Some(permit) => permit,
                None => large_bodies.permit().await?,
            });
            inflated = self.inflate(bytes, MAX_BODY_BYTES).await?;
        }
        if inflated.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        Ok(Arrived {
            bytes: inflated.into(),
            permit,
        })
    }

    /// Decompresses at most one byte more than the limit, on a blocking thread.
    async fn inflate(self, bytes: Bytes, limit: usize) -> Result<Vec<u8>, ApiError> {
        let work = tokio::task::spawn_blocking(move || self.inflate_here(&bytes, limit));
        let inflated = work
            .await
            .map_err(|error| ApiError::internal("A request body could not be decompressed.", &error))?;
        inflated.map_err(|_| self.malformed())
    }

    fn inflate_here(self, bytes: &[u8], limit: usize) -> io::Result<Vec<u8>> {
        let at_most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut inflated = Vec::new();
        match self {
            Self::Identity => bytes.take(at_most).read_to_end(&mut inflated)?,
            Self::Gzip => flate2::read::MultiGzDecoder::new(bytes)
                .take(at_most)
                .read_to_end(&mut inflated)?,
            Self::Deflate if has_zlib_header(bytes) => {
                let mut decoder = flate2::bufread::ZlibDecoder::new(bytes);
                Read::by_ref(&mut decoder).take(at_most).read_to_end(&mut inflated)?;
                expect_end(decoder.into_inner(), inflated.len() > limit)?
            }
            Self::Deflate => {
                let mut decoder = flate2::bufread::DeflateDecoder::new(bytes);
                Read::by_ref(&mut decoder).take(at_most).read_to_end(&mut inflated)?;
                expect_end(decoder.into_inner(), inflated.len() > limit)?
            }
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                decoder.take(at_most).read_to_end(&mut inflated)?
            }
        };
        Ok(inflated)
    }

    fn malformed(self) -> ApiError {
        let message = match self {
            Self::Zstd => "The request body is not valid zstd, or its window is larger than 8 MiB.",
            Self::Deflate => "The request body is not valid deflate (RFC 1950 or RFC 1951).",
            Self::Identity | Self::Gzip => "The request body is not valid gzip.",
        };
        ApiError::new(StatusCode::BAD_REQUEST, "body_broken", message)
    }
}

/// RFC 1950, 2.2: the method is deflate, and the two bytes are a multiple of 31.
fn has_zlib_header(bytes: &[u8]) -> bool {
    let [method, flags, ..] = bytes else { return false };
    method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
}

/// Data after the compressed bytes would be lost, so it is an error.
fn expect_end(mut rest: &[u8], is_cut: bool) -> io::Result<usize> {
    if is_cut || rest.fill_buf()?.is_empty() {
        return Ok(0);
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn unknown() -> ApiError {
    let message = "Content-Encoding: must be gzip, deflate or zstd.";
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message)
        .with_header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, zstd"))
}
