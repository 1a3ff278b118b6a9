//! Where HTML that the server drew stands in the page.

use std::time::Duration;

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    html,
    prelude::*,
    task::spawn_local,
    wasm_bindgen::JsCast,
};
use web_sys::{Element, HtmlFormElement};

use super::patch::{BUSY, patch};
use crate::{
    browser,
    clock::Clock,
    loading::load,
    server_fns::{drawn::draw_panel, settings::send_form},
    ui::{Alert, AlertTone, LinesSkeleton, Loaded},
};

const REFRESHED_EVERY: Duration = Duration::from_secs(3);

/// What came of the form that was sent last.
type Told = RwSignal<Option<(AlertTone, String)>>;

/// Shows `html`, and sends the forms in it. `changed` is called when one was taken, `asked` with the panel that a button
/// asks for.
pub(crate) fn drawn_place(html: Signal<String>, changed: Callback<()>, asked: Callback<String>) -> AnyView {
    let place = NodeRef::<html::Div>::new();
    let told = Told::new(None);
    let first = html.get_untracked();
    Effect::new(move |before: Option<String>| {
        let now = html.get();
        if let Some(place) = place
            .get_untracked()
            .filter(|_| before.is_some_and(|before| before != now))
        {
            patch(&place, &now);
        }
        now
    });
    let outcome = move || {
        let (tone, words) = told.get()?;
        let dismiss = Callback::new(move |()| told.set(None));
        Some(view! { <Alert tone on_dismiss=dismiss>{words}</Alert> }.into_any())
    };
    view! {
        <div role="status">{outcome}</div>
        <div
            class="drawn"
            node_ref=place
            inner_html=first
            on:submit=move |event| submit(&event, told, changed)
            on:click=move |event| press(&event, asked)
        ></div>
    }
    .into_any()
}

/// A panel, as long as it is looked at never older than some seconds.
pub(crate) fn draw_panel_in(panel: RwSignal<String>, what: &'static str) -> AnyView {
    let first = load(|| (), move |()| draw_panel(panel.get_untracked(), None));
    let clock = expect_context::<Clock>();
    view! {
        <Loaded
            resource=first
            what=what
            skeleton=|| view! { <LinesSkeleton lines=6 /> }
            view=move |html| live(html, panel, clock)
        />
    }
    .into_any()
}

/// Of several requests that are under way, the answer to the newest counts.
fn live(first: String, panel: RwSignal<String>, clock: Clock) -> AnyView {
    let html = RwSignal::new(first);
    let (asked, answered) = (StoredValue::new(0_u32), StoredValue::new(0_u32));
    let refresh = Callback::new(move |()| {
        asked.update_value(|asked| *asked = asked.wrapping_add(1));
        let (request, name) = (asked.get_value(), panel.get_untracked());
        spawn_local(async move {
            let drawn = draw_panel(name, browser::offset_now()).await;
            if asked.try_get_value() == Some(request) {
                answered.set_value(request);
                // What could not be had is asked for again soon; until then the page stays as it is.
                if let Ok(drawn) = drawn {
                    html.try_set(drawn);
                }
            }
        });
    });
    Effect::new(move |before: Option<()>| {
        panel.track();
        // The first is there already, if only with times in UTC.
        if before.is_some() || clock.is_ready() {
            refresh.run(());
        }
    });
    every_while_visible(move || {
        if asked.get_value() == answered.get_value() {
            refresh.run(());
        }
    });
    drawn_place(html.into(), refresh, Callback::new(move |other| panel.set(other)))
}

fn every_while_visible(refresh: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let refresh = refresh.clone();
        let every = set_interval_with_handle(
            move || {
                if browser::is_visible() {
                    refresh();
                }
            },
            REFRESHED_EVERY,
        );
        on_cleanup(move || {
            if let Ok(every) = every {
                every.clear();
            }
        });
    });
}

/// Sends a form to where it says. While that is under way it takes nothing else.
fn submit(event: &SubmitEvent, told: Told, changed: Callback<()>) {
    let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
    let Some((form, path)) = form.and_then(|form| form.get_attribute("action").map(|path| (form, path))) else {
        return;
    };
    event.prevent_default();
    if form.has_attribute(BUSY) {
        return;
    }
    set_busy(&form, true);
    spawn_local(async move {
        let answer = send_form(&path, &form).await;
        set_busy(&form, false);
        match answer {
            Ok(done) => {
                let words = Some(done.message).filter(|words| !words.is_empty());
                told.try_set(words.map(|words| (AlertTone::Good, words)));
                changed.try_run(());
            }
            Err(error) => {
                told.try_set(Some((AlertTone::Bad, format!("{error} {}", error.next_step()))));
            }
        }
    });
}

fn set_busy(form: &HtmlFormElement, is_busy: bool) {
    drop(match is_busy {
        true => form.set_attribute(BUSY, "true"),
        false => form.remove_attribute(BUSY),
    });
}

fn press(event: &MouseEvent, asked: Callback<String>) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return;
    };
    let pressed = |attribute: &str| {
        let button = target.closest(&format!("[{attribute}]")).ok().flatten()?;
        let value = button.get_attribute(attribute)?;
        Some((button, value))
    };
    if let Some((_, panel)) = pressed("data-panel") {
        asked.run(panel);
    }
    if let Some((button, text)) = pressed("data-copy") {
        browser::copy(text, move |copied| {
            let words = if copied {
                "Copied"
            } else {
                "Copying is not allowed here"
            };
            if let Some(place) = button.next_element_sibling() {
                place.set_text_content(Some(words));
            }
        });
    }
}
