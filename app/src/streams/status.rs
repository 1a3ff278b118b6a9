//! The health and the rate of a stream: the parts of its row that change by themselves.

use domain::{
    ids::DestinationId,
    page::{NETWORK_SETTINGS, StreamView, stream_path},
    view::HealthView,
};
use leptos::prelude::*;

use super::{
    health::{HealthText, rate},
    ids::parked_id,
};
use crate::{
    browser,
    clock::Clock,
    model::text::counted,
    ui::{Icon, chart::Spark, dated},
};

/// Icon, headline and details in one paragraph, and the next step below it.
#[component]
pub(crate) fn Health(
    id: DestinationId,
    health: Memo<HealthView>,
    /// While it is false, the text follows the clock once a minute. Find-in-page and screen readers read it then, too.
    #[prop(default = Signal::stored(true))]
    is_seen: Signal<bool>,
) -> impl IntoView {
    let text = health_text(expect_context::<Clock>(), health, is_seen);
    let next_step = Memo::new(move |_| text.with(|text| text.next_step.clone()));
    let tone = Memo::new(move |_| text.with(|text| text.tone));
    let headline = Memo::new(move |_| text.with(|text| text.headline.clone()));
    let details = Memo::new(move |_| text.with(|text| joined(&text.details)));
    let parked = Memo::new(move |_| text.with(|text| text.parked.clone()));
    view! {
        <div class="health-words" role="group" aria-label="Health">
            <p class=move || tone.get().class()>
                {move || view! { <Icon icon=tone.get().icon() /> }}
                <span>
                    <strong>{move || headline.with(|headline| dated(headline))}</strong>
                    {move || details.with(|details| dated(details))}
                    {move || parked.get().map(|parked| parked_link(id, parked))}
                </span>
            </p>
            {move || next_step.get().map(|next_step| view! { <p class="health-next">{linked(next_step)}</p> })}
        </div>
    }
}

fn health_text(clock: Clock, health: Memo<HealthView>, is_seen: Signal<bool>) -> Memo<HealthText> {
    Memo::new(move |_| {
        let is_seen = is_seen.get();
        let now = clock.now_while(is_seen);
        health.with(|health| HealthText::new(health, now, clock.viewpoint_at(now), is_seen))
    })
}

fn joined(details: &[String]) -> String {
    details.iter().map(|detail| format!(" · {detail}")).collect()
}

/// The text, in which the name of the network settings is a link to them.
fn linked(text: String) -> AnyView {
    const NETWORK: &str = "Settings › Network";
    match text.split_once(NETWORK) {
        None => text.into_any(),
        Some((before, after)) => view! {
            {before.to_owned()}
            <a href=NETWORK_SETTINGS>{NETWORK}</a>
            {after.to_owned()}
        }
        .into_any(),
    }
}

fn parked_link(id: DestinationId, parked: String) -> impl IntoView {
    view! {
        " · "
        // The address may be that of the link already.
        <a href=stream_path(id, StreamView::Parked) data-stays="true" on:click=move |_| browser::focus(parked_id(id))>
            {parked}
        </a>
    }
}

/// Events delivered per minute, as a sparkline and a number: a button that says how many in the last half hour.
#[component]
pub(super) fn Rate(id: DestinationId, health: Memo<HealthView>) -> impl IntoView {
    let minutes = Memo::new(move |_| health.with(|health| health.per_minute.clone()));
    let text = Memo::new(move |_| minutes.with(|minutes| rate(minutes)));
    let sum = Memo::new(move |_| minutes.with(|minutes| sum_text(minutes)));
    let text_id = format!("stream-{id}-rate");
    view! {
        <div class="stream-rate">
            <button type="button" class="rate-button" popovertarget=text_id.clone() title=sum>
                <Spark values=minutes />
                <span class="visually-hidden">{sum}". "</span>
                <span class="stream-figure">{text}</span>
            </button>
            <span id=text_id class="words" popover="auto">
                {sum}
            </span>
        </div>
    }
}

fn sum_text(minutes: &[u32]) -> String {
    let sum: u64 = minutes.iter().map(|count| u64::from(*count)).sum();
    format!("{} delivered in the last 30 minutes", counted(sum, "event"))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{
        Timestamp,
        destination::DestinationKind,
        health::{StreamFacts, StreamHealth},
    };

    use super::*;

    fn html(facts: &StreamFacts) -> String {
        let health = StreamHealth::Healthy { last_success_at: None };
        let view = HealthView::new(DestinationKind::ALL[0], &health, facts);
        Owner::new().with(|| {
            Clock::provide();
            let health = Memo::new(move |_| view.clone());
            let id = DestinationId::new(3);
            view! {
                <Health id health />
                <Rate id health />
            }
            .to_html()
        })
    }

    #[test]
    fn a_row_shows_one_state_with_an_icon_and_a_word() {
        let html = html(&StreamFacts::default());
        assert_eq!(html.matches("class=\"health ").count(), 1, "{html}");
        assert!(
            html.contains("health-good") && html.contains("<svg") && html.contains("Healthy"),
            "{html}"
        );
        assert!(html.contains("0 events delivered in the last 30 minutes"), "{html}");
        assert!(html.contains("popovertarget=\"stream-3-rate\""), "{html}");
    }

    #[test]
    fn the_next_step_links_to_the_network_settings() {
        let html = Owner::new().with(|| {
            let text = "To allow it, add its host to the allowlist under Settings › Network.";
            linked(text.to_owned()).to_html()
        });
        assert!(
            html.contains("<a href=\"/admin/settings/network\">Settings › Network"),
            "{html}"
        );
    }

    #[test]
    fn parked_events_are_amber_and_linked() {
        let parked = StreamFacts {
            parked: 7,
            per_minute: vec![10; 11],
            ..StreamFacts::default()
        };
        let html = html(&parked);
        assert!(
            html.contains("health-warning") && !html.contains("health-good"),
            "{html}"
        );
        assert!(
            html.contains("href=\"/admin/audit_logs?tab=streams&amp;stream=3&amp;view=parked\""),
            "{html}"
        );
        assert!(html.contains("7\u{a0}parked") && html.contains("10/min"), "{html}");
    }

    #[test]
    fn an_age_out_of_sight_changes_with_the_health_and_the_minute_and_when_it_is_seen() {
        Owner::new().with(|| {
            let at = Timestamp::from_unix_ms;
            let delivered_at = |ms| {
                let last_success_at = Some(at(ms));
                let facts = StreamFacts {
                    last_success_at,
                    ..StreamFacts::default()
                };
                let health = StreamHealth::Healthy { last_success_at };
                HealthView::new(DestinationKind::ALL[0], &health, &facts)
            };
            let (clock, is_seen) = (Clock::still(), RwSignal::new(true));
            let health = RwSignal::new(delivered_at(0));
            let text = health_text(clock, Memo::new(move |_| health.get()), is_seen.into());
            let says =
                |age: &str| text.with_untracked(|text| joined(&text.details).contains(&format!("delivered {age}")));
            assert!(says("0\u{a0}s"));
            clock.set_now(at(5_000));
            assert!(says("5\u{a0}s"));
            is_seen.set(false);
            assert!(says("5\u{a0}s"));
            clock.set_now(at(20_000));
            assert!(says("5\u{a0}s"), "nothing is rendered for the second");
            health.set(delivered_at(12_000));
            assert!(says("8\u{a0}s"), "the health is current");
            clock.set_now(at(61_000));
            assert!(says("49\u{a0}s"), "the minute is another");
            clock.set_now(at(70_000));
            is_seen.set(true);
            assert!(says("58\u{a0}s"));
        });
    }
}
