//! One request of a connection, whatever its protocol.

use std::convert::Infallible;

use api::web::{ClientCertificate, Peer};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, header::X_CONTENT_TYPE_OPTIONS},
    response::Response,
};
use hyper::body::Incoming;
use tokio::sync::watch;
use tower::Service;

use crate::serve::{
    deadlines::ClientDeadlines,
    timed_body::{AnsweringBody, Sending, TimedBody},
    tls::Tls,
};

/// 64 KiB, for what comes before the body of a request: method, path and headers.
pub(super) const HEAD_BYTES: u16 = u16::MAX;

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The other end of a connection.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) peer: Peer,
    /// Presented in the handshake, and verified.
    pub(super) certificate: Option<ClientCertificate>,
}

/// What each connection gets a copy of.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) router: Router,
    pub(super) tls: Option<Tls>,
    pub(super) deadlines: ClientDeadlines,
    /// Changes when the server stops.
    pub(super) stopped: watch::Receiver<()>,
    /// Changes, again and again, while another connection waits for a place.
    pub(super) crowded: watch::Receiver<()>,
    pub(super) _is_open: watch::Receiver<()>,
}

impl Shared {
    /// A copy for a connection that begins now: only later notices concern it.
    pub(super) fn for_connection(&mut self) -> Self {
        // A clone has seen what its original has seen.
        self.crowded.mark_unchanged();
        self.clone()
    }
}

/// `sending` began with the request.
pub(super) async fn answer(
    mut router: Router,
    client: Client,
    deadlines: ClientDeadlines,
    sending: Sending,
    request: hyper::Request<Incoming>,
) -> Result<Response<AnsweringBody>, Infallible> {
    let mut request: Request = request.map(|body| Body::new(TimedBody::new(body, deadlines)));
    request.extensions_mut().insert(client.peer);
    if let Some(certificate) = client.certificate {
        request.extensions_mut().insert(certificate);
    }
    let mut response = router.call(request).await?;
    // Whatever it is, a browser must not take it for something else.
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    Ok(response.map(|body| AnsweringBody::new(body, sending)))
}
