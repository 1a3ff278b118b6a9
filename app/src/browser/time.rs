//! The clock and the time zone of the browser.

use domain::Timestamp;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_ms(whole(js_sys::Date::now()))
}

/// Minutes that the reader's zone is ahead of UTC at that moment.
pub(crate) fn offset_minutes(moment: Timestamp) -> i32 {
    let milliseconds = js_sys::Number::from(to_number(moment.unix_ms()));
    let behind = js_sys::Date::new(&milliseconds).get_timezone_offset();
    i32::try_from(whole(-behind)).unwrap_or(0)
}

#[expect(
    clippy::as_conversions,
    reason = "JavaScript's numbers are floats; dates and offsets are whole and small"
)]
const fn whole(number: f64) -> i64 {
    number as i64
}

#[expect(
    clippy::as_conversions,
    reason = "JavaScript's numbers are floats; dates are well below 2^53"
)]
const fn to_number(whole: i64) -> f64 {
    whole as f64
}

/// The moment in UTC that a field for date and time holds in the reader's zone; none if it holds none.
pub(crate) fn utc_of_local(text: &str) -> Option<String> {
    let moment = js_sys::Date::new(&text.into());
    (!moment.get_time().is_nan()).then(|| moment.to_iso_string().into())
}

/// What a field for date and time shows of a moment in UTC, in the reader's zone; empty for a text that is none.
pub(crate) fn local_of_utc(text: &str) -> String {
    let moment = js_sys::Date::new(&text.into());
    let milliseconds = moment.get_time();
    if !text.ends_with('Z') || milliseconds.is_nan() {
        return String::new();
    }
    let offset = moment.get_timezone_offset() * 60_000.0;
    let shifted = js_sys::Date::new(&js_sys::Number::from(milliseconds - offset));
    let local: String = shifted.to_iso_string().into();
    local.get(..19).unwrap_or_default().to_owned()
}
