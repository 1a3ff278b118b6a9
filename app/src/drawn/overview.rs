//! The instance at a glance: what comes in, what goes out, how much is kept, and how each stream is doing.

use domain::view::{DestinationCounts, LogView, OverviewView, TrafficView};
use leptos::prelude::*;

use super::{
    chart::{Frame, Series, bars, spark},
    first_event::draw_first_event,
    parts::{Reader, ago, moment},
    status::{draw_words, words_of},
    time_marks::time_marks,
};
use crate::{
    model::{
        log_location::AUDIT_EVENTS,
        text::{counted, grouped},
    },
    port::streams::{InstanceSummary, StreamSummary},
};

pub(super) fn draw_overview(instance: &InstanceSummary, reader: Reader) -> AnyView {
    let first = (instance.overview.log.events == 0).then(|| {
        view! {
            <section id="overview-first" class="card" aria-label="Send an event">
                <h2>"Send an event"</h2>
                {draw_first_event(&instance.public_url)}
            </section>
        }
    });
    view! {
        {draw_figures(instance, reader)}
        {first}
        {draw_traffic(&instance.overview.traffic, reader)}
        {draw_streams(&instance.streams, reader)}
    }
    .into_any()
}

struct Figure {
    label: &'static str,
    value: AnyView,
    note: AnyView,
}

fn draw_figures(instance: &InstanceSummary, reader: Reader) -> AnyView {
    let OverviewView {
        version,
        log,
        destinations,
        ..
    } = &instance.overview;
    let figures = [
        stored(log, reader),
        streams(&instance.streams, *destinations),
        undelivered(&instance.streams, reader),
        log_size(log),
        Figure {
            label: "Version",
            value: version.clone().into_any(),
            note: instance.public_url.clone().into_any(),
        },
    ];
    let figures = figures.into_iter().map(|figure| {
        view! {
            <div class="figure">
                <dt>{figure.label}</dt>
                <dd>{figure.value}</dd>
                <dd class="figure-note">{figure.note}</dd>
            </div>
        }
    });
    view! { <dl class="figures">{figures.collect_view()}</dl> }.into_any()
}

fn stored(log: &LogView, reader: Reader) -> Figure {
    let note = match log.newest_received_at {
        Some(at) => view! { "Newest received " {moment(at, reader)} }.into_any(),
        None => "None received yet".into_any(),
    };
    Figure {
        label: "Events stored",
        value: view! { <a href=AUDIT_EVENTS>{grouped(log.events)}</a> }.into_any(),
        note,
    }
}

fn streams(streams: &[StreamSummary], counts: DestinationCounts) -> Figure {
    let retrying = u64::from(counts.retrying);
    let count = u64::try_from(streams.len()).unwrap_or(0);
    let note = match (count, retrying) {
        (0, _) => "Events are stored and shown, and go nowhere else".to_owned(),
        (_, 0) => "None is retrying".to_owned(),
        (_, retrying) => format!("{} retrying; no event is dropped", counted(retrying, "stream")),
    };
    Figure {
        label: "Streams",
        value: view! { <a href=format!("{AUDIT_EVENTS}?tab=streams")>{grouped(count)}</a> }.into_any(),
        note: note.into_any(),
    }
}

fn undelivered(streams: &[StreamSummary], reader: Reader) -> Figure {
    let waiting = streams
        .iter()
        .filter_map(|stream| Some((stream.facts.oldest_waiting_at?, stream)));
    let oldest = waiting.min_by_key(|(at, _)| *at);
    let (value, note) = match oldest {
        Some((at, stream)) => (
            ago(at, reader.now),
            view! { "Received " {moment(at, reader)} ", for " <bdi>{stream.draft.name.clone()}</bdi> }.into_any(),
        ),
        None => ("None".to_owned(), "Everything that is due was delivered".into_any()),
    };
    Figure {
        label: "Oldest undelivered",
        value: value.into_any(),
        note,
    }
}

fn log_size(log: &LogView) -> Figure {
    let (used, limit) = (log.used_bytes, log.limit_bytes);
    let percent = used.saturating_mul(100) / limit.max(1);
    let note = match log.full_at {
        Some(at) => format!(
            "{percent} % of {}; full on {} at this rate",
            bytes(limit),
            at.to_string().split_at(10).0
        ),
        None => format!("{percent} % of {}", bytes(limit)),
    };
    Figure {
        label: "Log size",
        value: bytes(used).into_any(),
        note: note.into_any(),
    }
}

/// `1.2 GiB`, `350 MiB`.
fn bytes(count: u64) -> String {
    const KIB: u64 = 1 << 10;
    const UNITS: [(u64, &str); 3] = [(KIB * KIB * KIB, "GiB"), (KIB * KIB, "MiB"), (KIB, "KiB")];
    let unit = UNITS.into_iter().find(|(size, _)| count >= *size);
    unit.map_or_else(
        || format!("{count} bytes"),
        |(size, name)| match count / size {
            whole @ 0..=9 => format!("{whole}.{} {name}", count % size * 10 / size),
            whole => format!("{} {name}", grouped(whole)),
        },
    )
}

fn draw_traffic(traffic: &[TrafficView], reader: Reader) -> AnyView {
    use domain::activity::{Minute, Span};
    let Some(first) = traffic.first() else {
        return ().into_any();
    };
    let times = time_marks(Span::Hour, Minute::of(first.start), reader);
    let chart = |title: &str, values: Vec<u64>, colour| {
        let hints = traffic.iter().zip(&values);
        let hints =
            hints.map(|(minute, count)| format!("{} · {}", reader.text(minute.start), counted(*count, "event")));
        let hints: Vec<String> = hints.collect();
        let frame = Frame {
            title,
            sum: grouped(values.iter().sum()),
            times: &times,
        };
        let series = Series {
            name: "",
            colour,
            values: values.into_iter().map(Some).collect(),
        };
        bars(frame, &series, &hints)
    };
    let received = traffic.iter().map(|minute| minute.received).collect();
    let delivered = traffic.iter().map(|minute| minute.delivered).collect();
    view! {
        <section id="overview-hour" class="card" aria-label="Last hour">
            <h2>"Last hour"</h2>
            <div class="charts">
                {chart("Events received per minute", received, 3)}
                {chart("Events delivered per minute", delivered, 1)}
            </div>
        </section>
    }
    .into_any()
}

fn draw_streams(streams: &[StreamSummary], reader: Reader) -> AnyView {
    if streams.is_empty() {
        return ().into_any();
    }
    let rows = streams.iter().map(|stream| {
        view! {
            <li id=format!("overview-{}", stream.id)>
                <div class="overview-name">
                    <a href=format!("{AUDIT_EVENTS}?tab=streams#stream-{}", stream.id)>
                        <bdi>{stream.draft.name.clone()}</bdi>
                    </a>
                    <span class="badge">{stream.draft.kind().spec().badge}</span>
                    <bdi class="overview-place">{stream.draft.target.summary()}</bdi>
                </div>
                {spark(&stream.facts.per_minute)}
                {draw_words(&words_of(stream, reader))}
            </li>
        }
    });
    view! {
        <section id="overview-streams" class="card" aria-label="Streams">
            <h2>"Streams"</h2>
            <ul class="overview-streams">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        let texts = [
            (999, "999 bytes"),
            (1_536, "1.5 KiB"),
            (360 << 20, "360 MiB"),
            (10 << 30, "10 GiB"),
        ];
        for (size, text) in texts {
            assert_eq!(bytes(size), text);
        }
    }
}
