//! What a resource brings: a skeleton of its size until it is there, then the thing itself, or why not.

use leptos::{children::ViewFn, prelude::*};
use serde::{Serialize, de::DeserializeOwned};

use super::ErrorView;
use crate::loading::Loading;

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
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    V: Fn(T) -> View + Clone + Send + Sync + 'static,
    View: IntoView + 'static,
{
    let (is_pending, set_pending) = signal(false);
    let retry = Callback::new(move |()| resource.refetch());
    view! {
        <div class="loaded" class:is-pending=is_pending aria-busy=move || is_pending.get().then_some("true")>
            <Transition fallback=move || skeleton.run() set_pending>
                {move || {
                    let view = view.clone();
                    Suspend::new(async move {
                        match resource.await {
                            Ok(value) => view(value).into_any(),
                            Err(error) => view! { <ErrorView what error on_retry=retry /> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </div>
    }
}
