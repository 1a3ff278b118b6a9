//! A point in time in a list: only what tells it from the others.

use domain::Timestamp;
use leptos::prelude::*;

use crate::clock::Clock;

/// `10:42:07` today, else `03-24 10:42`; in UTC until the zone is known, which is said where the list begins.
#[component]
pub(super) fn ShortMoment(at: Timestamp) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let utc = at.to_string();
    // Only the date matters, so that the text does not change each second.
    let today = Memo::new(move |_| clock.text(clock.now()).get(..10).map(str::to_owned));
    view! {
        <time datetime=utc.clone() title=utc>
            {move || short(&clock.text(at), today.get().as_deref())}
        </time>
    }
}

/// Of `2026-03-24 10:42:07 UTC`.
fn short(text: &str, today: Option<&str>) -> String {
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    if text.get(..10) == today {
        part(11..19).to_owned()
    } else {
        format!("{} {}", part(5..10), part(11..16))
    }
}

/// `UTC`, or how far the reader's zone is ahead of it: for the head of a list.
#[component]
pub(super) fn Zone() -> impl IntoView {
    let clock = expect_context::<Clock>();
    let zone = Memo::new(move |_| clock.text(clock.now()).get(20..).map(str::to_owned));
    view! { {zone} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_needs_no_date() {
        let text = "2026-03-24 10:42:07 +01:00";
        assert_eq!(short(text, Some("2026-03-24")), "10:42:07");
        assert_eq!(short(text, Some("2026-03-25")), "03-24 10:42");
    }
}
