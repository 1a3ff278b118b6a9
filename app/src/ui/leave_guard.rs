//! Asks before unsaved input is discarded: by a link, by the browser's *Back*, by closing the window, or by a button of the page.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast};
use leptos_router::hooks::use_location;
use web_sys::{Element, Event, HtmlElement, MouseEvent};

use crate::browser;

type Leave = Callback<()>;

/// Provided as a context by the part of the page whose input can be lost.
#[derive(Clone, Copy)]
pub(crate) struct LeaveGuard {
    is_unsaved: Signal<bool>,
    /// Removes what is unsaved.
    discard: Callback<()>,
    /// What happens after that, while the reader is asked.
    leave: RwSignal<Option<Leave>>,
}

/// Who is asked before the router follows the browser's *Back*. The window calls its listeners in the order in which they were
/// added, so the one for this is added before the router's.
#[derive(Clone, Copy)]
pub(crate) struct HistoryWatch(StoredValue<Option<(LeaveGuard, Callback<(), String>)>>);

impl HistoryWatch {
    /// Called before the router is there.
    pub(crate) fn provide() {
        let watch = Self(StoredValue::new(None));
        if cfg!(feature = "hydrate") {
            let on_history = move |event: web_sys::PopStateEvent| {
                if let Some((guard, shown)) = watch.0.try_get_value().flatten() {
                    guard.on_history(&event, shown);
                }
            };
            window_event_listener(ev::popstate, on_history);
        }
        provide_context(watch);
    }

    /// Another page may be watched already.
    fn forget(self, guard: LeaveGuard) {
        self.0.try_update_value(|watched| {
            watched.take_if(|(watched, _)| watched.leave == guard.leave);
        });
    }
}

impl LeaveGuard {
    /// Guards the input as long as the caller's owner lives.
    pub(crate) fn provide(is_unsaved: Signal<bool>, discard: Callback<()>) -> Self {
        let guard = Self {
            is_unsaved,
            discard,
            leave: RwSignal::new(None),
        };
        let watch = expect_context::<HistoryWatch>();
        // That of the router, which does not see the event before the watch does.
        let location = use_location();
        let shown = Callback::new(move |()| {
            let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
            let mark = if search.is_empty() { "" } else { "?" };
            [path.as_str(), mark, search.as_str()].concat()
        });
        Effect::new(move |_| {
            let unload = window_event_listener(ev::beforeunload, move |event| {
                if guard.blocks() {
                    event.prevent_default();
                }
            });
            on_cleanup(move || unload.remove());
            browser::on_window_capture("click", move |event| guard.on_click(&event));
            watch.0.set_value(Some((guard, shown)));
            on_cleanup(move || watch.forget(guard));
        });
        provide_context(guard);
        guard
    }

    /// Asks before doing something that discards a part of the input.
    pub(crate) fn ask(self, leave: impl Fn() + Send + Sync + 'static) {
        self.leave.set(Some(Callback::new(move |()| leave())));
    }

    fn blocks(self) -> bool {
        self.is_unsaved.try_get_untracked() == Some(true)
    }

    /// Asks before leaving the page.
    fn ask_to_leave(self, leave: impl Fn() + Send + Sync + 'static) {
        self.ask(move || {
            self.discard.run(());
            leave();
        });
    }

    /// A link that leads away: it is followed by another click if the reader agrees.
    fn on_click(self, event: &Event) {
        let Some(link) = left_by(event).filter(|_| self.blocks()) else {
            return;
        };
        event.prevent_default();
        event.stop_immediate_propagation();
        let link = StoredValue::new_local(link);
        self.ask_to_leave(move || link.with_value(HtmlElement::click));
    }

    /// The address has changed already: the one that is shown is put back until the reader agrees.
    fn on_history(self, event: &Event, shown: Callback<(), String>) {
        if self.blocks() {
            event.stop_immediate_propagation();
            browser::push_address(&shown.run(()));
            self.ask_to_leave(browser::go_back);
        }
    }
}

/// The link that a click follows in this window, unless it keeps the input, which `data-stays` says of it.
fn left_by(event: &Event) -> Option<HtmlElement> {
    let click = event.dyn_ref::<MouseEvent>()?;
    let is_plain =
        click.button() == 0 && !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key());
    let target: Element = event.target()?.dyn_into().ok()?;
    let link = target.closest("a[href]").ok()??;
    let href = link.get_attribute("href")?;
    let stays = href.starts_with('#') || link.has_attribute("download") || link.has_attribute("data-stays");
    let is_here = link.get_attribute("target").is_none_or(|target| target == "_self");
    (is_plain && is_here && !stays).then(|| link.dyn_into().ok())?
}

/// The question. Once in the page that the guard belongs to.
#[component]
pub(crate) fn LeaveDialog(guard: LeaveGuard) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let is_asked = guard.leave.with(Option::is_some);
        if let Some(dialog) = dialog.get() {
            if is_asked && !dialog.open() {
                dialog.show_modal().unwrap_or_default();
            } else if !is_asked && dialog.open() {
                dialog.close();
            }
        }
    });
    let stay = move || guard.leave.set(None);
    let discard = move |_| {
        let leave = guard.leave.get_untracked();
        stay();
        if let Some(leave) = leave {
            leave.run(());
        }
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="leave-title"
            aria-describedby="leave-text"
            on:close=move |_| if browser::is_closed(dialog) { stay() }
        >
            <h2 id="leave-title">"Discard unsaved changes?"</h2>
            <p id="leave-text">"What you entered is not saved and will be lost."</p>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| stay()>
                    "Keep editing"
                </button>
                <button type="button" class="button button-danger-solid" on:click=discard>
                    "Discard changes"
                </button>
            </div>
        </dialog>
    }
}
