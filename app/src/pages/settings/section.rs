//! One card of the page.

use leptos::prelude::*;

use super::{
    form::draw_form,
    handle::Settings,
    table::{draw_cell, draw_table},
};
use crate::wire::settings::{Fact, Section};

pub(super) fn draw_section(section: Section, settings: Settings) -> AnyView {
    let (label, heading) = (section.heading.clone(), section.heading.clone());
    let facts = (!section.facts.is_empty()).then(|| {
        let facts = section.facts.into_iter().map(draw_fact);
        view! { <dl class="facts">{facts.collect_view()}</dl> }
    });
    let lead = (!section.lead.is_empty()).then(|| view! { <p class="card-lead">{section.lead}</p> });
    view! {
        <section class="card" aria-label=label>
            <h2>{section.heading}</h2>
            {lead}
            {facts}
            {section.table.map(|table| draw_table(table, settings))}
            {section.form.map(|form| draw_form(form, heading, settings, false))}
        </section>
    }
    .into_any()
}

fn draw_fact(fact: Fact) -> AnyView {
    view! {
        <div>
            <dt>{fact.label}</dt>
            <dd>{draw_cell(fact.value)} <span class="fact-note">{fact.note}</span></dd>
        </div>
    }
    .into_any()
}
