//! Answers of destinations, as text: the status, then headers, an empty line, and the body.
//!
//! `{secret}` and `{token}` in the body stand for what the server must not keep of an answer, and the header `x-padding` puts so many
//! bytes before the body, so that short inputs reach where long answers are cut.

use std::time::Duration;

use domain::{
    Timestamp,
    policy::{Outcome, RequestSize, StatusRules, decide},
};
use engine::fuzz::{Answer, Reported};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// When the answers are read.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_760_464_808_677);

/// Two secrets, one of which contains the other.
const TOKEN: &str = "kV7-tok_3nQ";
const SECRET: &str = "s3cr3t.kV7-tok_3nQ.wJalrXUtnFEMI";

const MOST_PADDING: usize = 6_000;
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);
const MOST_KEPT: usize = 4_096;

pub(crate) fn secrets() -> Vec<String> {
    vec![TOKEN.to_owned(), SECRET.to_owned()]
}

/// `None` if the input does not begin with a status.
pub(crate) fn read(input: &[u8]) -> Option<Answer> {
    let (line, mut rest) = line(input);
    let status = StatusCode::from_bytes(line.trim_ascii()).ok()?;
    let mut headers = HeaderMap::new();
    loop {
        let (line, after) = self::line(rest);
        rest = after;
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            break;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let padding = headers
        .get("x-padding")
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let mut body = vec![b'x'; padding.unwrap_or_default().min(MOST_PADDING)];
    body.extend(replaced(&replaced(rest, b"{secret}", SECRET), b"{token}", TOKEN));
    Some(Answer { status, headers, body })
}

fn line(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => {
            let (line, rest) = text.split_at(end);
            (line, rest.get(1..).unwrap_or_default())
        }
        None => (text, &[]),
    }
}

fn replaced(text: &[u8], name: &[u8], value: &str) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(name) {
            result.extend_from_slice(value.as_bytes());
            rest = after;
        } else {
            result.push(*first);
            rest = after;
        }
    }
    result
}

/// What holds for every report: it is bounded, has no part of a secret, and policy knows what to do.
pub(crate) fn check(reported: &Reported, answer: &Answer) {
    let Outcome::Answered { status, retry_after } = reported.outcome else {
        panic!("an answer is reported as none: {reported:?}");
    };
    assert!((100..1_000).contains(&status), "{reported:?}");
    assert!(retry_after.is_none_or(|wait| wait <= LONGEST_WAIT), "{reported:?}");
    assert!(
        reported.response.len() <= MOST_KEPT,
        "kept {} bytes",
        reported.response.len()
    );
    assert!(reported.reason.chars().count() <= 2_000, "{reported:?}");
    check_secrets(reported, answer);
    for size in [RequestSize::One, RequestSize::Batch] {
        let _decision: domain::policy::Decision = decide(reported.outcome, size, &StatusRules::default());
    }
}

/// Nothing of a secret is kept, unless it is also in the answer on its own.
fn check_secrets(reported: &Reported, answer: &Answer) {
    const PART: usize = 6;
    let sent = answer
        .headers
        .values()
        .map(HeaderValue::as_bytes)
        .chain([answer.body.as_slice()]);
    let sent: String = sent.map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    let others = sent.replace(SECRET, "\u{1}").replace(TOKEN, "\u{1}");
    let kept = [reported.reason.as_str(), reported.response.as_str()].join("\n");
    for part in SECRET
        .as_bytes()
        .windows(PART)
        .filter_map(|part| std::str::from_utf8(part).ok())
    {
        assert!(
            !kept.contains(part) || others.contains(part),
            "a part of a secret is kept: {kept}"
        );
    }
}
