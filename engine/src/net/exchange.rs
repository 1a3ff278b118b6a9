//! Requests and responses of the guarded client.

use std::{fmt, future::poll_fn, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri, Version,
    header::{ACCEPT, CONTENT_LENGTH, HOST},
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use super::{
    outgoing::Outgoing,
    pool::{Connection, Pool},
    send_error::{Late, SendError},
    trace::Recording,
};

/// A request that can be sent more than once.
pub(super) struct Request {
    method: Method,
    url: Url,
    authority: Authority,
    path: PathAndQuery,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// Adds the headers that a client adds by itself.
    ///
    /// # Errors
    /// [`SendError::Malformed`] if the URL cannot be that of a request.
    pub(super) fn new(method: Method, url: Url, mut headers: HeaderMap, body: Bytes) -> Result<Self, SendError> {
        let authority = Authority::try_from(authority(&url)).map_err(malformed)?;
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let path = PathAndQuery::try_from(path).map_err(malformed)?;
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(body.len()));
        if !headers.contains_key(HOST) {
            let host = HeaderValue::from_str(authority.as_str()).map_err(malformed)?;
            headers.insert(HOST, host);
        }
        Ok(Self {
            method,
            url,
            authority,
            path,
            headers,
            body,
        })
    }

    /// Sends exactly this path, where the URL has been normalised.
    pub(super) fn with_path(self, path: PathAndQuery) -> Self {
        Self { path, ..self }
    }

    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    pub(super) const fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn record(&self, recorder: &super::Trace) -> Recording {
        recorder.record(&self.method, &self.url, &self.headers, self.body.clone())
    }

    /// The request as it goes over one connection.
    pub(super) fn message(&self, is_http1: bool, recording: &Recording) -> Result<http::Request<Outgoing>, SendError> {
        let mut message = http::Request::new(Outgoing {
            body: Some(self.body.clone()).filter(|body| !body.is_empty()),
            recording: recording.clone(),
        });
        *message.method_mut() = self.method.clone();
        *message.headers_mut() = self.headers.clone();
        if is_http1 {
            *message.uri_mut() = Uri::from(self.path.clone());
        } else {
            *message.uri_mut() = self.absolute_uri()?;
            *message.version_mut() = Version::HTTP_2;
            // The URI carries it.
            message.headers_mut().remove(HOST);
        }
        Ok(message)
    }

    fn absolute_uri(&self) -> Result<Uri, SendError> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::try_from(self.url.scheme()).map_err(malformed)?);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(self.path.clone());
        Uri::from_parts(parts).map_err(malformed)
    }
}

fn malformed(error: impl Into<http::Error>) -> SendError {
    SendError::Malformed(error.into())
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A response whose body has not been read yet.
pub(crate) struct Response {
    head: http::response::Parts,
    body: Incoming,
    /// Until the body is complete.
    connection: Option<(Connection, Option<Pool>)>,
    deadline: Instant,
    recording: Recording,
    sent_at: Instant,
    head_at: Instant,
    bytes: usize,
}

/// A response broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the response ended early")]
    Broken(#[source] hyper::Error),
    #[error("the response took too long")]
    Late(#[source] Late),
}

impl Response {
    pub(super) fn new(
        response: http::Response<Incoming>,
        connection: (Connection, Option<Pool>),
        (sent_at, deadline): (Instant, Instant),
        recording: Recording,
    ) -> Self {
        recording.sent();
        recording.head(response.status());
        let (head, body) = response.into_parts();
        let mut response = Self {
            head,
            body,
            connection: Some(connection),
            deadline,
            recording,
            sent_at,
            head_at: Instant::now(),
            bytes: 0,
        };
        if response.body.is_end_stream() {
            response.free_connection();
        }
        response
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.head.status
    }

    /// From sending the request over an open connection to the head of the response.
    pub(crate) fn latency(&self) -> Duration {
        self.head_at - self.sent_at
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The next part of the body; `None` at its end.
    ///
    /// # Errors
    /// [`BodyError`] if the connection ends before the body does, or the deadline of the request passes.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let next = poll_fn(|context| Pin::new(&mut self.body).poll_frame(context));
            let Ok(next) = timeout_at(self.deadline, next).await else {
                self.recording.failed("The response did not end in time.");
                if let Some((connection, Some(pool))) = self.connection.take() {
                    pool.retire(&connection);
                }
                return Err(BodyError::Late(Late));
            };
            let frame = match next {
                None => {
                    self.free_connection();
                    return Ok(None);
                }
                Some(Err(error)) => {
                    self.recording.failed(format!("The response ended early: {error}."));
                    return Err(BodyError::Broken(error));
                }
                Some(Ok(frame)) => frame,
            };
            if self.body.is_end_stream() {
                self.free_connection();
            }
            // Trailers are passed over.
            if let Ok(data) = frame.into_data() {
                self.bytes += data.len();
                self.recording.chunk(&data);
                return Ok(Some(data));
            }
        }
    }

    /// The next request may use the connection.
    fn free_connection(&mut self) {
        if let Some((connection, Some(pool))) = self.connection.take() {
            pool.give_back(connection);
        }
    }
}

/// Nothing of what the server sent.
impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Response({})", self.head.status)
    }
}

/// Read to its end, or as far as it was of interest.
impl Drop for Response {
    fn drop(&mut self) {
        if self.recording.is_on() {
            self.recording.done(body_detail(self.bytes, self.head_at.elapsed()));
        }
    }
}

/// The size of a body, and how long reading it took where that is noticeable.
fn body_detail(bytes: usize, reading: Duration) -> String {
    match reading.as_millis() {
        0 => format!("{bytes} bytes in the body."),
        took => format!("{bytes} bytes in the body, read in {took} ms."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_rounds_to_nothing_is_left_out() {
        assert_eq!(body_detail(2, Duration::from_micros(999)), "2 bytes in the body.");
        assert_eq!(
            body_detail(2, Duration::from_micros(1_000)),
            "2 bytes in the body, read in 1 ms."
        );
    }
}
