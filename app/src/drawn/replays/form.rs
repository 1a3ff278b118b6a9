//! What is to be replayed: first counted, then started.

use domain::ids::DestinationId;
use leptos::prelude::*;

use super::{super::parts::Reader, TICK, draw_request, types_text};
use crate::{
    model::{text::counted, type_picker::unknown_types_warning},
    port::replays::CountedReplay,
};

const COUNT: &str = "/api/page/streams/count_replay";
const START: &str = "/api/page/streams/start_replay";

pub(super) fn draw_new(id: DestinationId, proposal: Option<&CountedReplay>, reader: Reader) -> AnyView {
    view! {
        <form id=format!("replay-form-{id}") method="post" action=COUNT class="replay-form">
            <input type="hidden" name="id" value=id.get() />
            {draw_field(id, "created_after", "Created from", "datetime-local", true)}
            {draw_field(id, "created_before", "Until (now if empty)", "datetime-local", false)}
            {draw_field(id, "event_types", "Event types, with commas (all if empty)", "text", false)}
            <button type="submit" class="button">
                "Count events"
            </button>
        </form>
        {proposal.map(|proposal| draw_proposal(id, proposal, reader))}
    }
    .into_any()
}

fn draw_field(
    id: DestinationId,
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    is_required: bool,
) -> AnyView {
    let key = format!("replay-{id}-{name}");
    view! {
        <div class="field">
            <label class="field-label" for=key.clone()>
                {label}
            </label>
            <input
                class="field-input"
                id=key
                name=name
                type=kind
                step=(kind == "datetime-local").then_some("1")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                required=is_required
            />
        </div>
    }
    .into_any()
}

/// What was counted can be started as it was counted.
fn draw_proposal(id: DestinationId, proposal: &CountedReplay, reader: Reader) -> AnyView {
    let CountedReplay {
        request,
        events,
        unknown_types,
    } = proposal;
    let warning = unknown_types_warning(unknown_types).map(|warning| view! { <p class="field-warning">{warning}</p> });
    let (from, last) = (request.range.from(), request.range.before().minus(TICK));
    let start = view! {
        <form method="post" action=START class="drawn-form">
            <input type="hidden" name="id" value=id.get() />
            <input type="hidden" name="created_after" value=from.to_string() />
            <input type="hidden" name="created_before" value=last.to_string() />
            <input type="hidden" name="event_types" value=types_text(request) />
            <button type="submit" class="button button-primary">
                "Start replay"
            </button>
        </form>
    };
    view! {
        <div id=format!("replay-{id}-counted") class="replay-counted">
            <p>
                <strong>{counted(*events, "event")}</strong>
                {draw_request(request, reader)}
            </p>
            {warning}
            {(*events > 0).then_some(start)}
        </div>
    }
    .into_any()
}
