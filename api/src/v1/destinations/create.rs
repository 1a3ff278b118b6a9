//! Adds a destination, once for each idempotency key.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::LOCATION},
    response::Response,
};
use domain::view::DestinationView;
use engine::{Addition, DestinationState, admin::IdempotencyKey};
use sha2::{Digest, Sha256};

use super::{
    super::fields::{failed_of, refuse_of},
    answer::answer,
    by_kind::ByKind,
    input::NewDestinationInput,
};
use crate::{auth::Caller, error::ApiError, idempotency::idempotency_key, input::InBodyWithBytes, services::Services};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Add a destination
///
/// By default, the stream starts with the next event that is received. With an `Idempotency-Key`, a repeated request within a day
/// adds nothing, and returns the destination that was added.
#[utoipa::path(post, path = "/api/v1/destinations", tag = "Destinations", request_body = NewDestinationInput,
    params(("Idempotency-Key" = Option<String>, Header, description = "Unique key of the request: 1 to 255 printable ASCII characters",
        example = "9f1c1c2e-6c1d-4f0e-8a55-0b6f7d3c9b21")),
    responses(
        (status = 201, description = "The destination is added, or was added with the same key before", body = DestinationView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "URL of the destination"),
            ("Idempotency-Replayed" = String, description = "`true` if the destination was added before"),
        )),
        (status = 410, description = "The destination that was added with this key has been deleted"),
        (status = 422, description = "A field is invalid or already taken, the limit of destinations is reached, or the key was \
            used for a different request"),
    ),
)]
pub(super) async fn create_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBodyWithBytes(input, bytes): InBodyWithBytes<ByKind<NewDestinationInput>>,
) -> Result<Response, ApiError> {
    let key = idempotency_key(&headers)?;
    let (draft, stream_state) = input.into_draft()?;
    let kind = draft.kind();
    let mut new = draft.parse_new().map_err(|errors| refuse_of(kind, &errors))?;
    new.stream_state = Some(stream_state);
    let Some(key) = key else {
        let added = services.engine.create_destination(&caller.author, new).await;
        return Ok(created(added.map_err(|error| failed_of(kind, error))?, &caller));
    };
    let key = IdempotencyKey {
        owner: caller.owner.to_string(),
        key,
        fingerprint: Sha256::digest(&bytes).into(),
    };
    let added = services.engine.create_destination_once(&caller.author, new, &key).await;
    match added.map_err(|error| failed_of(kind, error))? {
        Addition::Added(state) => Ok(created(state, &caller)),
        Addition::Repeated(Some(state)) => {
            let mut response = created(state, &caller);
            response
                .headers_mut()
                .insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
        Addition::Repeated(None) => Err(gone()),
    }
}

fn created(state: DestinationState, caller: &Caller) -> Response {
    let location = format!("/api/v1/destinations/{}", state.destination.id);
    let mut response = answer(StatusCode::CREATED, &state, caller);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn gone() -> ApiError {
    let message = "Idempotency-Key: the destination that was added with this key has been deleted.";
    ApiError::new(StatusCode::GONE, "gone", message)
}
