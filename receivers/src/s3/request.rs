//! The record of a request.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::chunked;
use crate::{fault::Fault, percent};

/// One request to the S3 server, whatever its result.
#[derive(Clone, Debug)]
pub struct SeenRequest {
    /// Method of the request.
    pub method: Method,
    /// As it was sent: percent-encoded.
    pub path: String,
    /// The query without the question mark. `None` if there was none.
    pub query: Option<String>,
    /// Headers of the request.
    pub headers: HeaderMap,
    /// The request was to put an object.
    pub put: Option<Put>,
    /// The fault that the request was given.
    pub fault: Option<Fault>,
    /// The status with which S3 itself answered. `None` before that, and if the fault prevented it.
    pub served: Option<StatusCode>,
}

/// An object on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// Name of the bucket.
    pub bucket: String,
    /// Key of the object.
    pub key: String,
    /// The object itself, out of the chunks in which it may have been sent.
    pub body: Bytes,
    /// Of the body, in hexadecimal.
    pub sha256: String,
}

/// The uploads of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPuts {
    /// How often the object was put.
    pub times: usize,
    /// SHA-256 of each distinct body, in hexadecimal.
    pub bodies: BTreeSet<String>,
}

impl KeyPuts {
    pub(super) fn add(&mut self, put: &Put) {
        self.times += 1;
        self.bodies.insert(put.sha256.clone());
    }
}

impl SeenRequest {
    pub(super) fn of(request: &Request<Bytes>, fault: Option<Fault>) -> Self {
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            headers: request.headers().clone(),
            put: put_in(request),
            fault,
            served: None,
        }
    }

    /// The header's value, if there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn to_json(&self) -> Value {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), Value::from(text(value))));
        json!({
            "method": self.method.as_str(),
            "path": self.path,
            "query": self.query,
            "headers": Value::Object(headers.collect()),
            "put": self.put.as_ref().map(|put| json!({
                "bucket": put.bucket, "key": put.key, "bytes": put.body.len(), "sha256": put.sha256,
            })),
            "fault": self.fault.as_ref().map(|fault| format!("{fault:?}")),
            "served": self.served.map(|status| status.as_u16()),
        })
    }
}

/// PutObject, and neither a part of an upload nor a setting of the object.
fn put_in(request: &Request<Bytes>) -> Option<Put> {
    let is_other_operation = request.uri().query().is_some_and(|query| {
        query
            .split('&')
            .any(|pair| pair != "x-id=PutObject" && !pair.is_empty())
    });
    if request.method() != Method::PUT || is_other_operation {
        return None;
    }
    let (bucket, key) = request.uri().path().strip_prefix('/')?.split_once('/')?;
    let body = chunked::content(request.headers(), request.body());
    let key = percent::decode(key).filter(|key| !key.is_empty())?;
    Some(Put {
        bucket: bucket.to_owned(),
        key,
        sha256: format!("{:x}", Sha256::digest(&body)),
        body,
    })
}
