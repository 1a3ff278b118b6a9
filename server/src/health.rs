//! For load balancers and supervisors: `/healthz` says that the process answers, `/readyz` that it can do its work.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use engine::Liveness;
use serde::Serialize;

use crate::services::Services;

pub(crate) fn router() -> Router<Services> {
    Router::new()
        .route("/healthz", get("ok"))
        .route("/readyz", get(show_readiness))
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    log: Part,
    delivery: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Running,
    Stopped,
}

async fn show_readiness(State(services): State<Services>) -> Response {
    answer(services.engine.liveness())
}

fn answer(liveness: Liveness) -> Response {
    let part = |runs| if runs { Part::Running } else { Part::Stopped };
    let ready = liveness.log && liveness.delivery;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(Readiness {
            ready,
            log: part(liveness.log),
            delivery: part(liveness.delivery),
        }),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_stopped_is_enough() {
        for (log, delivery, expected) in [(true, true, 200), (false, true, 503), (true, false, 503)] {
            assert_eq!(answer(Liveness { log, delivery }).status(), expected);
        }
    }
}
