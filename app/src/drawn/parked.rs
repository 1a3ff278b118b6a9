//! Events that the destination refused for good, and what can be done with them.

use domain::{
    ids::{DestinationId, Seq},
    view::ParkedView,
};
use leptos::prelude::*;

use super::parts::{Reader, moment};
use crate::model::text::{counted, grouped};

const RETRY: &str = "/api/page/streams/retry_parked";
const DISCARD: &str = "/api/page/streams/discard_parked";

pub(super) fn draw_parked(id: DestinationId, count: u64, parked: &[ParkedView], reader: Reader) -> AnyView {
    if parked.is_empty() {
        return ().into_any();
    }
    let rest = count.saturating_sub(u64::try_from(parked.len()).unwrap_or(0));
    let rest = (rest > 0).then(|| view! { <p class="quiet">{format!("And {} older.", grouped(rest))}</p> });
    let rows = parked.iter().map(|event| draw_event(id, event, reader));
    view! {
        <section id=format!("parked-{id}") aria-label="Parked events">
            <div class="section-head">
                <h3>{counted(count, "parked event")}</h3>
                <form method="post" action=RETRY class="drawn-form">
                    <input type="hidden" name="id" value=id.get() />
                    <button type="submit" class="button button-small">"Retry all"</button>
                </form>
            </div>
            <p class="quiet">
                "The destination refused them again and again. They are not sent any more, and nothing else waits for them."
            </p>
            <ol class="attempts">{rows.collect_view()}</ol>
            {rest}
        </section>
    }
    .into_any()
}

fn draw_event(id: DestinationId, event: &ParkedView, reader: Reader) -> AnyView {
    let key = format!("parked-{id}-{}", event.seq);
    let answer = (!event.response.is_empty()).then(|| {
        view! { <pre class="answer" tabindex="0">{event.response.clone()}</pre> }
    });
    view! {
        <li id=key class="parked">
            <details>
                <summary>
                    <span class="attempt-reason">{event.reason.clone()}</span>
                    <span class="attempt-facts">
                        {format!("position {}", event.seq)}" · "{counted(event.tries.into(), "attempt")}
                    </span>
                </summary>
                <p>
                    "Refused for the last time "{moment(event.refused_at, reader)}". "
                    <a href=format!("/admin/audit_logs?tab=log&event={}", event.seq)>"Show the event"</a>
                </p>
                <p>{event.next_step.clone()}</p>
                {answer}
            </details>
            <div class="parked-actions">
                <form method="post" action=RETRY class="drawn-form">
                    {event_fields(id, event.seq)}
                    <button
                        type="submit"
                        class="button button-small"
                        aria-label=format!("Retry the event at position {}", event.seq)
                    >
                        "Retry"
                    </button>
                </form>
                {draw_discard(id, event.seq)}
            </div>
        </li>
    }
    .into_any()
}

/// Asks once more: what was discarded does not come back.
fn draw_discard(id: DestinationId, seq: Seq) -> AnyView {
    let question = format!("discard-{id}-{seq}");
    view! {
        <button
            type="button"
            class="button button-small"
            popovertarget=question.clone()
            aria-label=format!("Discard the event at position {seq}")
        >
            "Discard"
        </button>
        <div id=question popover="auto" class="words confirm" role="dialog" aria-label="Discard this event?">
            <p>
                <strong>"Discard this event?"</strong>
            </p>
            <p>"This destination will never get it, and the log keeps it no longer than other events."</p>
            <form method="post" action=DISCARD class="drawn-form">
                {event_fields(id, seq)}
                <button type="submit" class="button button-danger">"Discard event"</button>
            </form>
        </div>
    }
    .into_any()
}

fn event_fields(id: DestinationId, seq: Seq) -> AnyView {
    view! {
        <input type="hidden" name="id" value=id.get() />
        <input type="hidden" name="seq" value=seq.get() />
    }
    .into_any()
}
