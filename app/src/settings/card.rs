//! Parts of the cards.

use leptos::prelude::*;

#[component]
pub(super) fn Card(
    title: &'static str,
    #[prop(optional)] lead: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" aria-label=title>
            <h2>{title}</h2>
            {lead.map(|lead| view! { <p class="card-lead">{lead}</p> })}
            {children()}
        </section>
    }
}

/// A word that stands out.
#[component]
pub(super) fn Badge(tone: Tone, text: &'static str) -> impl IntoView {
    view! { <span class=tone.class()>{text}</span> }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Quiet,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "badge badge-good",
            Self::Bad => "badge badge-bad",
            Self::Quiet => "badge",
        }
    }
}

/// A table whose rows become small lists where it is narrow; each cell then has the heading of its column in front.
#[component]
pub(super) fn DataTable(
    label: &'static str,
    headings: &'static [&'static str],
    /// The last column has buttons.
    #[prop(optional)]
    has_actions: bool,
    children: Children,
) -> impl IntoView {
    let headings = headings.iter().map(|heading| view! { <th scope="col">{*heading}</th> });
    let actions = has_actions.then(|| {
        view! {
            <th scope="col">
                <span class="visually-hidden">"Actions"</span>
            </th>
        }
    });
    view! {
        <table class="data-table" aria-label=label>
            <thead>
                <tr>{headings.collect_view()} {actions}</tr>
            </thead>
            <tbody>{children()}</tbody>
        </table>
    }
}

/// A cell under this heading.
#[component]
pub(super) fn Cell(heading: &'static str, children: Children) -> impl IntoView {
    view! { <td data-label=heading>{children()}</td> }
}

/// A fact with its name.
#[component]
pub(super) fn Fact(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// How a setting from the command line is explained.
pub(super) fn set_on_command_line(flag: &str, variable: &str) -> String {
    format!("Set on the command line, by {flag} or {variable}, and can't be changed here.")
}
