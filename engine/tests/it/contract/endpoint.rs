//! An HTTP endpoint.

use std::marker::PhantomData;

use crate::sink::SinkServices;
use domain::{
    Field,
    destination::{DestinationDraft, HeaderDraft},
};
use receivers::{Fault, Gate, Receiver, Request};
use serde_json::value::RawValue;

use super::{Counterpart, Ill};
use crate::it::http_batches::unpacked;

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

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }

    fn fall_ill(&self, ill: Ill) {
        self.0.answer_all(match ill {
            Ill::Unavailable => Fault::from(503),
            Ill::Forbidding => Fault::from(403),
            Ill::Silent => Fault::Hang,
        });
    }

    fn hold(&self, gate: &Gate) {
        self.0.answer_all(Fault::Held(gate.clone()));
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

/// How batches are sent.
pub(super) trait Batched {
    const FORMAT: &str;
    const COMPRESSION: &str;
}

/// The same, with batches.
pub(super) struct EndpointOfBatches<B>(Endpoint, PhantomData<B>);

macro_rules! batched {
    ($name:ident, $format:literal, $compression:literal) => {
        pub(super) struct $name;

        impl Batched for $name {
            const FORMAT: &str = $format;
            const COMPRESSION: &str = $compression;
        }
    };
}

batched!(Lines, "json_lines", "none");
batched!(Arrays, "json_array", "none");
batched!(LinesInGzip, "json_lines", "gzip");
batched!(ArraysInZstd, "json_array", "zstd");

/// The bodies of the events in a request.
fn events_of<B: Batched>(request: &Request) -> Vec<String> {
    let text = unpacked(request);
    if B::FORMAT == "json_lines" {
        return text.lines().map(str::to_owned).collect();
    }
    let events: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
    events.into_iter().map(|event| event.get().to_owned()).collect()
}

impl<B: Batched> Counterpart for EndpointOfBatches<B> {
    async fn start() -> Self {
        Self(Endpoint::start().await, PhantomData)
    }

    fn draft(&self) -> DestinationDraft {
        let mut draft = self.0.draft();
        for (field, value) in [
            (Field::RequestFormat, B::FORMAT),
            (Field::Compression, B::COMPRESSION),
            (Field::BatchWait, "50"),
        ] {
            draft.target.set_text(field, value.to_owned());
        }
        draft
    }

    fn services(&self) -> SinkServices {
        self.0.services()
    }

    fn secrets(&self) -> Vec<String> {
        self.0.secrets()
    }

    fn fall_ill(&self, ill: Ill) {
        self.0.fall_ill(ill);
    }

    fn hold(&self, gate: &Gate) {
        self.0.hold(gate);
    }

    fn recover(&self) {
        self.0.0.accept_all();
    }

    fn refuse(&self, id: &str) {
        let quoted = format!("\"{id}\"");
        let answer = move |request: &Request| unpacked(request).contains(&quoted).then(|| 422.into());
        self.0.0.script(answer);
    }

    fn find_one_request_too_large(&self) -> bool {
        self.0.0.answer_next(1, 413);
        true
    }

    fn requests(&self) -> usize {
        self.0.requests()
    }

    fn kept(&self, bodies: &[String]) -> Vec<String> {
        let requests = self.0.0.requests().into_iter().filter(Request::was_accepted);
        let came = requests.flat_map(|request| events_of::<B>(&request));
        came.filter(|body| bodies.contains(body)).collect()
    }
}
