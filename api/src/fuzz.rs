//! What only the fuzz targets call, under the feature `fuzzing`: how requests are read, and how events are exported.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::LazyLock,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode},
};
use domain::ids::TokenId;
use tokio::runtime::{Builder, Runtime};

use crate::{
    body,
    idempotency::idempotency_key,
    limits::LargeBodies,
    web::{Peer, TrustedProxies},
};
pub use crate::{
    export::fuzz::{CSV_HEADER, csv_line},
    graphql::fuzz::{Weighed, admit_query, read_graphql, weigh_query},
    v1::audit_events::fuzz::{read_cursor, read_event_query},
    v4::fuzz::{read_gitlab_moment, read_gitlab_query},
};

/// The most bytes of a body, as sent and after decompression.
pub const MAX_BODY_BYTES: usize = crate::arrived::MAX_BODY_BYTES;

static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| Builder::new_current_thread().enable_time().build());
static LARGE_BODIES: LazyLock<LargeBodies> = LazyLock::new(LargeBodies::default);

/// The body of a request to ingest, decompressed, or the status of the response.
///
/// # Errors
/// If there is no runtime to read it on.
pub fn read_ingest_body(headers: &HeaderMap, bytes: Bytes) -> Result<Result<Bytes, StatusCode>, &'static io::Error> {
    let runtime = RUNTIME.as_ref()?;
    let mut sent = Body::from(bytes);
    let read = runtime.block_on(body::read_body(headers, &mut sent, LARGE_BODIES.of(TokenId::new(1))));
    Ok(read.map(|arrived| arrived.bytes).map_err(|error| error.status()))
}

/// The `Idempotency-Key` of a request, or the status of the response.
///
/// # Errors
/// The status if the key is invalid.
pub fn read_idempotency_key(headers: &HeaderMap) -> Result<Option<String>, StatusCode> {
    idempotency_key(headers).map_err(|error| error.status())
}

/// The address of the client, and the one that is known to be its own.
pub fn client_addresses(proxies: &TrustedProxies, peer: SocketAddr, headers: &HeaderMap) -> (IpAddr, Option<IpAddr>) {
    let peer = Peer(peer);
    let known = proxies.known_client_address(peer, headers);
    (proxies.client_address(peer, headers), known)
}
