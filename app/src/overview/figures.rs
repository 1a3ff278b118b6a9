//! The numbers that tell how the instance is doing.

use domain::{
    Timestamp,
    page::AUDIT_EVENTS,
    settings::ByteSize,
    view::{DestinationView, LogView},
};
use leptos::prelude::*;

use super::server_fns::Instance;
use crate::{model::text::grouped, streams::needs_attention, ui::Ago};

#[component]
pub(super) fn Figures(instance: Signal<Instance>) -> impl IntoView {
    let log = Memo::new(move |_| instance.with(|instance| instance.overview.log.clone()));
    let streams = Memo::new(move |_| instance.with(|instance| StreamCounts::of(&instance.streams)));
    let oldest = Memo::new(move |_| instance.with(|instance| oldest_waiting(&instance.streams)));
    let newest = Memo::new(move |_| log.with(|log| log.newest_received_at));
    view! {
        <section class="figures" aria-label="Key figures">
            <div class="figure" role="group" aria-label="Events stored">
                <p class="figure-label">"Events stored"</p>
                <p class="figure-value">
                    <a href=AUDIT_EVENTS>{move || log.with(|log| grouped(log.events))}</a>
                </p>
                <p class="figure-note">{move || newest_text(newest.get())}</p>
            </div>
            <div class="figure" role="group" aria-label="Streams">
                <p class="figure-label">"Streams"</p>
                <p class="figure-value">
                    <a href=format!("{AUDIT_EVENTS}?tab=streams")>{move || grouped(streams.get().all)}</a>
                </p>
                <p class="figure-note">{move || attention(streams.get())}</p>
            </div>
            <div class="figure" role="group" aria-label="Oldest undelivered">
                <p class="figure-label">"Oldest undelivered"</p>
                {move || oldest_figure(oldest.get())}
            </div>
            <div class="figure" role="group" aria-label="Log size">
                <p class="figure-label">"Log size"</p>
                <p class="figure-value">{move || log.with(|log| ByteSize(log.used_bytes).rounded())}</p>
                <p class="figure-note">{move || log.with(log_note)} {move || log.with(|log| full_note(log.full_at))}</p>
            </div>
        </section>
    }
}

fn newest_text(newest: Option<Timestamp>) -> AnyView {
    match newest {
        Some(at) => view! { "Newest received " <Ago at /> }.into_any(),
        None => "None received yet".into_any(),
    }
}

/// How many streams there are, need an administrator, and are at rest because an administrator wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct StreamCounts {
    all: u64,
    need_attention: u64,
    at_rest: u64,
}

impl StreamCounts {
    fn of(streams: &[DestinationView]) -> Self {
        let mut counts = Self::default();
        for stream in streams {
            counts.all += 1;
            counts.need_attention += u64::from(needs_attention(&stream.health));
            counts.at_rest += u64::from(stream.paused || !stream.active);
        }
        counts
    }
}

fn attention(counts: StreamCounts) -> AnyView {
    match counts {
        StreamCounts { all: 0, .. } => "No destinations yet".into_any(),
        StreamCounts {
            need_attention: 0,
            at_rest: 0,
            ..
        } => "All streams healthy".into_any(),
        StreamCounts { need_attention: 0, .. } => "None needs attention".into_any(),
        StreamCounts { need_attention, .. } => {
            let verb = if need_attention == 1 { "needs" } else { "need" };
            view! {
                <a class="figure-attention" href=format!("{AUDIT_EVENTS}?tab=streams&attention=on")>
                    {format!("{} {verb} attention", grouped(need_attention))}
                </a>
                ". No events have been lost."
            }
            .into_any()
        }
    }
}

/// When the oldest event that waits was received, and the stream for which it waits.
fn oldest_waiting(streams: &[DestinationView]) -> Option<(Timestamp, String)> {
    let waiting = streams
        .iter()
        .filter_map(|stream| Some((stream.health.oldest_waiting_at?, stream.name.clone())));
    waiting.min_by_key(|(at, _)| *at)
}

fn oldest_figure(oldest: Option<(Timestamp, String)>) -> AnyView {
    match oldest {
        Some((at, stream)) => view! {
            <p class="figure-value">
                <Ago at />
            </p>
            <p class="figure-note">"Waits for " <bdi>{stream}</bdi></p>
        }
        .into_any(),
        None => view! {
            <p class="figure-value">"None"</p>
            <p class="figure-note">"Everything delivered"</p>
        }
        .into_any(),
    }
}

fn log_note(log: &LogView) -> String {
    let percent = log.used_bytes.saturating_mul(100) / log.limit_bytes.max(1);
    format!("{percent}\u{a0}% of {}", ByteSize(log.limit_bytes).rounded())
}

/// When the log is full at the current rate.
fn full_note(full_at: Option<Timestamp>) -> Option<AnyView> {
    let at = full_at?.to_string();
    let day = at.get(..10).unwrap_or(&at).to_owned();
    Some(view! { "; full on " <span class="whole">{day}</span> " at this rate" }.into_any())
}
