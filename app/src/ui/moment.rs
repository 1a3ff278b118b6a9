//! A point in time, in the reader's zone, with UTC on hover.

use domain::Timestamp;
use leptos::prelude::*;

use crate::clock::Clock;

#[component]
pub(crate) fn Moment(at: Timestamp) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let utc = at.to_string();
    view! {
        <time datetime=utc.clone() title=utc>
            {move || parts(&clock.text(at))}
        </time>
    }
}

/// Day and time, each of which stays whole at the end of a line.
fn parts(text: &str) -> impl IntoView + use<> {
    let (day, time) = text.split_once(' ').unwrap_or((text, ""));
    let (day, time) = (day.to_owned(), time.to_owned());
    let rest = (!time.is_empty()).then(|| view! { " " <span class="whole">{time}</span> });
    view! {
        <span class="whole">{day}</span>
        {rest}
    }
}

/// A sentence in which no day breaks at the end of a line.
pub(crate) fn dated(text: &str) -> AnyView {
    let day = text.split(' ').find(|word| is_day(word));
    let Some((day, (before, after))) = day.and_then(|day| Some((day, text.split_once(day)?))) else {
        return text.to_owned().into_any();
    };
    let (before, day, after) = (before.to_owned(), day.to_owned(), dated(after));
    view! {
        {before}
        <span class="whole">{day}</span>
        {after}
    }
    .into_any()
}

/// `2026-03-03`
fn is_day(word: &str) -> bool {
    let is_as_wanted = |(position, byte): (usize, u8)| match position {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    word.len() == 10 && word.bytes().enumerate().all(is_as_wanted)
}

/// A point in time, or a word if there is none.
#[component]
pub(crate) fn MomentOr(at: Option<Timestamp>, otherwise: &'static str) -> impl IntoView {
    match at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => otherwise.into_any(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_date_does_not_break_inside() {
        let html = parts("2026-03-03 11:42:07 +01:00").to_html();
        assert!(
            html.contains(">2026-03-03<") && html.contains(">11:42:07 +01:00<"),
            "{html}"
        );
        assert_eq!(html.matches("whole").count(), 2, "{html}");
    }

    #[test]
    fn a_day_in_a_sentence_does_not_break_inside() {
        let html = dated("Retrying since 2026-03-03 11:42 · since 2026-03-04 09:00 UTC").to_html();
        assert_eq!(html.matches("<span class=\"whole\">2026-03-0").count(), 2, "{html}");
        assert!(
            html.contains("Retrying since ") && html.contains(" 09:00 UTC"),
            "{html}"
        );
        assert_eq!(dated("Healthy").to_html(), "Healthy");
    }
}
