//! The number of open alerts, beside the link to the alerts.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::{
    fresh::{Fresh, Tag},
    model::text::counted,
    ui::Live,
    wire::AppError,
};

/// Counts the open alerts.
#[server(prefix = "/api/page", endpoint = "alerts/count", input = GetUrl)]
pub async fn count_alerts(#[server(default)] known: Option<Tag>) -> Result<Fresh<u64>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let open = u64::try_from(engine.list_alerts().await?.len()).unwrap_or(u64::MAX);
        Fresh::new(open, known.as_ref(), engine.clock().now())
    })
    .await
}

/// The number of open alerts, for the button that opens the navigation where it is a sheet.
#[derive(Clone, Copy)]
pub(super) struct AlertCount(RwSignal<u64>);

impl AlertCount {
    pub(super) fn provide() {
        provide_context(Self(RwSignal::new(0)));
    }

    /// Shown on the button, with the name that it gives to it.
    pub(super) fn on_button(self) -> (impl Fn() -> String + Copy, impl Fn() -> Option<AnyView> + Copy) {
        let count = self.0;
        (move || button_name(count.get()), move || button_badge(count.get()))
    }
}

fn button_name(open: u64) -> String {
    alert_text(open).map_or_else(
        || "Open navigation".to_owned(),
        |text| format!("Open navigation, {text}"),
    )
}

fn button_badge(open: u64) -> Option<AnyView> {
    alert_text(open)?;
    let badge = view! {
        <span class="badge badge-bad sheet-badge" aria-hidden="true">
            {open}
        </span>
    };
    Some(badge.into_any())
}

#[component]
pub(super) fn AlertBadge() -> impl IntoView {
    view! {
        <Live
            source=()
            ask=|(), known| count_alerts(known)
            what="The number of alerts can't be shown."
            skeleton=|| ()
            is_minor=true
            view=|open| {
                let AlertCount(count) = expect_context();
                Effect::new(move |_| count.set(open.get()));
                view! { {move || badge(open.get())} }.into_any()
            }
        />
    }
}

fn alert_text(open: u64) -> Option<String> {
    (open > 0).then(|| counted(open, "open alert"))
}

fn badge(open: u64) -> Option<AnyView> {
    let text = alert_text(open)?;
    let title = text.clone();
    let badge = view! {
        <span class="badge badge-bad sidebar-badge" title=title>
            <span aria-hidden="true">{open}</span>
            <span class="visually-hidden">{text}</span>
        </span>
    };
    Some(badge.into_any())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_badge_says_what_it_counts() {
        assert!(badge(0).is_none());
        for (open, text) in [(1, "1 open alert<"), (12, "12 open alerts<")] {
            let html = badge(open).map(RenderHtml::to_html).unwrap();
            assert!(html.contains(text), "{html}");
        }
    }

    #[test]
    fn the_button_that_opens_the_navigation_names_the_alerts() {
        assert_eq!(button_name(0), "Open navigation");
        assert_eq!(button_name(2), "Open navigation, 2 open alerts");
        assert!(button_badge(0).is_none() && button_badge(2).is_some());
    }
}
