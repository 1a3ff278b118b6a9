//! The double of Google Cloud Logging.

use std::time::Duration;

use crate::sink::SinkServices;
use domain::{
    Field,
    destination::{DestinationDraft, DestinationKind, TargetDraft},
};
use receivers::{
    Answer, Fault, Gate,
    google::{Code, GoogleServer, Refusal},
};

use super::{Counterpart, Ill};

pub(super) struct CloudLogging(pub(super) GoogleServer);

impl Counterpart for CloudLogging {
    async fn start() -> Self {
        Self(GoogleServer::start().await.unwrap())
    }

    fn draft(&self) -> DestinationDraft {
        let account = self.0.service_account();
        let target = TargetDraft::new(DestinationKind::GoogleCloudLogging).with([
            (Field::ProjectId, account.project_id.as_str()),
            (Field::ClientEmail, &account.client_email),
            (Field::LogId, "audit/events"),
            (Field::PrivateKey, &account.private_key_pem),
        ]);
        DestinationDraft::new("Cloud", target)
    }

    fn services(&self) -> SinkServices {
        SinkServices::new(&self.0.url(), &self.0.token_url(), Duration::from_secs(60)).unwrap()
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.0.service_account().private_key_pem.clone()]
    }

    fn fall_ill(&self, ill: Ill) {
        match ill {
            Ill::Unavailable => self.0.answer_all(Refusal::Unavailable),
            Ill::Forbidding => self.0.answer_all(Refusal::PermissionDenied),
            Ill::Silent => self.0.answer_all(Fault::Hang),
        }
    }

    fn hold(&self, gate: &Gate) {
        self.0.answer_all(Fault::Held(gate.clone()));
    }

    fn recover(&self) {
        self.0.serve_again();
    }

    fn refuse(&self, id: &str) {
        self.0.refuse_insert_ids(
            [format!("tests:{id}")],
            Code::InvalidArgument,
            "This entry is not wanted.",
        );
    }

    fn find_one_request_too_large(&self) -> bool {
        let page = "<html><title>413 (Request Entity Too Large)!!1</title></html>";
        self.0
            .answer_next(1, Fault::Answer(Answer::new(413, "text/html", page.to_owned())));
        true
    }

    fn requests(&self) -> usize {
        self.0.write_count()
    }

    fn kept(&self, bodies: &[String]) -> Vec<String> {
        // What is stored is JSON; that its text is the event's own is seen in the requests.
        let sent = self.0.look(|received| {
            let bodies = received.writes.iter().map(|write| write.body.clone());
            bodies
                .map(|body| String::from_utf8(body.to_vec()).unwrap())
                .collect::<String>()
        });
        let entries = self.0.entries(&self.0.service_account().project_id);
        let ids = entries.iter().filter_map(|entry| entry["jsonPayload"]["id"].as_str());
        ids.filter_map(|id| bodies.iter().find(|body| body.contains(&format!("\"id\":\"{id}\""))))
            .filter(|body| sent.contains(body.as_str()))
            .cloned()
            .collect()
    }
}
