//! The overview while it loads: numbers, charts and streams in their places.

use leptos::prelude::*;

/// As many rows as a few streams have.
const ROWS: usize = 4;

#[component]
pub(super) fn OverviewSkeleton() -> impl IntoView {
    let figure = || {
        view! {
            <div class="figure skeleton-figure">
                <span class="skeleton-bar"></span>
                <span class="skeleton-bar"></span>
                <span class="skeleton-bar"></span>
            </div>
        }
    };
    let chart = || view! { <span class="skeleton-bar skeleton-chart"></span> };
    let row = || view! { <div class="skeleton-row"><span class="skeleton-bar"></span></div> };
    view! {
        <div class="overview" role="status">
            <span class="visually-hidden">"Loading"</span>
            <div class="figures">{(0..4).map(|_| figure()).collect_view()}</div>
            <div class="card">
                <div class="charts">{(0..2).map(|_| chart()).collect_view()}</div>
            </div>
            <div class="card">{(0..ROWS).map(|_| row()).collect_view()}</div>
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_loads_says_so_once_and_has_the_places_of_the_overview() {
        let html = view! { <OverviewSkeleton /> }.to_html();
        assert_eq!(html.matches("Loading").count(), 1, "{html}");
        assert_eq!(html.matches("skeleton-figure").count(), 4, "{html}");
        assert_eq!(html.matches("skeleton-chart").count(), 2, "{html}");
    }
}
