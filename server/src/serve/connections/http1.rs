//! One connection over HTTP/1.1.

use std::{future::pending, pin::pin};

use hyper::{server::conn::http1::Builder, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};

use super::requests::{Client, HEAD_BYTES, Shared, answer};
use crate::serve::{deadlines::IDLE_IN_A_CROWD, timed_stream::Busy};

/// Serves until one of the two closes the connection.
///
/// # Errors
/// Why the connection ended early.
pub(super) async fn serve<S>(stream: S, client: Client, busy: Busy, shared: Shared) -> Result<(), axum::BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Shared {
        router,
        tls: _,
        deadlines,
        mut stopped,
        mut crowded,
        _is_open,
    } = shared;
    let begun = busy.clone();
    let service = service_fn(move |request| {
        let answering = begun.begin();
        answer(router.clone(), client.clone(), deadlines, answering.into(), request)
    });
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(deadlines.idle)
        .max_header_size(HEAD_BYTES.into());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // When the connection ends if it is not used until then, and how many requests it has had.
    let mut unused = None;
    loop {
        tokio::select! {
            // The connection first: a request that has arrived counts, even if a timer is due as well.
            biased;
            ended = connection.as_mut() => return Ok(ended?),
            // Nothing is ever sent: this returns when the sender is dropped.
            _ = stopped.changed() => break,
            Ok(()) = crowded.changed(), if unused.is_none() => {
                unused = busy.unused_after().map(|requests| (Instant::now() + IDLE_IN_A_CROWD, requests));
            }
            () = at(unused.map(|(at, _)| at)) => {
                match (busy.unused_after(), unused.take()) {
                    // At most a part of the first head has arrived. hyper would wait for the rest.
                    (Some(0), Some(_)) => return Ok(()),
                    (Some(requests), Some((_, before))) if requests == before => break,
                    _ => {}
                }
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    Ok(connection.await?)
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
