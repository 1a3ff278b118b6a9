//! From what a sink reports and what its clients have written down to the report of a test. Pure.
//!
//! Secrets are left out here for good: of an answer, whatever the request or the destination holds; of a body, everything
//! but the test event itself.

use crate::{
    log::LoggedEvent,
    net::Traced,
    sink::{KEPT_BYTES, Report, SinkKind, masked, sink_kind},
    store::Target,
};
use domain::{
    connection_test::{
        Purpose, SentBody, SentRequest, Stage, StageName, StageState, TestAnswer, TestReport, TestedRequest, Verdict,
    },
    policy::StatusRules,
};

/// A test that has ended.
pub(super) struct Tested<'a> {
    pub(super) target: &'a Target,
    pub(super) statuses: &'a StatusRules,
    pub(super) event: &'a LoggedEvent,
    pub(super) report: Report,
    pub(super) requests: Vec<Traced>,
    pub(super) took_us: u64,
}

impl Tested<'_> {
    pub(super) fn into_report(mut self) -> TestReport {
        let secrets = self.secrets();
        let traced = std::mem::take(&mut self.requests);
        let verdict = Verdict::of(
            self.target.kind(),
            self.report.outcome,
            &masked(self.report.reason.clone(), &secrets),
            self.statuses,
        );
        let mut requests = Vec::new();
        let mut free_from = 0;
        let last = traced.len().saturating_sub(1);
        for (position, traced) in traced.into_iter().enumerate() {
            let purpose = self.purpose(position);
            let failed = position == last && !verdict.accepted;
            requests.push(self.request(purpose, traced, free_from, failed, &secrets));
            free_from = requests.last().map_or(free_from, |request| end_of(&request.stages));
        }
        for position in requests.len()..self.request_count() {
            let failure = (position == 0).then_some(verdict.summary.as_str());
            requests.push(unmade(self.purpose(position), failure));
        }
        TestReport {
            verdict,
            requests,
            event_id: self.event.id.as_str().to_owned(),
            took_us: self.took_us,
        }
    }

    /// How many a test makes when all goes well.
    const fn request_count(&self) -> usize {
        self.kind().requests.len()
    }

    fn purpose(&self, position: usize) -> Purpose {
        let requests = self.kind().requests;
        // A kind has at least one, and the last one may be sent again.
        let last = requests.last().copied().unwrap_or(Purpose::Event);
        requests.get(position).copied().unwrap_or(last)
    }

    const fn kind(&self) -> &'static SinkKind {
        sink_kind(self.target.kind)
    }

    /// `failed` says that this request is the one that the test failed with.
    fn request(
        &self,
        purpose: Purpose,
        traced: Traced,
        free_from: u64,
        failed: bool,
        secrets: &[String],
    ) -> TestedRequest {
        let mut stages = vec![Stage {
            name: StageName::Prepared,
            state: StageState::Done,
            started_us: free_from,
            took_us: traced.ready_us.saturating_sub(free_from),
            detail: (self.kind().preparation)(purpose, self.target, self.event),
        }];
        stages.extend(traced.stages);
        let status = traced.answer.as_ref().map(|(status, _)| *status);
        if let (Some(answer), Some(status)) = (stages.last_mut(), status) {
            answer.detail = format!("{status}. {}", answer.detail);
            if failed && answer.state == StageState::Done {
                answer.state = StageState::Failed;
            }
        }
        let body = self.sent_body(&traced.body);
        TestedRequest {
            purpose,
            stages,
            answer: traced.answer.map(|(status, answer)| {
                let text = String::from_utf8_lossy(&answer).into_owned();
                // What a token service grants is a secret as a whole.
                let is_shown = purpose != Purpose::AccessToken || !status.is_success();
                TestAnswer {
                    status: status.as_u16(),
                    body: is_shown.then(|| start_of(masked(text, secrets))),
                }
            }),
            sent: Some(SentRequest {
                method: traced.method,
                url: (self.kind().visible_url)(traced.url),
                headers: traced.headers,
                body,
            }),
        }
    }

    /// A body is shown if it holds the test event, word for word.
    fn sent_body(&self, body: &[u8]) -> SentBody {
        let event = std::str::from_utf8(&self.event.body).ok();
        match (std::str::from_utf8(body), event) {
            (Ok(text), Some(event)) if text.contains(event) => SentBody::Text(start_of(text.to_owned())),
            _ => SentBody::Hidden(u64::try_from(body.len()).unwrap_or(u64::MAX)),
        }
    }

    /// Everything that an answer may repeat and nobody is to see, the longest first.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = (self.kind().secrets)(self.target);
        for request in &self.requests {
            secrets.extend(request.secrets.iter().cloned());
            if let (SentBody::Hidden(_), Ok(body)) = (self.sent_body(&request.body), std::str::from_utf8(&request.body))
            {
                secrets.push(body.to_owned());
                secrets.extend(body.rsplit('=').next().map(str::to_owned));
            }
        }
        secrets.extend(secrets.clone().iter().filter_map(|secret| in_json(secret)));
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        secrets
    }
}

/// As it stands in a JSON string, if it is another text there.
fn in_json(secret: &str) -> Option<String> {
    let quoted = serde_json::Value::from(secret).to_string();
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (inner != secret).then(|| inner.to_owned())
}

/// A request that the test has not come to; `failure` is why it could not be made.
fn unmade(purpose: Purpose, failure: Option<&str>) -> TestedRequest {
    let mut prepared = Stage::skipped(StageName::Prepared);
    if let Some(failure) = failure {
        prepared.state = StageState::Failed;
        failure.clone_into(&mut prepared.detail);
    }
    let mut stages = vec![prepared];
    stages.extend(StageName::OF_NETWORK.map(Stage::skipped));
    TestedRequest {
        purpose,
        stages,
        sent: None,
        answer: None,
    }
}

fn end_of(stages: &[Stage]) -> u64 {
    let ends = stages
        .iter()
        .map(|stage| stage.started_us.saturating_add(stage.took_us));
    ends.max().unwrap_or_default()
}

/// The first 4 KiB.
fn start_of(mut text: String) -> String {
    let mut end = KEPT_BYTES.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
