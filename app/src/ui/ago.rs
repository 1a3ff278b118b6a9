//! How long ago something was, with the point in time on hover.

use domain::Timestamp;
use leptos::prelude::*;

use crate::clock::Clock;

#[component]
pub(crate) fn Ago(at: Timestamp) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let text = Memo::new(move |_| ago(at, clock.now()));
    view! {
        <time datetime=at.to_string() title=move || clock.text(at)>
            {text}
        </time>
    }
}

/// `3 s ago`, `4 min ago`, `2 h ago`, `3 d ago`.
fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.since(at).as_secs() {
        seconds @ 0..=99 => format!("{seconds}\u{a0}s ago"),
        seconds @ 100..=5_999 => format!("{}\u{a0}min ago", seconds / 60),
        seconds @ 6_000..=172_799 => format!("{}\u{a0}h ago", seconds / 3_600),
        seconds => format!("{}\u{a0}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_the_unit_that_fits() {
        let at = |ms| Timestamp::from_unix_ms(ms);
        let ages = [
            (1_900, "1\u{a0}s ago"),
            (120_000, "2\u{a0}min ago"),
            (7_200_000, "2\u{a0}h ago"),
            (300_000_000, "3\u{a0}d ago"),
        ];
        for (age, text) in ages {
            assert_eq!(ago(at(0), at(age)), text);
        }
        assert_eq!(ago(at(5_000), at(0)), "0\u{a0}s ago", "clocks differ");
    }
}
