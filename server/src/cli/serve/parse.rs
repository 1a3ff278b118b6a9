//! Settings whose text has rules of its own.

use std::path::Path;

use domain::{
    Field,
    access::NewPassword,
    event::EventSizeLimit,
    proxy::ProxyUrl,
    settings::{AllowEntry, ByteSize, LogSize, RetentionDays},
};
use engine::InstanceProxy;
use url::Url;

use crate::{
    cli::{
        data_folder::{ENCRYPTION_KEY, KEY_FILE},
        settings::{InvalidSettings, Setting},
    },
    serve::ROOT_PASSWORD,
};

pub(super) const PROXY: &str = "AUDIT_STREAMS_PROXY";
const NETWORK_ALLOWLIST: Setting = Setting::Flag("--network-allowlist", "AUDIT_STREAMS_NETWORK_ALLOWLIST");
const RETENTION_DAYS: Setting = Setting::Flag("--retention-days", "AUDIT_STREAMS_RETENTION_DAYS");
const LOG_SIZE_LIMIT: Setting = Setting::Flag("--log-size-limit", "AUDIT_STREAMS_LOG_SIZE_LIMIT");
const EVENT_SIZE_LIMIT: Setting = Setting::Flag("--event-size-limit", "AUDIT_STREAMS_EVENT_SIZE_LIMIT");
const NO_PROXY: Setting = Setting::Flag("--no-proxy", "AUDIT_STREAMS_NO_PROXY");

pub(super) fn parse_service(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.port() != Some(0));
    url.ok_or("must be an absolute URL that starts with http:// or https://")
}

/// A URL that others are relative to.
pub(super) fn parse_base(text: &str) -> Result<Url, &'static str> {
    let url = parse_service(text)?;
    let has_extra =
        !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some();
    if has_extra {
        return Err("must not contain a user name, a password, a query (?) or a fragment (#)");
    }
    Ok(url)
}

pub(super) fn parse_allowlist(text: &str, problems: &mut InvalidSettings) -> Vec<AllowEntry> {
    let entries = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .zip(1..);
    let mut parse = |(entry, position): (&str, u32)| {
        let parsed = entry
            .parse::<AllowEntry>()
            .map_err(|error| format!("entry {position} ({entry}): {error}"));
        problems.collect(NETWORK_ALLOWLIST, parsed)
    };
    entries.filter_map(&mut parse).collect()
}

pub(super) fn parse_days(days: u32, problems: &mut InvalidSettings) -> Option<RetentionDays> {
    let rule = format!("must be from 1 to {}", RetentionDays::MAX);
    problems.collect(RETENTION_DAYS, RetentionDays::new(days).ok_or(rule))
}

pub(super) fn parse_log_size(text: &str, problems: &mut InvalidSettings) -> Option<LogSize> {
    let ByteSize(bytes) = problems.collect(LOG_SIZE_LIMIT, text.parse::<ByteSize>())?;
    let rule = if bytes < LogSize::MIN.bytes() {
        "must be at least 64MiB"
    } else {
        "must be at most 1024TiB"
    };
    problems.collect(LOG_SIZE_LIMIT, LogSize::new(bytes).ok_or(rule))
}

pub(super) fn parse_event_size(text: &str, problems: &mut InvalidSettings) -> Option<EventSizeLimit> {
    let ByteSize(bytes) = problems.collect(EVENT_SIZE_LIMIT, text.parse::<ByteSize>())?;
    problems.collect(
        EVENT_SIZE_LIMIT,
        EventSizeLimit::new(bytes).ok_or("must be from 64KiB to 25MiB"),
    )
}

pub(super) fn parse_proxy(url: Option<&str>, exceptions: &str, problems: &mut InvalidSettings) -> InstanceProxy {
    let url = url.and_then(|url| problems.collect(Setting::Variable(PROXY), ProxyUrl::parse(url)));
    let exceptions = problems.collect(NO_PROXY, exceptions.parse());
    InstanceProxy {
        url,
        exceptions: exceptions.unwrap_or_default(),
    }
}

pub(super) fn parse_root_password(text: Option<String>, problems: &mut InvalidSettings) -> Option<NewPassword> {
    let parsed = NewPassword::parse(text?, Field::NewPassword).map_err(|error| error.message);
    problems.collect(
        Setting::Variable(ROOT_PASSWORD),
        parsed.map_err(|rule| format!("can't be set. {rule}")),
    )
}

/// Data that one key encrypted can't be decrypted with another one.
pub(super) fn check_encryption_key(data_dir: &Path, key: Option<&str>, problems: &mut InvalidSettings) {
    let file = data_dir.join(KEY_FILE);
    let (Some(key), Ok(stored)) = (key, std::fs::read_to_string(&file)) else {
        return;
    };
    if key.trim() != stored.trim() {
        let problem = format!(
            "and {} hold different keys. Unset the variable to use the file; or, if the variable is the key that the data \
             was written with, move the file away",
            file.display()
        );
        problems.note(Setting::Variable(ENCRYPTION_KEY), problem);
    }
}
