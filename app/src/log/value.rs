//! A value in the table or the details, which can be included or excluded: a link to the filter, and with the program a menu.

use leptos::{ev::MouseEvent, html, prelude::*, wasm_bindgen::JsCast};
use web_sys::Element;

use super::{filter::Condition, location::LogLocation};
use crate::{browser, ui::Icon};

const MENU_ID: &str = "log-value-menu";

/// The value whose menu is open.
#[derive(Clone, Debug, PartialEq)]
struct Chosen {
    condition: Condition,
    shown: String,
    left: f64,
    top: f64,
}

/// The one menu of all values.
#[derive(Clone, Copy)]
pub(super) struct ValueMenus(RwSignal<Option<Chosen>>);

impl ValueMenus {
    pub(super) fn provide() {
        provide_context(Self(RwSignal::new(None)));
    }

    fn open(self, condition: Condition, shown: String, at: &Element) {
        let bounds = at.get_bounding_client_rect();
        self.0.set(Some(Chosen {
            condition,
            shown,
            left: bounds.left(),
            top: bounds.bottom(),
        }));
        browser::show_popover(MENU_ID);
    }
}

/// `shown` is what the reader sees, and `whole` what it stands for.
#[component]
pub(super) fn Value(
    condition: Condition,
    #[prop(into)] shown: String,
    #[prop(into)] whole: String,
    location: Memo<LogLocation>,
    #[prop(optional)] is_code: bool,
) -> impl IntoView {
    let menus = expect_context::<ValueMenus>();
    let target = condition.clone();
    let href = move || filtered(&location.get(), &target);
    let name = whole.clone();
    let open = move |event: MouseEvent| {
        let link = event.current_target().and_then(|link| link.dyn_into::<Element>().ok());
        let is_plain = !event.ctrl_key() && !event.meta_key() && !event.shift_key();
        if let (Some(link), true) = (link, is_plain) {
            event.prevent_default();
            menus.open(condition.clone(), name.clone(), &link);
        }
    };
    view! {
        <a class="log-value" class:is-code=is_code href=href title=whole data-noscroll="true" on:click=open>
            <bdi>{shown}</bdi>
        </a>
    }
}

/// The menu itself; once in the tab.
#[component]
pub(super) fn ValueMenu(location: Memo<LogLocation>) -> impl IntoView {
    let chosen = expect_context::<ValueMenus>().0;
    let frame = NodeRef::<html::Div>::new();
    let style = move |read: fn(&Chosen) -> f64| {
        chosen.with(|chosen| chosen.as_ref().map(|chosen| format!("{}px", read(chosen))))
    };
    let hide = move |_| browser::hide_popover(MENU_ID);
    let link = move |is_not: bool| {
        chosen.get().map(|chosen| {
            let condition = Condition {
                is_not,
                ..chosen.condition
            };
            let href = filtered(&location.get(), &condition);
            let label = condition.field.label();
            let (icon, text) = match is_not {
                false => (icondata_lu::LuFunnel, format!("{label} is {}", condition.value)),
                true => (icondata_lu::LuFunnelX, format!("{label} is not {}", condition.value)),
            };
            view! {
                <a class="menu-item" href=href data-noscroll="true" autofocus=!is_not on:click=hide>
                    <Icon icon />
                    <bdi>{text}</bdi>
                </a>
            }
        })
    };
    let copy = move |_| {
        if let Some(chosen) = chosen.get_untracked() {
            browser::copy(chosen.shown, |_| browser::hide_popover(MENU_ID));
        }
    };
    view! {
        <div
            id=MENU_ID
            class="menu-sheet log-value-menu"
            popover="auto"
            role="dialog"
            aria-label="Filter by this value"
            node_ref=frame
            style:left=move || style(|chosen| chosen.left)
            style:top=move || style(|chosen| chosen.top)
        >
            {move || link(false)} {move || link(true)} <button type="button" class="menu-item" on:click=copy>
                <Icon icon=icondata_lu::LuCopy />
                "Copy value"
            </button>
        </div>
    }
}

fn filtered(location: &LogLocation, condition: &Condition) -> String {
    let filter = location.filter.clone().with(condition);
    location.clone().with_filter(filter).href()
}
