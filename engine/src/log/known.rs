//! Values that a reader may want to filter by: those of the latest events.

use sqlx::Row;

use super::{EventLog, LogError};

/// Events that are looked at: enough to know who is busy, few enough to take no time.
const LATEST: i64 = 500;

/// Distinct names and paths, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatestNames {
    /// Names of authors, latest first.
    pub authors: Vec<String>,
    /// Full paths of groups, latest first.
    pub groups: Vec<String>,
    /// Full paths of projects, latest first.
    pub projects: Vec<String>,
}

impl LatestNames {
    /// Of each, how many are kept.
    const MOST: usize = 50;
}

impl EventLog {
    /// Who and what the latest events are about.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn latest_names(&self) -> Result<LatestNames, LogError> {
        let rows = sqlx::query("SELECT author_name, entity_type, entity_path FROM events ORDER BY seq DESC LIMIT ?")
            .bind(LATEST)
            .fetch_all(self.reader()?)
            .await?;
        let mut names = LatestNames::default();
        for row in rows {
            keep(&mut names.authors, row.get(0));
            match row.get(1) {
                "Group" => keep(&mut names.groups, row.get(2)),
                "Project" => keep(&mut names.projects, row.get(2)),
                _ => {}
            }
        }
        Ok(names)
    }
}

fn keep(names: &mut Vec<String>, name: &str) {
    if !name.is_empty() && names.len() < LatestNames::MOST && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
