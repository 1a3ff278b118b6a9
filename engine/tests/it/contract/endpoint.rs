//! An HTTP endpoint.

use crate::sink::SinkServices;
use domain::destination::{DestinationDraft, HeaderDraft};
use receivers::{Fault, Receiver, Request};

use super::{Counterpart, Ill};

const SECRET: &str = "Bearer not-to-be-found-anywhere";

pub(super) struct Endpoint(Receiver);

impl Counterpart for Endpoint {
    async fn start() -> Self {
        Self(Receiver::start().await)
    }

    fn draft(&self) -> DestinationDraft {
        let mut draft = DestinationDraft::http("SIEM", self.0.url());
        draft.target.headers.push(HeaderDraft {
            name: "Authorization".into(),
            value: Some(SECRET.into()),
            ..HeaderDraft::new()
        });
        draft
    }

    fn services(&self) -> SinkServices {
        SinkServices::usual().unwrap()
    }

    fn secret(&self) -> String {
        SECRET.to_owned()
    }

    fn fall_ill(&self, ill: Ill) {
        self.0.answer_all(match ill {
            Ill::Unavailable => Fault::from(503),
            Ill::Forbidding => Fault::from(403),
            Ill::Silent => Fault::Hang,
        });
    }

    fn recover(&self) {
        self.0.accept_all();
        self.0.accept_bodies_with("\"x-bad\"");
    }

    fn refuse(&self, id: &str) {
        self.0.answer_bodies_with(&format!("\"{id}\""), 422);
    }

    fn find_one_request_too_large(&self) -> bool {
        false
    }

    fn requests(&self) -> usize {
        self.0.requests().len()
    }

    fn kept(&self, bodies: &[String]) -> Vec<String> {
        let requests = self.0.requests().into_iter().filter(Request::was_accepted);
        let came = requests.map(|request| request.text().to_owned());
        came.filter(|body| bodies.contains(body)).collect()
    }
}
