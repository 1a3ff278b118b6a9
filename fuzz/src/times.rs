//! Dates and times.

use std::time::Duration;

use api::fuzz::read_gitlab_moment;
use domain::Timestamp;

const EARLIEST: &str = "0000-01-01T00:00:00.000Z";
const LATEST: &str = "9999-12-31T23:59:59.999Z";

/// Each line of the input is a time. One that is read is written so that it reads as the same moment, and moments are ordered as
/// their texts.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let moments: Vec<Timestamp> = text.split('\n').filter_map(check_line).collect();
    for pair in moments.windows(2) {
        let [one, other] = pair else { continue };
        assert_eq!(one.cmp(other), one.to_string().cmp(&other.to_string()), "{one} {other}");
        assert_eq!(one.since(*other).is_zero(), one <= other, "{one} {other}");
    }
}

fn check_line(line: &str) -> Option<Timestamp> {
    if let (Some(start), Some(end)) = (Timestamp::start_of(line), Timestamp::end_of(line)) {
        assert!(start < end || end.to_string() == LATEST, "{line}: {start} to {end}");
    }
    if let Some(moment) = read_gitlab_moment(line) {
        check(moment);
    }
    let moment = Timestamp::parse(line).ok()?;
    check(moment);
    Some(moment)
}

fn check(moment: Timestamp) {
    let text = moment.to_string();
    assert!(
        text.len() == LATEST.len() && (EARLIEST..=LATEST).contains(&text.as_str()),
        "{text}"
    );
    assert_eq!(Timestamp::parse(&text), Ok(moment));
    assert_eq!(read_gitlab_moment(&text), Some(moment), "{text}");
    assert_eq!(Timestamp::from_unix_ms(moment.unix_ms()), moment);
    assert!(text.starts_with(&moment.date()));
    let later = moment.plus(Duration::from_millis(1));
    assert!(later > moment || text == LATEST);
    assert!(later.minus(Duration::from_millis(1)) == moment || text == LATEST);
    match serde_json::to_string(&moment) {
        Ok(json) => assert_eq!(json, format!("\"{text}\"")),
        Err(error) => panic!("{error}"),
    }
}
