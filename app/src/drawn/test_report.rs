//! What came of a test event: the verdict, then each request, stage by stage, as it was sent and as it was answered.

use domain::connection_test::{
    SentBody, SentHeader, SentRequest, Stage, StageName, StageState, TestAnswer, TestReport, TestedRequest,
};
use leptos::prelude::*;

use super::parts::{tone_class, tone_icon};
use crate::{
    model::{
        health_words::Tone,
        text::{counted, grouped},
    },
    ui::Icon,
};

/// The report as HTML. Whatever it holds of others is text there.
pub(crate) fn draw_test_report(report: &TestReport) -> String {
    // What an answer says about a failure is read first of all.
    let failed_at = report.requests.iter().rposition(|request| request.answer.is_some());
    let failed_at = failed_at.filter(|_| !report.verdict.accepted);
    let requests = report.requests.iter().enumerate();
    let requests = requests.map(|(place, request)| draw_request(request, report.took_us, failed_at == Some(place)));
    view! {
        <div class="report">
            {draw_verdict(report)}
            {requests.collect_view()}
            {draw_event_id(&report.event_id)}
        </div>
    }
    .to_html()
}

fn draw_verdict(report: &TestReport) -> AnyView {
    let (tone, class, word) = match report.verdict.accepted {
        true => (Tone::Good, "alert alert-good", "Accepted"),
        false => (Tone::Bad, "alert alert-bad", "Not accepted"),
    };
    let next_step = report
        .verdict
        .next_step
        .clone()
        .map(|next_step| view! { <p class="report-next">{next_step}</p> });
    view! {
        <div class=class>
            {tone_icon(tone)}
            <div class="alert-body">
                <p class="report-word">
                    <strong>{word}</strong>
                    <span class="report-took">{format!("took {}", milliseconds(report.took_us))}</span>
                </p>
                <p>{report.verdict.summary.clone()}</p>
                {next_step}
            </div>
        </div>
    }
    .into_any()
}

fn draw_request(request: &TestedRequest, total_us: u64, opens_answer: bool) -> AnyView {
    let title = request.purpose.title();
    let stages = request.stages.iter().map(|stage| draw_stage(stage, total_us));
    let was_sent = |stage: &Stage| stage.name == StageName::Request && stage.state == StageState::Done;
    let sent_title = match request.stages.iter().any(was_sent) {
        true => "Request as sent",
        false => "Request, which was not sent",
    };
    view! {
        <section aria-label=title>
            <h3>{title}</h3>
            <ol class="stages">{stages.collect_view()}</ol>
            {request.sent.as_ref().map(|sent| draw_sent(sent, sent_title))}
            {request.answer.as_ref().map(|answer| draw_answer(answer, opens_answer))}
        </section>
    }
    .into_any()
}

fn draw_stage(stage: &Stage, total_us: u64) -> AnyView {
    let (tone, word) = match stage.state {
        StageState::Done => (Tone::Good, "Done"),
        StageState::Failed => (Tone::Bad, "Failed"),
        StageState::Skipped => (Tone::Quiet, "Skipped"),
    };
    let is_reached = stage.state != StageState::Skipped;
    let took = is_reached.then(|| milliseconds(stage.took_us));
    let words = (!stage.detail.is_empty()).then(|| view! { <span class="stage-words">{stage.detail.clone()}</span> });
    view! {
        <li class="stage">
            <span class=tone_class(tone)>{tone_icon(tone)} <span class="stage-state">{word}</span></span>
            <span class="stage-name">{stage.name.title()}</span>
            <span class="stage-time">{took}</span>
            {is_reached.then(|| draw_span(stage, total_us))}
            {words}
        </li>
    }
    .into_any()
}

/// Where in the whole of the test this stage stood. The times say it in figures.
fn draw_span(stage: &Stage, total_us: u64) -> AnyView {
    let share = |us: u64| us.saturating_mul(1_000) / total_us.max(1);
    // What took place is seen, however short it was.
    let width = share(stage.took_us).clamp(6, 1_000);
    let start = share(stage.started_us).min(1_000 - width);
    view! {
        <svg class="stage-span" viewBox="0 0 1000 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="stage-whole" x="0" y="0" width="1000" height="4" />
            <rect class="stage-part" x=start y="0" width=width height="4" />
        </svg>
    }
    .into_any()
}

fn draw_sent(sent: &SentRequest, title: &'static str) -> AnyView {
    let headers = sent.headers.iter().map(draw_header);
    let body = match &sent.body {
        SentBody::Text(text) => draw_text("What the request held", text),
        SentBody::Hidden(0) => view! { <p class="quiet">"Without a body."</p> }.into_any(),
        SentBody::Hidden(bytes) => {
            let words = format!("Its body of {} is not shown.", counted(*bytes, "byte"));
            view! { <p class="quiet">{words}</p> }.into_any()
        }
    };
    view! {
        <details class="exchange">
            <summary>{title}</summary>
            <p class="exchange-line">
                <strong>{sent.method.clone()}</strong>
                " "
                {sent.url.clone()}
            </p>
            <table class="exchange-headers" aria-label="Headers of the request">
                <tbody>{headers.collect_view()}</tbody>
            </table>
            {body}
        </details>
    }
    .into_any()
}

fn draw_header(header: &SentHeader) -> AnyView {
    view! {
        <tr>
            <th scope="row">{header.name.clone()}</th>
            <td>{header.value.clone()}</td>
        </tr>
    }
    .into_any()
}

fn draw_answer(answer: &TestAnswer, is_open: bool) -> AnyView {
    let body = match answer.body.as_deref() {
        None => view! { <p class="quiet">"It is a secret, and not shown."</p> }.into_any(),
        Some("") => view! { <p class="quiet">"Without a body."</p> }.into_any(),
        Some(text) => draw_text("What was answered", text),
    };
    view! {
        <details class="exchange" open=is_open>
            <summary>{format!("Answer {}", answer.status)}</summary>
            {body}
        </details>
    }
    .into_any()
}

fn draw_text(label: &'static str, text: &str) -> AnyView {
    view! {
        <pre class="answer" tabindex="0" role="region" aria-label=label>
            {text.to_owned()}
        </pre>
    }
    .into_any()
}

fn draw_event_id(id: &str) -> AnyView {
    view! {
        <p class="report-event">
            <span>"Id of the event: " <code>{id.to_owned()}</code></span>
            <span class="copy needs-script">
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Copy the event's id"
                    title="Copy to clipboard"
                    data-copy=id.to_owned()
                >
                    <Icon icon=icondata_lu::LuCopy />
                </button>
                <span role="status" class="copy-words"></span>
            </span>
        </p>
    }
    .into_any()
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

#[cfg(test)]
mod tests;
