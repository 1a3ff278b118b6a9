//! What events say, in short: for lists of deliveries and parked events.

use std::collections::HashMap;

use domain::{
    event::{body::Members, describe_action},
    ids::Seq,
    view::EventBrief,
};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{EventLog, LogError, damage::is_damaged_row};

/// Characters of an action.
const ACTION_CHARS: usize = 500;

/// In place of an action that can't be read.
const UNREADABLE: &str = "The body of this event cannot be read.";

const IN_LOG: &str = "SELECT id, event_type, body FROM events WHERE seq = ?";
const KEPT: &str = "SELECT id, event_type, body FROM kept_events WHERE seq = ?";

impl EventLog {
    /// What these events say, in the log or kept beside it, without those that have gone or can't be read.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn briefs(&self, seqs: Vec<Seq>) -> Result<HashMap<Seq, EventBrief>, LogError> {
        if seqs.is_empty() {
            return Ok(HashMap::new());
        }
        self.readers
            .read(move |connection| read_briefs(connection, &seqs))
            .await
    }
}

fn read_briefs(connection: &Connection, seqs: &[Seq]) -> Result<HashMap<Seq, EventBrief>, LogError> {
    let mut in_log = connection.prepare_cached(IN_LOG)?;
    let mut kept = connection.prepare_cached(KEPT)?;
    let mut find = |seq: Seq| match in_log.query_row([seq.get()], read_brief).optional()? {
        // Looked for afterwards: an event only moves from the log to here.
        None => kept.query_row([seq.get()], read_brief).optional(),
        found => Ok(found),
    };
    let mut briefs = HashMap::with_capacity(seqs.len());
    for seq in seqs {
        let found = match find(*seq) {
            Err(error) if is_damaged_row(&error) => None,
            found => found?,
        };
        briefs.extend(found.map(|brief| (*seq, brief)));
    }
    Ok(briefs)
}

fn read_brief(row: &Row<'_>) -> rusqlite::Result<EventBrief> {
    let event_type: String = row.get(1)?;
    let action = match Members::read(row.get_ref(2)?.as_str()?) {
        Ok(body) => describe_action(&body.object("details").unwrap_or_default(), &event_type),
        Err(_) => UNREADABLE.to_owned(),
    };
    Ok(EventBrief {
        id: row.get(0)?,
        event_type,
        action: shortened(action),
    })
}

fn shortened(action: String) -> String {
    match action.char_indices().nth(ACTION_CHARS) {
        None => action,
        Some(_) => {
            let start: String = action.chars().take(ACTION_CHARS - 1).collect();
            format!("{start}…")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_action_is_cut_between_characters() {
        let long = "ü".repeat(ACTION_CHARS + 1);
        let short = shortened(long);
        assert_eq!((short.chars().count(), short.ends_with("ü…")), (ACTION_CHARS, true));
        let whole = "ü".repeat(ACTION_CHARS);
        assert_eq!(shortened(whole.clone()), whole);
    }
}
