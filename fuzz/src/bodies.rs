//! Compressed bodies of requests to ingest.

use std::io::{self, Write as _};

use api::fuzz::{MAX_BODY_BYTES, read_ingest_body};
use bytes::Bytes;
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_ENCODING};

/// The first byte selects how the rest is compressed, or is to be compressed. What was compressed here is read back; anything else
/// is rejected or stays within the limit.
pub fn run(input: &[u8]) {
    let Some((selected, rest)) = input.split_first() else {
        return;
    };
    let codings = ["identity", "gzip", "deflate", "zstd"];
    for (coding, letter) in codings.into_iter().zip(b'a'..) {
        if *selected == letter {
            check_read(&read(coding, rest.to_vec()));
        }
    }
    let compressed = match selected {
        b'G' => gzip(rest).map(|body| ("gzip", body)),
        b'Z' => zlib(rest).map(|body| ("deflate", body)),
        b'D' => deflate(rest).map(|body| ("deflate", body)),
        b'S' => zstd::encode_all(rest, 0).map(|body| ("zstd", body)),
        _ => return,
    };
    match compressed {
        Ok((coding, body)) => assert_eq!(read(coding, body), Ok(Bytes::copy_from_slice(rest))),
        Err(error) => panic!("{error}"),
    }
}

fn read(coding: &'static str, body: Vec<u8>) -> Result<Bytes, StatusCode> {
    let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(coding))]);
    match read_ingest_body(&headers, body.into()) {
        Ok(read) => read,
        Err(error) => panic!("no runtime: {error}"),
    }
}

fn check_read(read: &Result<Bytes, StatusCode>) {
    match read {
        Ok(body) => assert!(body.len() <= MAX_BODY_BYTES),
        Err(status) => assert!(matches!(status.as_u16(), 400 | 413), "{status}"),
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

fn zlib(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

fn deflate(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body)?;
    encoder.finish()
}
