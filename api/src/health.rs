//! Health checks for load balancers and supervisors: `/healthz` reports that the process responds, `/readyz` that all parts work.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use engine::{Liveness, PartState};
use serde::Serialize;

use crate::services::Services;

/// The routes of the health checks.
pub(crate) fn router() -> Router<Services> {
    Router::new()
        .route("/healthz", get("ok"))
        .route("/readyz", get(show_readiness))
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    log: Part,
    store: Part,
    delivery: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Running,
    Stopped,
    CannotStore,
    FilesMissing,
}

impl From<PartState> for Part {
    fn from(state: PartState) -> Self {
        match state {
            PartState::Running => Self::Running,
            PartState::Stopped => Self::Stopped,
            PartState::CannotStore => Self::CannotStore,
            PartState::FilesMissing => Self::FilesMissing,
        }
    }
}

async fn show_readiness(State(services): State<Services>) -> Response {
    answer(services.engine.liveness())
}

fn answer(liveness: Liveness) -> Response {
    let [log, store, delivery] = [liveness.log, liveness.store, liveness.delivery].map(Part::from);
    let ready = [log, store, delivery] == [Part::Running; 3];
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let readiness = Readiness {
        ready,
        log,
        store,
        delivery,
    };
    (status, Json(readiness)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_does_not_work_is_enough() {
        let working = Liveness {
            log: PartState::Running,
            store: PartState::Running,
            delivery: PartState::Running,
        };
        assert_eq!(answer(working).status(), 200);
        for state in [PartState::Stopped, PartState::CannotStore, PartState::FilesMissing] {
            for broken in [
                Liveness { log: state, ..working },
                Liveness {
                    store: state,
                    ..working
                },
                Liveness {
                    delivery: state,
                    ..working
                },
            ] {
                assert_eq!(answer(broken).status(), 503, "{broken:?}");
            }
        }
    }
}
