//! `Idempotency-Key`: identifies a repeated request whose response the client did not receive.

use axum::http::{HeaderMap, HeaderName, StatusCode};

use crate::error::ApiError;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_BYTES: usize = 255;

/// The key, if the request has one.
///
/// # Errors
/// 400 if it is not 1 to 255 printable ASCII characters.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim();
    // A header may also have tabs.
    let is_printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if key.is_empty() || key.len() > MAX_BYTES || !is_printable {
        let message = "Idempotency-Key: must be 1 to 255 printable ASCII characters, for example a UUID.";
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_idempotency_key",
            message,
        ));
    }
    Ok(Some(key.to_owned()))
}

/// For what has a name that can't be taken twice.
///
/// # Errors
/// 400 if there is a key: what was made under it shows a secret once, so it could not be answered again.
pub(crate) fn refuse_idempotency_key(headers: &HeaderMap) -> Result<(), ApiError> {
    if !headers.contains_key(HEADER) {
        return Ok(());
    }
    let message = "Idempotency-Key: not supported by this endpoint. Names are unique, so repeating the request cannot create a \
                   duplicate.";
    Err(ApiError::new(
        StatusCode::BAD_REQUEST,
        "invalid_idempotency_key",
        message,
    ))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(value: &[u8]) -> Result<Option<String>, StatusCode> {
        let value = HeaderValue::from_bytes(value).unwrap();
        let headers = HeaderMap::from_iter([(HEADER, value)]);
        idempotency_key(&headers).map_err(|error| error.status())
    }

    #[test]
    fn a_key_is_short_and_printable() {
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
        assert_eq!(key(b" a-1 "), Ok(Some("a-1".into())));
        assert_eq!(key(&[b'x'; 255]), Ok(Some("x".repeat(255))));
        for bad in [&b""[..], b"  ", b"\xff", b"a\tb", &[b'x'; 256]] {
            assert_eq!(key(bad), Err(StatusCode::BAD_REQUEST), "{bad:?}");
        }
    }
}
