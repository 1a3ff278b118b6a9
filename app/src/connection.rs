//! Whether the server answers the requests that a page sends by itself, and the quiet bar that says so while it does not.

use leptos::{ev, prelude::*};

use crate::{
    ui::{Icon, SignInAgain},
    wire::AppError,
};

/// The outcome of the latest request that the page sent by itself.
#[derive(Clone, Copy)]
pub(crate) struct Connection {
    problem: RwSignal<Option<AppError>>,
    is_leaving: StoredValue<bool>,
}

impl Connection {
    pub(crate) fn provide() {
        let connection = Self {
            problem: RwSignal::new(None),
            is_leaving: StoredValue::new(false),
        };
        provide_context(connection);
        Effect::new(move |_| connection.notice_leaving());
    }

    /// Whether the browser is about to replace the page. What the page asks now may already be asked by nobody: its
    /// session ends while *Sign out* is on its way.
    pub(crate) fn is_leaving(self) -> bool {
        self.is_leaving.try_get_value().unwrap_or(true)
    }

    fn notice_leaving(self) {
        let submitted = window_event_listener(ev::submit, move |submit| {
            // Forms that the page sends itself have been handled by now.
            if !submit.default_prevented() {
                self.is_leaving.set_value(true);
            }
        });
        // A page that the browser has kept is shown again.
        let shown = window_event_listener(ev::Custom::<ev::Event>::new("pageshow"), move |_| {
            self.is_leaving.set_value(false);
        });
        on_cleanup(move || {
            submitted.remove();
            shown.remove();
        });
    }

    /// Reports the outcome of a request that the page sent by itself.
    pub(crate) fn report<T>(self, answer: &Result<T, AppError>) {
        let problem = answer.as_ref().err();
        if self.problem.try_with_untracked(|shown| shown.as_ref() != problem) == Some(true) {
            self.problem.try_set(problem.cloned());
        }
    }
}

/// One bar for all pages. It disappears when a request succeeds.
#[component]
pub(crate) fn ConnectionBar() -> impl IntoView {
    let connection = expect_context::<Connection>();
    view! { <div class="connection" role="status">{move || connection.problem.get().map(bar)}</div> }
}

fn bar(problem: AppError) -> impl IntoView {
    let is_signed_out = problem == AppError::Unauthenticated;
    let next = if is_signed_out {
        problem.next_step()
    } else {
        "Data may be out of date. Reconnecting…"
    };
    let text = format!("{problem} {next}");
    view! {
        <div class="quiet-bar">
            <Icon icon=icondata_lu::LuUnplug />
            <span>{text}</span>
            {is_signed_out.then(|| view! { <SignInAgain in_new_tab=true /> })}
        </div>
    }
}
