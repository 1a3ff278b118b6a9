//! What happened to an event at each destination, and sending it again.

use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::{
    ids::{DestinationId, Seq},
    view::DeliveryView,
};

use super::super::answer::Listed;
use crate::{auth::Caller, error::ApiError, input::InPath, services::Services};

/// List the deliveries of an audit event
///
/// Reports for each destination what happened to the event. It is derived from the stored progress of the streams, so a
/// successful delivery is shown up to a second later, and deliveries by replays are reported separately (`replayed_at`).
#[utoipa::path(get, path = "/api/v1/audit_events/{seq}/deliveries", tag = "Audit events",
    params(("seq" = i64, Path, description = "Position in the log", minimum = 1)),
    responses(
        (status = 200, description = "One item per destination", body = Listed<DeliveryView>),
        (status = 404, description = "There is no event at this position, or it was removed"),
    ),
)]
pub(in crate::v1) async fn list_deliveries(
    State(services): State<Services>,
    InPath(seq): InPath<i64>,
) -> Result<Json<Listed<DeliveryView>>, ApiError> {
    let items = services.engine.list_deliveries(Seq::new(seq)).await?;
    Ok(Json(Listed { items }))
}

/// Send an audit event again
///
/// Sends the event to one destination once more, like an event that was rejected: if it is rejected, it is retried and then parked.
/// An event that is retried or parked is sent immediately.
#[utoipa::path(post, path = "/api/v1/audit_events/{seq}/deliveries/{destination_id}/send", tag = "Audit events",
    params(
        ("seq" = i64, Path, description = "Position in the log", minimum = 1),
        ("destination_id" = i64, Path, description = "Id of the destination", minimum = 1),
    ),
    responses(
        (status = 204, description = "The event is being sent"),
        (status = 404, description = "The event or the destination does not exist"),
        (status = 409, description = "The event is still waiting to be sent, the destination is inactive, or its filters do not \
            admit the event"),
    ),
)]
pub(in crate::v1) async fn send_again(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath((seq, id)): InPath<(i64, i64)>,
) -> Result<StatusCode, ApiError> {
    let (seq, id) = (Seq::new(seq), DestinationId::new(id));
    services.engine.send_again(&caller.author, id, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
