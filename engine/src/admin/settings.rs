//! Network and retention settings.

use domain::{
    instance_event::{Action, Author, InstanceEvent, Subject},
    settings::{AllowEntry, NetworkChange, RetentionChange},
    view::{NetworkView, RetentionView, SettingView},
};

use super::AdminError;
use crate::{
    Engine,
    instance_events::Recorded,
    settings::{NetworkSettings, RetentionSettings, Setting, answered},
    store::{StoredNetwork, StoredRetention},
};

impl Engine {
    /// The network settings and what they allow.
    pub fn show_network(&self) -> NetworkView {
        let settings = self.network_settings();
        let entries = settings.allowlist.value.iter();
        NetworkView {
            version: settings.version,
            rules: settings.rules().explain(),
            allowlist: SettingView {
                value: entries.map(ToString::to_string).collect(),
                fixed: settings.allowlist.is_fixed(),
            },
            allow_local_network: view(settings.allow_local_network),
        }
    }

    /// The retention settings and what the log holds.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn show_retention(&self) -> Result<RetentionView, AdminError> {
        let settings = self.retention_settings();
        let stored = self.log().stored().await?;
        Ok(RetentionView {
            version: settings.version,
            days: view(settings.days),
            log_size: view(settings.log_size),
            used_bytes: stored.used_bytes,
            events: stored.events,
            oldest_received_at: stored.oldest_received_at,
        })
    }

    /// The network settings that are in effect.
    pub(crate) fn network_settings(&self) -> NetworkSettings {
        self.settings().network()
    }

    /// The retention settings that are in effect.
    pub fn retention_settings(&self) -> RetentionSettings {
        self.settings().retention()
    }

    /// Changes the network settings as they were at `version`; what the command line gives stays as it is. Every stream
    /// goes on under the new rules at once: one that was blocked tries again.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub async fn update_network(&self, author: &Author, version: i64, change: NetworkChange) -> Result<(), AdminError> {
        let settings = self.settings();
        let (stored, before) = (settings.stored_network(), settings.network());
        if stored.version != version {
            return Err(AdminError::ChangedMeanwhile);
        }
        let new = StoredNetwork {
            version,
            allow_local_network: unless_fixed(&before.allow_local_network, change.allow_local_network)
                .or(stored.allow_local_network),
            allowlist: unless_fixed(&before.allowlist, change.allowlist).or(stored.allowlist),
        };
        let after = settings.network_with(new.clone());
        let on_off = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
        let changes = [
            self.changed(
                author,
                "allow_local_network",
                on_off(before.allow_local_network.value),
                on_off(after.allow_local_network.value),
            ),
            self.changed(
                author,
                "network_allowlist",
                listed(&before.allowlist.value),
                listed(&after.allowlist.value),
            ),
        ];
        let changes: Vec<Recorded> = changes.into_iter().flatten().collect();
        answered(tokio::spawn(self.changing().network(new, changes))).await?;
        self.relay_instance_events().await;
        Ok(())
    }

    /// Changes the retention settings as they were at `version`; what the command line gives stays as it is.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub async fn update_retention(
        &self,
        author: &Author,
        version: i64,
        change: RetentionChange,
    ) -> Result<(), AdminError> {
        let settings = self.settings();
        let (stored, before) = (settings.stored_retention(), settings.retention());
        if stored.version != version {
            return Err(AdminError::ChangedMeanwhile);
        }
        let new = StoredRetention {
            version,
            days: if before.days.is_fixed() {
                stored.days
            } else {
                change.days
            },
            log_size: if before.log_size.is_fixed() {
                stored.log_size
            } else {
                change.log_size
            },
        };
        let after = settings.retention_with(new);
        let changes = [
            self.changed(
                author,
                "retention_days",
                before.days.value.to_string(),
                after.days.value.to_string(),
            ),
            self.changed(
                author,
                "log_size_limit",
                before.log_size.value.to_string(),
                after.log_size.value.to_string(),
            ),
        ];
        let changes: Vec<Recorded> = changes.into_iter().flatten().collect();
        answered(tokio::spawn(self.changing().retention(new, changes))).await?;
        self.relay_instance_events().await;
        Ok(())
    }

    /// The audit event of a value that changed.
    pub(crate) fn changed(&self, author: &Author, setting: &'static str, from: String, to: String) -> Option<Recorded> {
        (from != to).then(|| {
            let event = InstanceEvent::new(Subject::Setting(setting), Action::SettingChanged { from, to });
            self.recorded(event, author)
        })
    }
}

fn view<T>(setting: Setting<T>) -> SettingView<T> {
    SettingView {
        fixed: setting.is_fixed(),
        value: setting.value,
    }
}

fn unless_fixed<T>(setting: &Setting<T>, value: T) -> Option<T> {
    (!setting.is_fixed()).then_some(value)
}

fn listed(entries: &[AllowEntry]) -> String {
    if entries.is_empty() {
        return "nothing".to_owned();
    }
    let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
    entries.join(", ")
}
