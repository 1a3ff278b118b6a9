//! One connection over HTTP/1.1.

use std::pin::pin;

use hyper::{server::conn::http1::Builder, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::requests::{Client, Shared, answer};
use crate::serve::timed_stream::Busy;

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
        _is_open,
    } = shared;
    let service = service_fn(move |request| {
        let answering = busy.begin();
        answer(router.clone(), client.clone(), deadlines, answering.into(), request)
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(deadlines.idle);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // Nothing is ever sent: this returns when the sender is dropped.
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    Ok(ended?)
}
