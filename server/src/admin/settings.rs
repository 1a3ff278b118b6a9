//! Network and retention.

use app::port::settings::{NetworkSummary, RetentionSummary, RuleSummary, SettingSummary, Verdict};
use domain::{
    event::Author,
    settings::{NetworkChange, RetentionChange},
};
use engine::{Engine, Setting, net};

use super::AdminError;

pub(crate) fn show_network(engine: &Engine) -> NetworkSummary {
    let settings = engine.network_settings();
    let rules = settings.rules().explain();
    let (is_fixed, entries) = (settings.allowlist.is_fixed(), settings.allowlist.value.iter());
    NetworkSummary {
        version: settings.version,
        allow_local_network: summary(settings.allow_local_network),
        allowlist: SettingSummary {
            value: entries.map(ToString::to_string).collect(),
            is_fixed,
        },
        rules: rules.into_iter().map(rule).collect(),
    }
}

pub(crate) async fn update_network(
    engine: &Engine,
    author: &Author,
    version: i64,
    change: NetworkChange,
) -> Result<(), AdminError> {
    Ok(engine.update_network(author, version, change).await?)
}

pub(crate) async fn show_retention(engine: &Engine) -> Result<RetentionSummary, AdminError> {
    let settings = engine.retention_settings();
    let stored = engine.log().stored().await?;
    Ok(RetentionSummary {
        version: settings.version,
        days: summary(settings.days),
        log_size: summary(settings.log_size),
        used_bytes: stored.used_bytes,
        events: stored.events,
        oldest_received_at: stored.oldest_received_at,
    })
}

pub(crate) async fn update_retention(
    engine: &Engine,
    author: &Author,
    version: i64,
    change: RetentionChange,
) -> Result<(), AdminError> {
    Ok(engine.update_retention(author, version, change).await?)
}

fn summary<T>(setting: Setting<T>) -> SettingSummary<T> {
    SettingSummary {
        is_fixed: setting.is_fixed(),
        value: setting.value,
    }
}

fn rule(rule: net::Explained) -> RuleSummary {
    RuleSummary {
        what: rule.what.to_owned(),
        ranges: rule.ranges,
        verdict: match rule.verdict {
            net::Verdict::Allowed => Verdict::Allowed,
            net::Verdict::Refused => Verdict::Refused,
            net::Verdict::ExactOnly => Verdict::ExactOnly,
        },
    }
}
