//! The conditions that are set, as tokens.

use leptos::prelude::*;

use crate::{
    model::{
        log_filter::{LogFilter, Token},
        log_location::LogLocation,
    },
    ui::Icon,
};

/// The tokens that are set, each with the way to do without it.
pub(super) fn chips(location: &LogLocation) -> Option<AnyView> {
    let filter = &location.filter;
    let chip = |(token, value): (Token, String)| {
        let href = location.clone().with_filter(filter.clone().with(token, "")).href();
        let operator = if token == Token::Text { "contains" } else { "is" };
        view! {
            <li class="log-chip">
                <span>{token.label()} " " {operator} " "</span>
                <bdi>{value}</bdi>
                <a href=href data-noscroll="true" aria-label=format!("Remove {}", token.label())>
                    <Icon icon=icondata_lu::LuX />
                </a>
            </li>
        }
    };
    (!filter.is_empty()).then(|| {
        view! {
            <ul class="log-chips" aria-label="Filters">
                {filter.tokens().into_iter().map(chip).collect_view()}
                <li>{clear_link(location)}</li>
            </ul>
        }
        .into_any()
    })
}

pub(super) fn clear_link(location: &LogLocation) -> AnyView {
    let sort = location.filter.sort.clone();
    let cleared = LogFilter {
        sort,
        ..LogFilter::default()
    };
    let href = location.clone().with_filter(cleared).href();
    view! { <a class="log-clear" href=href data-noscroll="true">"Clear filters"</a> }.into_any()
}
