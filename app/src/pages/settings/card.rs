//! One card of the page.

use leptos::prelude::*;

use super::{
    draw_all,
    form::draw_form,
    handle::Settings,
    table::{draw_cell, draw_table},
};
use crate::wire::settings::{Kind, Part};

pub(super) fn draw_card(card: Part, settings: Settings) -> AnyView {
    let heading = card.label.clone();
    let lead = (!card.note.is_empty()).then_some(card.note);
    let label = card.label.clone();
    let mut views = Vec::new();
    for part in card.parts {
        views.push(match part.kind {
            Kind::Facts => draw_facts(part.parts, settings),
            Kind::Table => draw_table(part, settings),
            _ => {
                let own = (!part.text.is_empty()).then(|| part.text.clone());
                draw_form(part, own.or_else(|| Some(card.label.clone())), settings)
            }
        });
    }
    view! {
        <section class="card" aria-label=label>
            <h2>{heading}</h2>
            <p class="card-lead">{lead}</p>
            {views}
        </section>
    }
    .into_any()
}

fn draw_facts(facts: Vec<Part>, settings: Settings) -> AnyView {
    let facts = draw_all(facts, settings, draw_fact);
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

fn draw_fact(fact: Part, settings: Settings) -> AnyView {
    let value = draw_all(fact.parts, settings, draw_cell);
    view! {
        <div>
            <dt>{fact.label}</dt>
            <dd>{value} <span class="fact-note">{fact.note}</span></dd>
        </div>
    }
    .into_any()
}
