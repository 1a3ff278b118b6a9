//! One connection over HTTP/2.

use std::{pin::pin, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{
        HeaderValue, Uri,
        header::{COOKIE, HOST},
    },
};
use hyper::{body::Incoming, server::conn::http2::Builder, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};

use super::requests::{Client, HEAD_BYTES, Shared, answer};
use crate::serve::{
    deadlines::{IDLE_IN_A_CROWD, PROGRESS_BYTES},
    streams::{Finding, Streams},
};

/// Requests that a connection can have at the same time.
const MOST_STREAMS: u32 = 100;

/// Streams that the client has reset before the server has begun with them, at the same time, and streams that were refused or reset
/// for errors of the client, over the whole connection. With more of either, the connection ends (CVE-2023-44487).
const MOST_RESETS: usize = 20;
const MOST_ERRORS: usize = 1_024;

/// What is kept of a response that the client has not made room for on the connection.
const SEND_BUFFER_BYTES: usize = 4 * PROGRESS_BYTES;

/// Without a frame of the client for so long, it is asked whether it is still there.
const PING_AFTER: Duration = Duration::from_secs(30);

/// In which it has to answer that.
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// From the notice that the connection ends to its end, unless requests are in progress.
const CLOSING: Duration = Duration::from_secs(2);

/// Serves until the client closes the connection, is too slow, or does nothing for too long.
///
/// # Errors
/// Why the connection ended early.
pub(super) async fn serve<S>(stream: S, client: Client, shared: Shared) -> Result<(), axum::BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Shared {
        router,
        deadlines,
        mut stopped,
        mut crowded,
        tls: _,
        _is_open,
    } = shared;
    let streams = Streams::new();
    let begin = streams.clone();
    let service = service_fn(move |request| {
        let stream = begin.begin();
        let router: Router = router.clone();
        answer(router, client.clone(), deadlines, stream.into(), like_http_1(request))
    });
    let mut connection = pin!(builder().serve_connection(TokioIo::new(stream), service));
    let mut idle = deadlines.idle;
    // When it ends even if the client does not respond to the notice.
    let mut closes_at = None;
    loop {
        let check_at = match streams.check(deadlines.response_piece, idle) {
            Finding::InTime(at) => at,
            Finding::Stalled => return Err("the client does not take a response".into()),
            Finding::Idle => match closes_at {
                Some(at) if at <= Instant::now() => return Ok(()),
                Some(at) => at,
                None => {
                    (closes_at, idle) = (Some(Instant::now() + CLOSING), Duration::ZERO);
                    connection.as_mut().graceful_shutdown();
                    continue;
                }
            },
        };
        tokio::select! {
            // The connection first: a request that has arrived counts, even if a timer is due as well.
            biased;
            ended = connection.as_mut() => return ended.map_err(Into::into),
            // Nothing is ever sent: this returns when the sender is dropped.
            _ = stopped.changed(), if closes_at.is_none() => {
                (closes_at, idle) = (Some(Instant::now() + CLOSING), Duration::ZERO);
                connection.as_mut().graceful_shutdown();
            }
            // There is another notice as long as others wait, so a connection that is not idle for long enough yet is not asked again.
            Ok(()) = crowded.changed(), if closes_at.is_none() => {
                if streams.check(deadlines.response_piece, IDLE_IN_A_CROWD) == Finding::Idle {
                    (closes_at, idle) = (Some(Instant::now() + CLOSING), Duration::ZERO);
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = sleep_until(check_at) => {}
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(HEAD_BYTES.into())
        .max_pending_accept_reset_streams(MOST_RESETS)
        .max_local_error_reset_streams(MOST_ERRORS)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PONG_WITHIN);
    builder
}

/// The request as it would have come over HTTP/1.1: the host in its header, and the cookies in one (RFC 9113 §8.3.1 and §8.2.3).
fn like_http_1(mut request: hyper::Request<Incoming>) -> Request<Incoming> {
    if let Some(host) = request.uri().authority() {
        // An authority has no characters that a header can't have.
        if let Ok(host) = HeaderValue::from_str(host.as_str()) {
            request.headers_mut().insert(HOST, host);
        }
    }
    if let Some(path) = request.uri().path_and_query() {
        *request.uri_mut() = Uri::from(path.clone());
    }
    let cookies: Vec<&[u8]> = request
        .headers()
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        request.headers_mut().insert(COOKIE, joined);
    }
    request
}
