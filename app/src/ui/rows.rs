//! A list of things with keys.

use std::hash::Hash;

use leptos::prelude::*;

/// Renders each item once and keeps it while its key stays; `row` shows what changes in the item. So focus, open dialogs and typed
/// text survive.
#[component]
pub(crate) fn Rows<T, K>(
    #[prop(into)] rows: Signal<Vec<T>>,
    key: fn(&T) -> K,
    row: fn(Signal<T>) -> AnyView,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: Eq + Hash + Clone + Send + Sync + 'static,
{
    let item = move |first: T| {
        let of_item = key(&first);
        let found = move || rows.with(|rows| rows.iter().find(|item| key(item) == of_item).cloned());
        let item =
            Memo::new(move |last: Option<&T>| found().or_else(|| last.cloned()).unwrap_or_else(|| first.clone()));
        row(item.into())
    };
    view! { <For each=move || rows.get() key=key children=item /> }
}
