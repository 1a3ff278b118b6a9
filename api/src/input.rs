//! Extractors for path, query and body, which report the invalid field.
//!
//! Unknown fields and parameters are rejected by name, because a misspelt one would otherwise be ignored silently. As with ingest,
//! the content type is ignored.

mod members;

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, Uri, request::Parts},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use self::members::Object;
pub(crate) use self::members::given;
use crate::{
    body::{drain, stalled},
    error::{ApiError, RefusedField},
    web::is_stalled,
};

/// Maximum size of a body in bytes.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// Deadline for a complete body.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// Parameters of the path. An invalid one is answered with 404.
pub(crate) struct InPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = <Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path)).map_err(|_| not_found())
    }
}

/// Parameters of the query.
pub(crate) struct InQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parse_query(&parts.uri).map(Self)
    }
}

/// The JSON body.
pub(crate) struct InBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for InBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        parse_body(&read(request.into_body()).await?).map(Self)
    }
}

/// An optional JSON body.
pub(crate) struct InOptionalBody<T>(pub(super) Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for InOptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let bytes = read(request.into_body()).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        parse_body(&bytes).map(|parsed| Self(Some(parsed)))
    }
}

/// The JSON body, and its bytes.
pub(crate) struct InBodyWithBytes<T>(pub(super) T, pub(super) Bytes);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for InBodyWithBytes<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let bytes = read(request.into_body()).await?;
        let parsed = parse_body(&bytes)?;
        Ok(Self(parsed, bytes))
    }
}

/// 404 for a resource that does not exist.
pub(crate) fn not_found() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "The requested resource does not exist.",
    )
}

fn parse_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    parse_encoded(uri.query().unwrap_or_default())
}

/// Reads a part of the query.
///
/// # Errors
/// 422 at the first parameter that is not right.
pub(crate) fn parse_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, ApiError> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    parse_encoded(&query.extend_pairs(pairs).finish())
}

fn parse_encoded<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let query = url::form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(query)).map_err(|error| {
        let field = field_of(error.path(), &error.inner().to_string());
        refuse_field(field, &error.inner().to_string())
    })
}

/// Reads the complete body. Data beyond the limit is read and discarded: otherwise, a client that is still sending would see a
/// closed connection instead of the response.
///
/// # Errors
/// 400, 408 or 413.
pub(crate) async fn read(mut body: Body) -> Result<Bytes, ApiError> {
    let arriving = tokio::time::timeout(ARRIVES_WITHIN, Limited::new(&mut body, MAX_BYTES).collect());
    let arrived = arriving.await.map_err(|_| {
        let message = "The request body did not arrive within 30 seconds.";
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", message)
    })?;
    match arrived {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            drain(&mut body, StatusCode::PAYLOAD_TOO_LARGE).await;
            let message = "The request body is larger than 256 KiB.";
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message))
        }
        Err(error) if is_stalled(&*error) => Err(stalled()),
        Err(_) => {
            let message = "The request body is incomplete.";
            Err(ApiError::new(StatusCode::BAD_REQUEST, "body_broken", message))
        }
    }
}

fn parse_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed: Result<Object<T>, _> = serde_path_to_error::deserialize(&mut json);
    let parsed = parsed.map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            refuse_field(field_of(error.path(), &inner.to_string()), &inner.to_string())
        } else {
            not_json(inner)
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(parsed.0)
}

fn not_json(error: &serde_json::Error) -> ApiError {
    let message = format!("The request body is not valid JSON: {error}.");
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", message)
}

/// The path of the invalid field. The name of an unknown field is only in the message, and is appended to the path.
fn field_of(path: &serde_path_to_error::Path, message: &str) -> String {
    let path = match path.to_string().as_str() {
        "." => String::new(),
        path => path.to_owned(),
    };
    let unknown = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("missing field `"))
        .or_else(|| message.strip_prefix("duplicate field `"));
    match unknown.and_then(|rest| rest.split_once('`')) {
        Some((name, _)) if path.is_empty() => name.to_owned(),
        Some((name, _)) if path != name && !path.ends_with(&format!(".{name}")) => format!("{path}.{name}"),
        _ => path,
    }
}

fn refuse_field(field: String, message: &str) -> ApiError {
    let message = match message.rsplit_once(" at line ") {
        Some((message, _)) => message,
        None => message,
    };
    let mut sentence = format!("{field}: {message}");
    if field.is_empty() {
        sentence = message.to_owned();
    }
    ApiError::invalid(vec![RefusedField {
        field,
        message: sentence,
    }])
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default, deserialize_with = "given")]
        name: Option<String>,
        #[serde(default, deserialize_with = "given")]
        days: Option<Option<u32>>,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        inners: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        list: Vec<u32>,
    }

    fn refused(body: &str) -> (u16, String) {
        let error = parse_body::<Outer>(body.as_bytes()).unwrap_err();
        let field = error.fields().first().map(|field| field.field.clone());
        (error.status().as_u16(), field.unwrap_or_default())
    }

    #[test]
    fn what_is_wrong_is_told_where_it_stands() {
        for (body, status, field) in [
            ("", 400, ""),
            ("{", 400, ""),
            ("{} x", 400, ""),
            ("[]", 422, ""),
            (r#"["x", null]"#, 422, ""),
            (r#"{"inners":[{"list":[]},{"lits":[]}]}"#, 422, "inners[1].lits"),
            (r#"{"nmae":1}"#, 422, "nmae"),
            (r#"{"name":1}"#, 422, "name"),
            (r#"{"name":null}"#, 422, "name"),
            (r#"{"inner":{"lits":[]}}"#, 422, "inner.lits"),
            (r#"{"inner":{}}"#, 422, "inner.list"),
            (r#"{"inner":{"list":[1,2,"x"]}}"#, 422, "inner.list[2]"),
        ] {
            assert_eq!(refused(body), (status, field.to_owned()), "{body}");
        }
    }

    #[test]
    fn what_is_right_is_read() {
        let outer: Outer = parse_body(br#" {"name":"x","inner":{"list":[1]}} "#).unwrap();
        assert_eq!(outer.name.as_deref(), Some("x"));
        assert_eq!(outer.inner.map(|inner| inner.list), Some(vec![1]));
        assert!(outer.inners.is_empty());
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let days = |body: &str| parse_body::<Outer>(body.as_bytes()).unwrap().days;
        assert_eq!(days("{}"), None);
        assert_eq!(days(r#"{"days":null}"#), Some(None));
        assert_eq!(days(r#"{"days":7}"#), Some(Some(7)));
    }

    #[test]
    fn parameters_are_told_by_name() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Query {
            per_page: Option<u32>,
        }
        let parse = |uri: &'static str| parse_query::<Query>(&Uri::from_static(uri));
        assert_eq!(parse("/?per_page=7").unwrap().per_page, Some(7));
        for (uri, field) in [
            ("/?per_page=x", "per_page"),
            ("/?page=1", "page"),
            ("/?per_page=1&per_page=2", "per_page"),
        ] {
            let error = parse(uri).unwrap_err();
            assert_eq!(error.fields()[0].field, field, "{uri}: {error:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let endless = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read(endless).await.unwrap_err().status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn what_is_beyond_the_limit_is_read_on_before_the_answer() {
        let ended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let pieces = futures::stream::iter(vec![Bytes::from(vec![b' '; MAX_BYTES]); 4]);
        let end = std::sync::Arc::clone(&ended);
        let pieces = futures::StreamExt::chain(
            pieces,
            futures::stream::once(async move {
                end.store(true, std::sync::atomic::Ordering::SeqCst);
                Bytes::new()
            }),
        );
        let body = Body::from_stream(futures::StreamExt::map(pieces, Ok::<_, std::io::Error>));
        assert_eq!(read(body).await.unwrap_err().status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(ended.load(std::sync::atomic::Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_body_ends_at_its_limit() {
        assert_eq!(read(Body::from(vec![b' '; MAX_BYTES])).await.unwrap().len(), MAX_BYTES);
        let error = read(Body::from(vec![b' '; MAX_BYTES + 1])).await.unwrap_err();
        assert_eq!(error.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
