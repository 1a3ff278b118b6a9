//! What a chart renders.

use std::time::Duration;

use domain::Timestamp;
use leptos::prelude::*;

use super::{Chart, ChartTable, Colour, Column, Points, Series, Shape, Unit};
use crate::clock::Clock;

fn points(delivered: [u64; 3]) -> Points {
    // From 2026-03-24T10:40:00Z on.
    let starts = [0, 60_000, 120_000].map(|ms| Timestamp::from_unix_ms(1_774_348_800_000 + ms));
    Points::counts(starts.to_vec(), Duration::from_secs(60), delivered)
}

fn html(delivered: [u64; 3]) -> String {
    let owner = Owner::new();
    owner.with(|| {
        Clock::provide();
        let points = Signal::stored(points(delivered));
        let view = view! {
            <Chart
                title="Events delivered"
                summary="4"
                points
                series=vec![Series::only(0, Colour::Accent)]
                shape=Shape::Bars
                unit=Unit::Count("event")
                empty="Nothing was delivered."
            />
            <ChartTable label="Deliveries" points columns=vec![Column::new("Delivered", 0, Unit::Count("event"))] />
        };
        view.to_html()
    })
}

#[test]
fn a_chart_can_be_read_without_seeing_it() {
    let html = html([1, 0, 3]);
    for text in [
        "aria-label=\"Events delivered: 4\"",
        "aria-valuetext=\"10:42: 3 events\"",
        "aria-valuenow=\"2\"",
        ">5<",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("<title"), "{html}");
    assert_eq!(
        html.matches("scope=\"row\"").count(),
        2,
        "points without values are left out: {html}"
    );
}

#[test]
fn an_empty_chart_says_so_and_has_no_scale() {
    let html = html([0, 0, 0]);
    assert!(html.contains("Nothing was delivered."), "{html}");
    assert!(html.contains("There are no values in this time range."), "{html}");
    assert!(!html.contains("<path class=\"chart-bars-accent\" d="), "{html}");
}
