//! Phases without faults, in which everything must arrive.

use std::{
    io,
    time::{Duration, Instant},
};

use drill::{EventKey, Oracle};
use tokio::time::sleep;

use crate::{
    admin::Admin,
    observed::Observed,
    places::{BUCKET, Places},
};

const LOOK: Duration = Duration::from_millis(250);
const NUDGE: Duration = Duration::from_secs(3);

/// How often streams and rejected events are told to try again. After that, everything must arrive by itself, except parked events,
/// which wait for an administrator.
const NUDGES: u32 = 20;

/// Nothing arrives any more after so long. It is longer than the longest pause between two tries, which is ten minutes.
const PATIENCE: Duration = Duration::from_secs(900);

/// Waits until no destination misses anything, or nothing arrives any more. Returns how many events are missing. They include those of
/// a stream that, after the last nudge, goes on only when it is told to.
pub(crate) async fn drain(places: &Places, oracle: &Oracle, admin: &Admin) -> io::Result<usize> {
    let mut missing: Vec<Vec<EventKey>> = Vec::new();
    for place in places.all.iter() {
        missing.push(oracle.missing(&place.witness, &place.history));
    }
    let (mut fewest, mut since) = (usize::MAX, Instant::now());
    let (mut nudged, mut nudges) = (Instant::now(), 0);
    loop {
        places.observe()?;
        for (place, of_place) in places.all.iter().zip(&mut missing) {
            place.witness.missing(of_place);
        }
        let left = missing.iter().map(Vec::len).sum();
        if left < fewest {
            (fewest, since) = (left, Instant::now());
        }
        if left == 0 || since.elapsed() >= PATIENCE {
            return Ok(left);
        }
        if nudged.elapsed() >= NUDGE {
            match nudges < NUDGES {
                true => admin.retry_everything().await,
                false => admin.retry_parked().await,
            }
            (nudged, nudges) = (Instant::now(), nudges + 1);
        }
        sleep(LOOK).await;
    }
}

impl Places {
    /// Reads what the services have received.
    pub(crate) fn observe(&self) -> io::Result<()> {
        let witnesses = self.all.iter().skip(self.endpoints.len());
        for ((number, bucket), place) in self.buckets.iter().enumerate().zip(witnesses) {
            self.observed.read_bucket(number, bucket, BUCKET, &place.witness)?;
        }
        if let Some(place) = self.all.last() {
            self.observed.read_google(&self.google, &place.witness);
        }
        Ok(())
    }

    /// Reads the buckets from the start. Returns what is no longer in them, or is not right.
    pub(crate) fn read_buckets_again(&self, oracle: &Oracle) -> io::Result<Vec<String>> {
        let mut problems = Vec::new();
        let witnesses = self.all.iter().skip(self.endpoints.len());
        for (bucket, place) in self.buckets.iter().zip(witnesses) {
            let again = oracle.witness(place.witness.name());
            Observed::new(1).read_bucket(0, bucket, BUCKET, &again)?;
            let lost = place.witness.missing_from(&again);
            if let Some(first) = lost.first() {
                let (name, count, id) = (again.name(), lost.len(), oracle.plan().id_of(*first));
                problems.push(format!(
                    "{name}: {count} events are no longer in the bucket, the first one is {id}"
                ));
            }
            if again.wrong() > place.witness.wrong() {
                problems.push(format!("{}: objects have been damaged", again.name()));
            }
        }
        Ok(problems)
    }
}
