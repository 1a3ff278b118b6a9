//! Network and retention settings.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    settings::{LogSize, RetentionDays},
};

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettingView<T> {
    /// The value in effect.
    pub value: T,
    /// Whether it is set on the command line or in the environment, so it cannot be changed while the server runs.
    pub fixed: bool,
}

/// Hosts that destinations may use in addition to the public internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkView {
    /// Version of the network settings. It increases with every change.
    pub version: i64,
    /// Whether requests to local networks and to this machine are allowed.
    pub allow_local_network: SettingView<bool>,
    /// Allowed hosts, addresses and ranges, each for all ports or for one port.
    pub allowlist: SettingView<Vec<String>>,
    /// The rules for addresses that are not on the public internet.
    pub rules: Vec<RuleView>,
}

/// The rule for a kind of address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleView {
    /// Which addresses the rule is about.
    #[cfg_attr(feature = "openapi", schema(example = "Private networks"))]
    pub what: String,
    /// The ranges of these addresses.
    #[cfg_attr(feature = "openapi", schema(example = json!(["10.0.0.0/8"])))]
    pub ranges: Vec<String>,
    /// `refused`: blocked unless the allowlist has the host, the address or its range. `exact_only`: blocked, even if local
    /// networks are allowed, unless the allowlist has exactly this address.
    pub verdict: RuleVerdict,
}

/// Whether requests to a kind of address are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RuleVerdict {
    Allowed,
    /// Blocked unless the allowlist has the host, the address or its range.
    Refused,
    /// Blocked even if local networks are allowed, unless the allowlist has exactly this address.
    ExactOnly,
}

/// Retention age, size limit and current contents of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetentionView {
    /// Version of the retention settings. It increases with every change.
    pub version: i64,
    /// Number of days after which events are removed from the log, unless they are not delivered yet.
    pub days: SettingView<RetentionDays>,
    /// Size at which the server stops accepting events.
    pub log_size: SettingView<LogSize>,
    /// Size of the log.
    pub used_bytes: u64,
    /// Number of stored events.
    pub events: u64,
    /// When the oldest stored event was received. Null if the log is empty.
    pub oldest_received_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_written_for_people_and_reads_back() {
        let view = RetentionView {
            version: 3,
            days: SettingView {
                value: RetentionDays::DEFAULT,
                fixed: true,
            },
            log_size: SettingView {
                value: LogSize::DEFAULT,
                fixed: false,
            },
            used_bytes: 1,
            events: 2,
            oldest_received_at: Some(Timestamp::from_unix_ms(0)),
        };
        let text = serde_json::to_string(&view).unwrap();
        assert_eq!(
            text,
            r#"{"version":3,"days":{"value":30,"fixed":true},"log_size":{"value":"10GiB","fixed":false},"used_bytes":1,"events":2,"oldest_received_at":"1970-01-01T00:00:00.000Z"}"#
        );
        assert_eq!(serde_json::from_str::<RetentionView>(&text).unwrap(), view);
        for (valid, invalid) in [("30", "0"), ("10GiB", "1MiB"), ("10GiB", "much"), ("1970", "yesterday")] {
            let invalid = text.replace(valid, invalid);
            assert!(serde_json::from_str::<RetentionView>(&invalid).is_err(), "{invalid}");
        }
    }
}
