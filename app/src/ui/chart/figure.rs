//! One chart: a title, a drawing with its crosshair, and marks of time.

use domain::Timestamp;
use leptos::prelude::*;

use super::{
    cursor::{Crosshair, Cursor},
    marks::marks,
    points::{HEIGHT, Points, STEP},
    time,
    unit::Unit,
};
use crate::clock::Clock;

/// Whether the points of a chart are bars or lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Bars,
    Lines,
}

/// The colour of a series, by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Accent,
    Bad,
    Busy,
    Warning,
}

impl Colour {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Accent => "accent",
            Self::Bad => "bad",
            Self::Busy => "busy",
            Self::Warning => "warning",
        }
    }
}

/// A column of the points as one row of bars, or one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// In the legend; empty if the chart has no other series.
    pub name: &'static str,
    pub column: usize,
    pub colour: Colour,
}

impl Series {
    /// The only series of a chart.
    pub const fn only(column: usize, colour: Colour) -> Self {
        Self {
            name: "",
            column,
            colour,
        }
    }

    /// A series that the legend names.
    pub const fn named(name: &'static str, column: usize, colour: Colour) -> Self {
        Self { name, column, colour }
    }
}

/// A figure with a title, an axis and a crosshair that pointer and keyboard move.
#[component]
pub fn Chart(
    #[prop(into)] title: Signal<String>,
    /// What all points come to; read out with the title.
    #[prop(into)]
    summary: Signal<String>,
    #[prop(into)] points: Signal<Points>,
    series: Vec<Series>,
    shape: Shape,
    unit: Unit,
    /// Shown while all values are zero.
    empty: &'static str,
    #[prop(optional)] cursor: Option<Cursor>,
    /// Called with a range: that of one point (clicked, tapped, or chosen with Enter), or of all points that the mouse was dragged over.
    #[prop(optional)]
    on_select: Option<Callback<(Timestamp, Timestamp)>>,
) -> impl IntoView {
    let crosshair = Crosshair::new(points, cursor.unwrap_or_else(Cursor::new), on_select);
    let columns: Vec<usize> = series.iter().map(|series| series.column).collect();
    let top = Memo::new(move |_| points.with(|points| points.top(&columns)));
    let legend: Vec<_> = series
        .iter()
        .filter(|series| !series.name.is_empty())
        .map(legend_key)
        .collect();
    let label = Signal::derive(move || format!("{}: {}", title.get(), summary.get()));
    let summary_text = legend
        .is_empty()
        .then(|| view! { <span class="chart-sum">{summary}</span> });
    view! {
        <figure class="chart">
            <figcaption>
                <span class="chart-title">{title}</span>
                {summary_text}
                {legend}
            </figcaption>
            <div class="chart-plot">
                <span class="chart-top" aria-hidden="true">
                    {move || top.get().map(|top| unit.short(top))}
                </span>
                {drawing(crosshair, &series, shape, top, label)}
                {move || top.get().is_none().then(|| view! { <p class="chart-empty">{empty}</p> })}
                {handle(crosshair, series.clone(), unit, title)}
                {readout(crosshair, series, unit)}
            </div>
            <div class="chart-times" aria-hidden="true">
                {marks(points)}
            </div>
        </figure>
    }
}

fn legend_key(series: &Series) -> impl IntoView + use<> {
    view! { <span class=format!("chart-key chart-key-{}", series.colour.as_str())>{series.name}</span> }
}

fn drawing(
    crosshair: Crosshair,
    series: &[Series],
    shape: Shape,
    top: Memo<Option<u64>>,
    label: Signal<String>,
) -> impl IntoView + use<> {
    let points = crosshair.points;
    let paths = series.iter().map(|series| {
        let (column, colour) = (series.column, series.colour.as_str());
        let path = move || {
            let top = top.get()?;
            Some(points.with(|points| match shape {
                Shape::Bars => points.bars(column, top),
                Shape::Lines => points.line(column, top),
            }))
        };
        let class = match shape {
            Shape::Bars => format!("chart-bars-{colour}"),
            Shape::Lines => format!("chart-line-{colour}"),
        };
        view! { <path class=class d=path vector-effect="non-scaling-stroke" /> }
    });
    let paths = paths.collect_view();
    let band = move || {
        let (first, last) = crosshair.marked()?;
        let (first, last) = (u64::try_from(first).ok()?, u64::try_from(last).ok()?);
        Some(view! {
            <rect class="chart-band" x=first * STEP y="0" width=(last - first + 1) * STEP height=HEIGHT />
        })
    };
    view! {
        <svg
            viewBox=move || format!("0 0 {} {HEIGHT}", points.with(Points::width))
            preserveAspectRatio="none"
            role="img"
            aria-label=label
        >
            {band}
            {paths}
        </svg>
    }
}

/// Lies over the drawing and takes the pointer and the keys. A slider, so that assistive technology reads each point.
fn handle(crosshair: Crosshair, series: Vec<Series>, unit: Unit, title: Signal<String>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let last = move || {
        crosshair
            .points
            .with(|points| points.starts.len().saturating_sub(1))
            .to_string()
    };
    let text = move || {
        let point = crosshair.read_point();
        let time = crosshair.points.with(|points| time::range(points, point, clock));
        let values = values_at(crosshair, &series, unit, point);
        let values = values.into_iter().map(|(name, _, value)| match name {
            "" => value,
            name => format!("{name} {value}"),
        });
        format!("{time}: {}", values.collect::<Vec<_>>().join(", "))
    };
    view! {
        <div
            class="chart-handle"
            role="slider"
            tabindex="0"
            aria-label=move || format!("{} at", title.get())
            aria-orientation="horizontal"
            aria-valuemin="0"
            aria-valuemax=last
            aria-valuenow=move || crosshair.read_point().to_string()
            aria-valuetext=text
            on:pointermove=move |event| crosshair.moved(&event)
            on:pointerdown=move |event| crosshair.pressed(&event)
            on:pointerup=move |_| crosshair.released()
            on:pointerleave=move |event| crosshair.left(&event)
            on:focus=move |event| crosshair.focused(&event)
            on:blur=move |_| crosshair.clear()
            on:keydown=move |event| crosshair.key(&event)
        ></div>
    }
}

/// The values under the crosshair, in the corner that is further from it.
fn readout(crosshair: Crosshair, series: Vec<Series>, unit: Unit) -> impl IntoView {
    let clock = expect_context::<Clock>();
    move || {
        let point = crosshair.at.get()?;
        let is_left_half = crosshair.points.with(|points| point * 2 < points.starts.len());
        let class = if is_left_half {
            "chart-values chart-values-end"
        } else {
            "chart-values"
        };
        let time = crosshair.points.with(|points| time::range(points, point, clock));
        let values = values_at(crosshair, &series, unit, point)
            .into_iter()
            .map(|(name, colour, value)| {
                let class = format!("chart-key chart-key-{}", colour.as_str());
                view! { <span class=class>{name} " " <strong>{value}</strong></span> }
            });
        Some(view! {
            <div class=class aria-hidden="true">
                <span>{time}</span>
                {values.collect_view()}
            </div>
        })
    }
}

fn values_at(crosshair: Crosshair, series: &[Series], unit: Unit, point: usize) -> Vec<(&'static str, Colour, String)> {
    crosshair.points.with(|points| {
        let values = series.iter().map(|series| {
            let value = points.value(series.column, point);
            (
                series.name,
                series.colour,
                value.map_or_else(|| "–".to_owned(), |value| unit.text(value)),
            )
        });
        values.collect()
    })
}
