//! What more than one panel is made of.

use domain::{Timestamp, ids::DestinationId};
use leptos::prelude::*;

use crate::{
    model::{
        health_words::Tone,
        moment::{Viewpoint, local_text, utc_text},
    },
    port::streams::StreamCommand,
    ui::Icon,
};

/// The time and the time zone with which the page is rendered; UTC while the zone is unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) now: Timestamp,
    /// None as long as it is not known.
    pub(super) offset_minutes: Option<i32>,
}

impl Reader {
    pub(super) fn viewpoint(self) -> Option<Viewpoint> {
        self.offset_minutes.map(|offset_minutes| Viewpoint {
            now: self.now,
            offset_minutes,
        })
    }

    /// Date, time and zone.
    pub(super) fn text(self, moment: Timestamp) -> String {
        self.offset_minutes
            .map_or_else(|| utc_text(moment), |offset| local_text(moment, offset))
    }

    /// `10:42`.
    pub(super) fn time_of_day(self, moment: Timestamp) -> String {
        self.part(moment, 11, 16)
    }

    /// `03-24`.
    pub(super) fn day(self, moment: Timestamp) -> String {
        self.part(moment, 5, 10)
    }

    /// Of `2026-03-24 10:42:07 UTC`.
    fn part(self, moment: Timestamp, start: usize, end: usize) -> String {
        self.text(moment).get(start..end).unwrap_or_default().to_owned()
    }
}

/// A point in time in the reader's zone, with UTC on hover.
pub(super) fn moment(at: Timestamp, reader: Reader) -> AnyView {
    let utc = at.to_string();
    view! {
        <time datetime=utc.clone() title=utc>
            {reader.text(at)}
        </time>
    }
    .into_any()
}

/// `3 s`, `4 min`, `2 h`, `3 d`: how long ago that was.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.since(at).as_secs() {
        seconds @ 0..=99 => format!("{seconds} s"),
        seconds @ 100..=5_999 => format!("{} min", seconds / 60),
        seconds @ 6_000..=172_799 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// A button that does one thing to a stream. `place` tells it from the others of its row, whatever it does at the moment.
pub(super) fn command_button(id: DestinationId, place: &str, command: StreamCommand, button: AnyView) -> AnyView {
    view! {
        <form id=format!("command-{id}-{place}") method="post" action="/api/page/streams/command" class="drawn-form">
            <input type="hidden" name="id" value=id.get() />
            <input type="hidden" name="command" value=command.as_str() />
            {button}
        </form>
    }
    .into_any()
}

pub(super) fn tone_icon(tone: Tone) -> AnyView {
    let icon = match tone {
        Tone::Good => icondata_lu::LuCircleCheck,
        Tone::Quiet => icondata_lu::LuCircleDashed,
        Tone::Busy => icondata_lu::LuActivity,
        Tone::Warning => icondata_lu::LuTriangleAlert,
        Tone::Bad => icondata_lu::LuCircleX,
    };
    view! { <Icon icon /> }.into_any()
}

pub(super) const fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "health health-good",
        Tone::Quiet => "health health-quiet",
        Tone::Busy => "health health-busy",
        Tone::Warning => "health health-warning",
        Tone::Bad => "health health-bad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_out_in_the_readers_zone() {
        let at = Timestamp::parse("2026-03-24T23:42:07Z").unwrap();
        let reader = |offset_minutes| Reader {
            now: at,
            offset_minutes,
        };
        assert_eq!(reader(None).time_of_day(at), "23:42");
        assert_eq!(
            (reader(Some(60)).time_of_day(at), reader(Some(60)).day(at)),
            ("00:42".into(), "03-25".into())
        );
    }

    #[test]
    fn how_long_ago_is_told_in_the_unit_that_fits() {
        let at = |ms| Timestamp::from_unix_ms(ms);
        let ages = [
            (1_900, "1 s"),
            (120_000, "2 min"),
            (7_200_000, "2 h"),
            (300_000_000, "3 d"),
        ];
        for (age, told) in ages {
            assert_eq!(ago(at(0), at(age)), told);
        }
        assert_eq!(ago(at(5_000), at(0)), "0 s", "clocks differ");
    }
}
