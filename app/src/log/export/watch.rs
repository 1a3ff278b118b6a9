//! What the page knows of an export.

use domain::view::{ExportState, ExportView};

use crate::model::text::counted;

/// As many answers in a row may not know the export: the browser begins its download after the press.
const MOST_UNKNOWN: u32 = 5;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watch {
    /// `None` if none was started.
    key: Option<String>,
    view: Option<ExportView>,
    /// Answers in a row in which the server did not know it.
    unknown: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Running(String),
    Complete(String),
    Failed(String),
}

impl Watch {
    pub(super) fn new(key: String) -> Self {
        Self {
            key: Some(key),
            ..Self::default()
        }
    }

    /// The key of the export, as long as it has not ended.
    pub(super) fn running(&self) -> Option<String> {
        match self.outcome()? {
            Outcome::Running(_) => self.key.clone(),
            Outcome::Complete(_) | Outcome::Failed(_) => None,
        }
    }

    /// An answer about the export with this key, which may have been replaced by another one.
    pub(super) fn take(&mut self, key: &str, view: Option<ExportView>) {
        if self.key.as_deref() != Some(key) {
            return;
        }
        match view {
            Some(view) => {
                self.unknown = 0;
                self.view = Some(view);
            }
            None => self.unknown += 1,
        }
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.key.as_ref()?;
        let events = |events| counted(events, "event");
        let outcome = match &self.view {
            Some(view) if view.state == ExportState::Complete => {
                Outcome::Complete(format!("Exported {}.", events(view.events)))
            }
            Some(ExportView {
                state: ExportState::Failed { reason: Some(reason) },
                ..
            }) => Outcome::Failed(format!("Nothing was exported. {reason}")),
            Some(ExportView {
                events: written,
                state: ExportState::Failed { reason: None },
            }) => Outcome::Failed(format!(
                "The export was interrupted after {}, so the file is incomplete. Start it again.",
                events(*written)
            )),
            _ if self.unknown >= MOST_UNKNOWN => Outcome::Failed(
                "The server no longer knows this export. If the download has failed, start it again.".to_owned(),
            ),
            Some(view) if view.events > 0 => Outcome::Running(format!("Exporting… {} so far.", events(view.events))),
            _ => Outcome::Running("Exporting…".to_owned()),
        };
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(events: u64, state: ExportState) -> Option<ExportView> {
        Some(ExportView { events, state })
    }

    fn text(watch: &Watch) -> String {
        match watch.outcome() {
            Some(Outcome::Running(text) | Outcome::Complete(text) | Outcome::Failed(text)) => text,
            None => String::new(),
        }
    }

    #[test]
    fn an_export_is_followed_to_its_end() {
        assert_eq!(Watch::default().outcome(), None);
        let mut watch = Watch::new("1".to_owned());
        assert_eq!(
            (text(&watch).as_str(), watch.running().as_deref()),
            ("Exporting…", Some("1"))
        );
        watch.take("1", None);
        watch.take("1", view(1_200, ExportState::Running));
        watch.take("0", view(9, ExportState::Complete));
        assert_eq!(text(&watch), "Exporting… 1,200 events so far.");
        watch.take("1", view(1_201, ExportState::Complete));
        assert_eq!(
            (text(&watch).as_str(), watch.running()),
            ("Exported 1,201 events.", None)
        );
    }

    #[test]
    fn how_an_export_failed_is_said() {
        let failed = |reason: Option<&str>| {
            let mut watch = Watch::new("1".to_owned());
            let reason = reason.map(str::to_owned);
            watch.take("1", view(1, ExportState::Failed { reason }));
            assert_eq!(watch.running(), None);
            text(&watch)
        };
        assert!(failed(None).contains("after 1 event, so the file is incomplete"));
        assert_eq!(failed(Some("Too many.")), "Nothing was exported. Too many.");
        let mut lost = Watch::new("1".to_owned());
        (0..MOST_UNKNOWN).for_each(|_| lost.take("1", None));
        assert!(matches!(lost.outcome(), Some(Outcome::Failed(_))));
    }
}
