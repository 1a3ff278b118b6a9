//! The report of a test event: the verdict, then each request with its stages, as it was sent and as it was answered.

mod exchange;

use domain::connection_test::{Stage, StageName, StageState, TestReport, TestedRequest, Verdict};
use leptos::prelude::*;

use self::exchange::{AnswerDetails, SentDetails};
use crate::{
    model::text::grouped,
    ui::{Alert, AlertTone, CopyButton, Icon},
};

#[component]
pub(super) fn TestReportView(report: TestReport) -> impl IntoView {
    let TestReport {
        verdict,
        requests,
        event_id,
        took_us,
    } = report;
    // A response that explains a failure is read first of all.
    let failed_at = requests.iter().rposition(|request| request.answer.is_some());
    let failed_at = failed_at.filter(|_| !verdict.accepted);
    let is_blocked = requests.iter().any(is_blocked);
    let requests = requests.into_iter().enumerate();
    let requests = requests.map(|(position, request)| {
        view! { <RequestView request total_us=took_us opens_answer=failed_at == Some(position) /> }
    });
    view! {
        <div class="report">
            <VerdictView verdict took_us is_blocked />
            {requests.collect_view()}
            <EventId id=event_id />
        </div>
    }
}

/// Whether the network rules forbid it.
fn is_blocked(request: &TestedRequest) -> bool {
    let is_refused = |stage: &Stage| stage.name == StageName::NetworkRule && stage.state == StageState::Failed;
    request.stages.iter().any(is_refused)
}

#[component]
fn VerdictView(verdict: Verdict, took_us: u64, is_blocked: bool) -> impl IntoView {
    let (tone, word) = match verdict.accepted {
        true => (AlertTone::Good, "Accepted"),
        false => (AlertTone::Bad, "Not accepted"),
    };
    let next_step = verdict
        .next_step
        .map(|next_step| view! { <p class="report-next" role="note" aria-label="Next step">{next_step}</p> });
    let link = is_blocked.then(|| {
        view! {
            <p>
                <a href="/admin/settings/network" target="_blank">
                    "Settings › Network"
                </a>
            </p>
        }
    });
    view! {
        <Alert tone>
            <p class="report-word">
                <strong>{word}</strong>
                <span class="report-took">{format!("took {}", milliseconds(took_us))}</span>
            </p>
            <p>{verdict.summary}</p>
            {next_step}
            {link}
        </Alert>
    }
}

#[component]
fn RequestView(request: TestedRequest, total_us: u64, opens_answer: bool) -> impl IntoView {
    let title = request.purpose.title();
    let is_sent = |stage: &Stage| stage.name == StageName::Request && stage.state == StageState::Done;
    let sent_title = match request.stages.iter().any(is_sent) {
        true => "Request as sent",
        false => "Request, which was not sent",
    };
    let stages = request
        .stages
        .into_iter()
        .map(|stage| view! { <StageView stage total_us /> });
    view! {
        <section aria-label=title>
            <h3>{title}</h3>
            <ol class="stages">{stages.collect_view()}</ol>
            {request.sent.map(|sent| view! { <SentDetails sent title=sent_title /> })}
            {request.answer.map(|answer| view! { <AnswerDetails answer is_open=opens_answer /> })}
        </section>
    }
}

#[component]
fn StageView(stage: Stage, total_us: u64) -> impl IntoView {
    let (class, icon, word) = match stage.state {
        StageState::Done => ("stage-mark stage-done", icondata_lu::LuCircleCheck, "Done"),
        StageState::Failed => ("stage-mark stage-failed", icondata_lu::LuCircleAlert, "Failed"),
        StageState::Skipped => ("stage-mark stage-skipped", icondata_lu::LuCircleMinus, "Skipped"),
    };
    let is_reached = stage.state != StageState::Skipped;
    let took = is_reached.then(|| milliseconds(stage.took_us));
    let span = is_reached.then(|| view! { <StageSpan started_us=stage.started_us took_us=stage.took_us total_us /> });
    let detail = (!stage.detail.is_empty()).then(|| view! { <span class="stage-detail">{stage.detail}</span> });
    view! {
        <li class="stage">
            <span class=class>
                <Icon icon />
                <span class="stage-state">{word}</span>
            </span>
            <span class="stage-name">{stage.name.title()}</span>
            <span class="stage-time">{took}</span>
            {span}
            {detail}
        </li>
    }
}

/// When the stage took place within the test. The time is there as text.
#[component]
fn StageSpan(started_us: u64, took_us: u64, total_us: u64) -> impl IntoView {
    let share = |us: u64| us.saturating_mul(1_000) / total_us.max(1);
    // However short it was, it is visible.
    let width = share(took_us).clamp(6, 1_000);
    let start = share(started_us).min(1_000 - width);
    view! {
        <svg class="stage-span" viewBox="0 0 1000 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="stage-whole" x="0" y="0" width="1000" height="4" />
            <rect class="stage-part" x=start y="0" width=width height="4" />
        </svg>
    }
}

#[component]
fn EventId(id: String) -> impl IntoView {
    view! {
        <p class="report-event">
            <span>"Id of the event: " <code>{id.clone()}</code></span>
            <CopyButton text=id label="Copy the event's id" />
        </p>
    }
}

/// Of µs: `0.4 ms`, `1,204 ms`.
fn milliseconds(us: u64) -> String {
    match us {
        0..=49 => "< 0.1 ms".to_owned(),
        50..=99_949 => {
            let tenths = (us + 50) / 100;
            format!("{}.{} ms", tenths / 10, tenths % 10)
        }
        _ => format!("{} ms", grouped(us.saturating_add(500) / 1_000)),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
