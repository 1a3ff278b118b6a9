//! What a rejected request has not been read of.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

use crate::body::drain;

/// Middleware: reads the rest of the body of a request that does not succeed. Otherwise, a client that is still sending could see a closed
/// connection instead of the response.
pub async fn drain_unread_body(request: Request, next: Next) -> Response {
    let (dropped, mut unread) = oneshot::channel();
    let request = request.map(|body| {
        Body::new(Returned {
            body,
            dropped: Some(dropped),
        })
    });
    let response = next.run(request).await;
    if !response.status().is_success()
        && let Ok(mut body) = unread.try_recv()
    {
        drain(&mut body, response.status()).await;
    }
    response
}

/// A body that comes back when it is dropped before its end.
struct Returned {
    body: Body,
    dropped: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Returned {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        if let Some(dropped) = self.dropped.take()
            && !self.body.is_end_stream()
        {
            // Nobody waits for it if the response was sent first.
            drop(dropped.send(std::mem::take(&mut self.body)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{Router, http::StatusCode, middleware::from_fn, routing::post};
    use tower::ServiceExt;

    use super::*;

    /// How many of four pieces have been read when this status has been answered by a handler that reads none.
    async fn read_of_four(status: StatusCode) -> usize {
        let read = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&read);
        let pieces = (0..4).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
        });
        let router = Router::new()
            .route("/", post(async move || status))
            .layer(from_fn(drain_unread_body));
        let request = Request::post("/").body(Body::from_stream(futures::stream::iter(pieces)));
        let response = router.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        read.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn the_body_of_a_rejected_request_is_read() {
        for status in [
            StatusCode::SEE_OTHER,
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::PAYLOAD_TOO_LARGE,
        ] {
            assert_eq!(read_of_four(status).await, 4, "{status}");
        }
        assert_eq!(read_of_four(StatusCode::OK).await, 0);
    }
}
