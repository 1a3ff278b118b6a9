//! A button that copies a text.

use std::time::Duration;

use leptos::prelude::*;

use super::Icon;
use crate::browser;

const SHOWN_FOR: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Copying {
    Ready,
    Copied,
    Failed,
}

impl Copying {
    fn icon(self) -> icondata_core::Icon {
        match self {
            Self::Ready => icondata_lu::LuCopy,
            Self::Copied => icondata_lu::LuCheck,
            Self::Failed => icondata_lu::LuX,
        }
    }

    const fn words(self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::Copied => Some("Copied"),
            Self::Failed => Some("Copying is not allowed here"),
        }
    }
}

#[component]
pub(crate) fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// What it copies, for example "Copy verification token".
    label: &'static str,
) -> impl IntoView {
    let copying = RwSignal::new(Copying::Ready);
    let copy = move |_| {
        browser::copy(text.get_untracked(), move |copied| {
            copying.try_set(if copied { Copying::Copied } else { Copying::Failed });
            set_timeout(
                move || {
                    copying.try_set(Copying::Ready);
                },
                SHOWN_FOR,
            );
        });
    };
    view! {
        <span class="copy needs-script">
            <button type="button" class="icon-button" aria-label=label title="Copy to clipboard" on:click=copy>
                {move || view! { <Icon icon=copying.get().icon() /> }}
            </button>
            <span role="status">
                {move || copying.get().words().map(|words| view! { <span class="copy-words">{words}</span> })}
            </span>
        </span>
    }
}
