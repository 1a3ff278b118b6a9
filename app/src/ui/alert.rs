//! A message above what it is about.

use leptos::prelude::*;

use super::Icon;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlertTone {
    Good,
    Warning,
    Bad,
}

impl AlertTone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "alert alert-good",
            Self::Warning => "alert alert-warning",
            Self::Bad => "alert alert-bad",
        }
    }

    fn icon(self) -> icondata_core::Icon {
        match self {
            Self::Good => icondata_lu::LuCircleCheck,
            Self::Warning => icondata_lu::LuTriangleAlert,
            Self::Bad => icondata_lu::LuCircleAlert,
        }
    }
}

/// Not announced by itself: put it into a live region when it appears later than the page.
#[component]
pub(crate) fn Alert(
    tone: AlertTone,
    #[prop(optional, into)] title: Option<String>,
    /// Adds a button that dismisses it.
    #[prop(optional, into)]
    on_dismiss: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let dismiss = on_dismiss.map(|on_dismiss| {
        view! {
            <button type="button" class="icon-button" aria-label="Dismiss" on:click=move |_| on_dismiss.run(())>
                <Icon icon=icondata_lu::LuX />
            </button>
        }
    });
    view! {
        <div class=tone.class()>
            <Icon icon=tone.icon() />
            <div class="alert-body">
                {title.map(|title| view! { <p class="alert-title">{title}</p> })} <div>{children()}</div>
            </div>
            {dismiss}
        </div>
    }
}
