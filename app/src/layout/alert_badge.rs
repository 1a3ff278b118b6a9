//! The number of open alerts, beside the link to the alerts.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::{
    fresh::{Fresh, Tag},
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

#[component]
pub(super) fn AlertBadge() -> impl IntoView {
    view! {
        <Live
            source=()
            ask=|(), known| count_alerts(known)
            what="The number of alerts can't be shown."
            skeleton=|| ()
            view=|open| view! { {move || badge(open.get())} }.into_any()
        />
    }
}

fn badge(open: u64) -> Option<AnyView> {
    let text = match open {
        0 => return None,
        1 => "1 open alert".to_owned(),
        open => format!("{open} open alerts"),
    };
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
}
