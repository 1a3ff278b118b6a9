//! What the services have that keep events themselves: buckets, and Cloud Logging.

use std::{
    collections::BTreeSet,
    io::{self, Read as _},
    sync::{Mutex, PoisonError},
};

use drill::{Origin, Witness, split};
use flate2::read::GzDecoder;
use receivers::{google::GoogleServer, s3::S3Server};
use serde_json::Value;

/// How far they have been read.
pub(crate) struct Observed {
    keys: Mutex<Vec<BTreeSet<String>>>,
    entries: Mutex<usize>,
}

impl Observed {
    pub(crate) fn new(buckets: usize) -> Self {
        Self {
            keys: Mutex::new(vec![BTreeSet::new(); buckets]),
            entries: Mutex::new(0),
        }
    }

    /// Passes the new objects of a bucket to its witness.
    ///
    /// # Errors
    /// An object can't be read, or is no gzip.
    pub(crate) fn read_bucket(
        &self,
        number: usize,
        server: &S3Server,
        name: &str,
        witness: &Witness,
    ) -> io::Result<()> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = keys.get_mut(number) else {
            return Ok(());
        };
        let mut new: Vec<(String, Vec<u8>)> = server.objects(name)?.into_iter().collect();
        new.retain(|(key, _)| !known.contains(key));
        // The folders follow the clock, the log does not.
        new.sort_by_key(|(key, _)| first_position(key));
        for (key, body) in new {
            read_object(&key, &body, witness)?;
            known.insert(key);
        }
        Ok(())
    }

    /// Passes the new entries to the witness.
    pub(crate) fn read_google(&self, server: &GoogleServer, witness: &Witness) {
        let mut read = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let project = &server.service_account().project_id;
        server.look(|received| {
            for entry in received.entries(project).skip(*read) {
                let origin = match entry.pointer("/labels/audit_streams_replay") {
                    Some(_) => Origin::Replay,
                    None => Origin::Stream,
                };
                witness.accept_value(entry.get("jsonPayload").unwrap_or(&Value::Null), origin);
                *read += 1;
            }
        });
    }
}

fn read_object(key: &str, body: &[u8], witness: &Witness) -> io::Result<()> {
    let broken = |error: &dyn std::fmt::Display| io::Error::other(format!("{key}: {error}"));
    if !key.ends_with(".gz") {
        let event = std::str::from_utf8(body).map_err(|error| broken(&error))?;
        witness.accept(event, Origin::Unordered);
        return Ok(());
    }
    let mut lines = Vec::new();
    GzDecoder::new(body)
        .read_to_end(&mut lines)
        .map_err(|error| broken(&error))?;
    let origin = match key.contains("replays/") {
        true => Origin::Replay,
        false => Origin::Stream,
    };
    for event in split(&lines).map_err(|error| broken(&error))? {
        witness.accept(event, origin);
    }
    Ok(())
}

/// Of the events in an object: its name starts with the position of the first one.
fn first_position(key: &str) -> Option<u64> {
    let name = key.rsplit('/').next()?;
    name.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_ordered_by_position() {
        assert_eq!(first_position("2026/11/29/08/00000012-00000040.jsonl.gz"), Some(12));
        assert_eq!(first_position("user/2026/a.json"), None);
    }
}
