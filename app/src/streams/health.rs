//! How a stream is doing, in words, with an icon.

use leptos::prelude::*;

use crate::{
    clock::Clock,
    model::health_words::{HealthWords, Tone, health_words},
    ui::Icon,
    wire::DestinationView,
};

#[component]
pub(super) fn Health(view: Memo<Option<DestinationView>>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let words = Memo::new(move |_| {
        let viewpoint = clock.viewpoint();
        view.with(|view| view.as_ref().map(|view| health_words(&view.health, viewpoint)))
    });
    view! { <div class="stream-health">{move || words.get().map(told)}</div> }
}

fn told(words: HealthWords) -> impl IntoView {
    let details = words.details.join(" · ");
    let separator = if details.is_empty() { "" } else { " · " };
    view! {
        <p class=class(words.tone)>
            <Icon icon=icon(words.tone) />
            <span>
                <strong>{words.headline}</strong>
                {separator}
                {details}
            </span>
        </p>
        {words.next_step.map(|next_step| view! { <p class="health-next">{next_step}</p> })}
    }
}

const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "health health-good",
        Tone::Quiet => "health health-quiet",
        Tone::Busy => "health health-busy",
        Tone::Warning => "health health-warning",
        Tone::Bad => "health health-bad",
    }
}

fn icon(tone: Tone) -> icondata_core::Icon {
    match tone {
        Tone::Good => icondata_lu::LuCircleCheck,
        Tone::Quiet => icondata_lu::LuCircleDashed,
        Tone::Busy => icondata_lu::LuActivity,
        Tone::Warning => icondata_lu::LuTriangleAlert,
        Tone::Bad => icondata_lu::LuCircleX,
    }
}
