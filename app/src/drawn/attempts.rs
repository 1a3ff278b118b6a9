//! The attempts that failed, each with the start of its answer.

use domain::{ids::DestinationId, view::AttemptView};
use leptos::prelude::*;

use super::parts::{Reader, moment};
use crate::model::text::grouped;

pub(super) fn draw_attempts(id: DestinationId, attempts: &[AttemptView], reader: Reader) -> AnyView {
    let list = if attempts.is_empty() {
        view! { <p class="quiet">"No attempt has failed."</p> }.into_any()
    } else {
        let rows = attempts.iter().map(|attempt| draw_attempt(id, attempt, reader));
        view! { <ol class="attempts">{rows.collect_view()}</ol> }.into_any()
    };
    view! {
        <section id=format!("attempts-{id}") aria-label="Failed attempts">
            <h3>"Failed attempts"</h3>
            <p class="quiet">"The last of them, the newest first. Those that succeed are counted and not listed."</p>
            {list}
        </section>
    }
    .into_any()
}

fn draw_attempt(id: DestinationId, attempt: &AttemptView, reader: Reader) -> AnyView {
    let key = format!(
        "attempt-{id}-{}-{}-{}",
        attempt.started_at.unix_ms(),
        attempt.seq,
        attempt.number
    );
    let status = attempt
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let more = attempt.events.saturating_sub(1);
    let others = (more > 0).then(|| format!(" and {} more", grouped(more.into())));
    let answer = if attempt.response.is_empty() {
        view! { <p class="quiet">"There is nothing of an answer."</p> }.into_any()
    } else {
        view! { <pre class="answer" tabindex="0">{attempt.response.clone()}</pre> }.into_any()
    };
    view! {
        <li id=key>
            <details>
                <summary>
                    {moment(attempt.started_at, reader)}
                    <span class="badge badge-bad">{status}</span>
                    <span class="attempt-reason">{attempt.reason.clone()}</span>
                    <span class="attempt-facts">
                        {format!("position {}", attempt.seq)}" · "
                        {format!("try {}", grouped(attempt.number.into()))}" · "
                        {format!("{} ms", grouped(attempt.duration_ms.into()))}
                    </span>
                </summary>
                <p>
                    "Event at position "
                    <a href=format!("/admin/audit_logs?tab=log&event={}", attempt.seq)>{attempt.seq.get()}</a>
                    {others}
                    ". The answer began:"
                </p>
                {answer}
            </details>
        </li>
    }
    .into_any()
}
