//! What a resource brings: a skeleton of its size until it is there, then the thing itself, or why not.

use std::sync::Arc;

use leptos::{children::ViewFn, prelude::*};
use serde::de::DeserializeOwned;

use super::ErrorView;
use crate::{
    loading::{Answer, Loading, PageJson},
    wire::AppError,
};

/// While a newer value is under way the older one stays.
#[component]
pub(crate) fn Loaded<T, V, View>(
    resource: Loading<T>,
    /// What could not be done when it fails, as a sentence.
    what: &'static str,
    #[prop(into)] skeleton: ViewFn,
    view: V,
) -> impl IntoView
where
    T: DeserializeOwned + Clone + 'static,
    V: Fn(T) -> View + Send + Sync + 'static,
    View: IntoView + 'static,
{
    let show = move |answer: &Answer| answer.read().map(|value| view(value).into_any());
    let retry = Callback::new(move |()| resource.refetch());
    loaded_any(resource.answers(), what, skeleton, Arc::new(show), retry)
}

type Show = Arc<dyn Fn(&Answer) -> Result<AnyView, AppError> + Send + Sync>;

fn loaded_any(
    answers: Resource<Answer, PageJson>,
    what: &'static str,
    skeleton: ViewFn,
    show: Show,
    retry: Callback<()>,
) -> AnyView {
    let (is_pending, set_pending) = signal(false);
    view! {
        <div class="loaded" class:is-pending=is_pending aria-busy=move || is_pending.get().then_some("true")>
            <Transition fallback=move || skeleton.run() set_pending>
                {move || {
                    let show = Arc::clone(&show);
                    Suspend::new(async move {
                        show(&answers.await)
                            .unwrap_or_else(|error| view! { <ErrorView what error on_retry=retry /> }.into_any())
                    })
                }}
            </Transition>
        </div>
    }
    .into_any()
}
