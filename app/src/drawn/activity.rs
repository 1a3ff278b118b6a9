//! What a stream has done: figures, charts, the attempts that failed, and the events that were parked.

use domain::{
    activity::{Counts, Point, Span},
    ids::DestinationId,
};
use leptos::prelude::*;

use super::{
    attempts::draw_attempts,
    chart::{Frame, Series, bars, lines},
    parked::draw_parked,
    parts::Reader,
    replays::draw_replays,
    status::{draw_words, words_of},
    time_marks::time_marks,
};
use crate::{
    model::text::{counted, grouped},
    port::streams::StreamActivity,
};

/// The name of this panel.
fn panel(id: DestinationId, span: Span) -> String {
    format!("activity/{id}/{}", span.as_str())
}

pub(super) fn draw_activity(activity: &StreamActivity, reader: Reader) -> AnyView {
    let (id, span) = (activity.stream.id, activity.span);
    view! {
        <div class="activity">
            {draw_words(&words_of(&activity.stream, reader))}
            <section id=format!("deliveries-{id}") aria-label="Deliveries">
                {draw_spans(id, span)}
                {draw_figures(activity)}
                {draw_charts(activity, reader)}
                {draw_table(&activity.points, reader)}
            </section>
            {draw_parked(id, activity.stream.facts.parked, &activity.parked, reader)}
            {draw_replays(id, &activity.replays, reader)}
            {draw_attempts(id, &activity.attempts, reader)}
        </div>
    }
    .into_any()
}

fn draw_spans(id: DestinationId, chosen: Span) -> AnyView {
    let buttons = Span::ALL.into_iter().map(|span| {
        let label = match span {
            Span::Hour => "Last hour",
            Span::Day => "Last day",
            Span::Week => "Last week",
        };
        let is_chosen = (span == chosen).to_string();
        view! {
            <button type="button" class="segment" aria-pressed=is_chosen data-panel=panel(id, span)>
                {label}
            </button>
        }
    });
    view! {
        <div class="segments" role="group" aria-label="Span of time">
            {buttons.collect_view()}
        </div>
    }
    .into_any()
}

fn sum_of(points: &[Point]) -> Counts {
    points.iter().fold(Counts::default(), |mut sum, point| {
        sum.add(&point.counts);
        sum
    })
}

fn draw_figures(activity: &StreamActivity) -> AnyView {
    let sum = sum_of(&activity.points);
    let percentile = |percent| {
        let latency = sum.latency.percentile(percent);
        latency.map_or_else(|| "–".to_owned(), |latency| micros_text(latency.as_micros()))
    };
    let figures = [
        ("Delivered", grouped(sum.delivered)),
        ("Failed attempts", grouped(sum.failed)),
        ("Latency p50", percentile(50)),
        ("p95", percentile(95)),
        ("p99", percentile(99)),
        ("Waiting", grouped(waiting(activity))),
        ("Parked", grouped(activity.stream.facts.parked)),
    ];
    let figures = figures.map(|(label, value)| {
        view! {
            <div class="figure-small">
                <dt>{label}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    view! { <dl class="figures-small">{figures.into_iter().collect_view()}</dl> }.into_any()
}

fn waiting(activity: &StreamActivity) -> u64 {
    use domain::health::StreamHealth::{CatchingUp, Paused, Retrying};
    match activity.stream.health {
        CatchingUp { waiting } | Paused { waiting } | Retrying { waiting, .. } => waiting,
        _ => 0,
    }
}

fn draw_charts(activity: &StreamActivity, reader: Reader) -> AnyView {
    let (points, span) = (&activity.points, activity.span);
    let Some(first) = points.first() else {
        return ().into_any();
    };
    let times = time_marks(span, first.start, reader);
    let per = match span {
        Span::Hour => "per minute",
        Span::Day => "per 15 minutes",
        Span::Week => "per hour",
    };
    let sum = sum_of(points);
    let hints = |told: &dyn Fn(&Counts) -> String| -> Vec<String> {
        let hint = |point: &Point| format!("{} · {}", reader.text(point.start.start()), told(&point.counts));
        points.iter().map(hint).collect()
    };
    let bars_of = |title: String, sum: u64, colour, count: fn(&Counts) -> u64, noun| {
        let frame = Frame {
            title: &title,
            sum: grouped(sum),
            times: &times,
        };
        let series = Series {
            name: "",
            colour,
            values: points.iter().map(|point| Some(count(&point.counts))).collect(),
        };
        bars(frame, &series, &hints(&|counts| counted(count(counts), noun)))
    };
    view! {
        <div class="charts">
            {bars_of(format!("Events delivered {per}"), sum.delivered, 1, |counts| counts.delivered, "event")}
            {bars_of(format!("Failed attempts {per}"), sum.failed, 2, |counts| counts.failed, "failed attempt")}
            {draw_latency(points, &times, &hints(&latency_text))}
        </div>
    }
    .into_any()
}

const PERCENTILES: [(u8, &str); 3] = [(50, "p50"), (95, "p95"), (99, "p99")];

fn draw_latency(points: &[Point], times: &[String], hints: &[String]) -> AnyView {
    let series = PERCENTILES.iter().zip(1_u8..).map(|((percent, name), colour)| Series {
        name,
        colour,
        values: points.iter().map(|point| micros(&point.counts, *percent)).collect(),
    });
    let frame = Frame {
        title: "Latency of accepted requests",
        sum: latency_text(&sum_of(points)),
        times,
    };
    let unit = |micros: u64| micros_text(micros.into());
    lines(frame, &series.collect::<Vec<_>>(), hints, &unit)
}

fn micros(counts: &Counts, percent: u8) -> Option<u64> {
    let latency = counts.latency.percentile(percent)?;
    Some(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
}

fn latency_text(counts: &Counts) -> String {
    let texts = PERCENTILES.iter().filter_map(|(percent, name)| {
        let micros = micros(counts, *percent)?;
        Some(format!("{name} {}", micros_text(micros.into())))
    });
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() {
        "no accepted request".to_owned()
    } else {
        texts.join(", ")
    }
}

/// `0.8 ms`, `12 ms`, `1.2 s`.
fn micros_text(micros: u128) -> String {
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// The same in figures: for those who do not see the charts, and for who wants to know exactly.
fn draw_table(points: &[Point], reader: Reader) -> AnyView {
    let rows = points
        .iter()
        .rev()
        .filter(|point| !point.counts.is_empty())
        .map(|point| {
            let cells = PERCENTILES.map(|(percent, _)| {
                let text =
                    micros(&point.counts, percent).map_or_else(|| "–".to_owned(), |micros| micros_text(micros.into()));
                view! { <td>{text}</td> }
            });
            view! {
                <tr>
                    <th scope="row">{super::parts::moment(point.start.start(), reader)}</th>
                    <td>{grouped(point.counts.delivered)}</td>
                    <td>{grouped(point.counts.failed)}</td>
                    {cells.into_iter().collect_view()}
                </tr>
            }
        });
    view! {
        <details class="more">
            <summary>"Show as a table"</summary>
            <table class="data-table figures-table" aria-label="Deliveries">
                <thead>
                    <tr>
                        {["From", "Delivered", "Failed attempts", "p50", "p95", "p99"]
                            .map(|heading| view! { <th scope="col">{heading}</th> })
                            .into_iter()
                            .collect_view()}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_as_exactly_as_they_are_known() {
        let texts = [
            (840, "0.8 ms"),
            (9_999, "9.9 ms"),
            (12_400, "12 ms"),
            (1_240_000, "1.2 s"),
            (30_000_000, "30.0 s"),
        ];
        for (micros, text) in texts {
            assert_eq!(micros_text(micros), text);
        }
    }
}
