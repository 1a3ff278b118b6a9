//! Posts events until it is stopped, and posts what is in doubt again, with the same ids.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    api::{Answer, Api},
    dice::Dice,
    oracle::Oracle,
    plan::EventKey,
};

/// Before an unanswered request is repeated.
const PAUSE: Duration = Duration::from_millis(50);
/// `Retry-After` is respected up to this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const LARGEST_BATCH: u64 = 20;
const SINGLES_PERCENT: u64 = 40;

/// Posts the events of one number.
pub struct Producer {
    /// Its number; each producer of a run has another one.
    pub number: u32,
    /// Where acknowledgements go.
    pub oracle: Arc<Oracle>,
    /// The server, with a token that may post.
    pub api: Api,
    /// Events per second.
    pub rate: f64,
    /// Chooses between single events and batches.
    pub dice: Dice,
    /// After the stop, an event that is in doubt is posted for so long.
    pub patience: Duration,
}

/// The first events were rejected with a status that is not temporary. Later rejections are noted by the oracle, and the
/// events are posted again: acknowledged events must arrive all the same.
#[derive(Debug, thiserror::Error)]
#[error("the server rejected the events: {0}")]
pub struct PostError(String);

impl Producer {
    /// Posts until `is_stopped`, and then until nothing is in doubt. Returns how many events were still in doubt when its patience ended.
    ///
    /// # Errors
    /// [`PostError`].
    pub async fn run(mut self, mut is_stopped: watch::Receiver<bool>) -> Result<usize, PostError> {
        let mut next = 0;
        let mut due = Instant::now();
        while !*is_stopped.borrow() {
            let count = self.next_count();
            let body = self.body(next, count);
            let epoch = self.oracle.epoch();
            self.oracle.begin_post(count);
            if !self.post(&body, count, epoch, &is_stopped).await? {
                return Ok(count);
            }
            next += u64::try_from(count).unwrap_or(u64::MAX);
            // After an outage, it does not post faster to catch up.
            due = due.max(Instant::now()) + self.pause_after(count);
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                _ = is_stopped.wait_for(|is_stopped| *is_stopped) => {}
            }
        }
        Ok(0)
    }

    fn next_count(&mut self) -> usize {
        if self.dice.chance(SINGLES_PERCENT) {
            return 1;
        }
        usize::try_from(2 + self.dice.roll(LARGEST_BATCH - 1)).unwrap_or(2)
    }

    fn pause_after(&self, count: usize) -> Duration {
        let events = u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
        Duration::try_from_secs_f64(events / self.rate).unwrap_or(LONGEST_PAUSE)
    }

    /// One object, or an array or lines.
    fn body(&mut self, first: u64, count: usize) -> String {
        let plan = self.oracle.plan();
        let bodies = (first..).take(count).map(|number| {
            let key = EventKey {
                producer: self.number,
                number,
            };
            plan.event(key).body
        });
        let bodies: Vec<String> = bodies.collect();
        match self.dice.chance(50) && count > 1 {
            true => format!("[{}]", bodies.join(",")),
            false => bodies.join("\n"),
        }
    }

    /// Returns whether the events are acknowledged.
    async fn post(
        &self,
        body: &str,
        count: usize,
        epoch: u32,
        is_stopped: &watch::Receiver<bool>,
    ) -> Result<bool, PostError> {
        let mut given_up_at = None;
        loop {
            let pause = match self.api.post_events(body.to_owned()).await {
                Ok(answer) if answer.status == 201 => {
                    self.oracle.acknowledge(self.number, count, epoch);
                    self.oracle.note_conflicts(conflicts_in(&answer));
                    return Ok(true);
                }
                Ok(answer) if is_temporary(answer.status) => {
                    let asked = answer.retry_after.map_or(PAUSE, Duration::from_secs);
                    asked.clamp(PAUSE, LONGEST_PAUSE)
                }
                Ok(answer) if self.oracle.acknowledged() == 0 => return Err(PostError(answer.problem())),
                Ok(answer) => {
                    self.oracle.note_rejection(answer.problem());
                    LONGEST_PAUSE
                }
                Err(error) => {
                    self.oracle.note_unanswered(reason_of(&error));
                    PAUSE
                }
            };
            if *is_stopped.borrow() && given_up_at.is_none() {
                given_up_at = Some(Instant::now() + self.patience);
            }
            if given_up_at.is_some_and(|at| Instant::now() >= at) {
                return Ok(false);
            }
            sleep(pause).await;
        }
    }
}

/// The error with its causes, without the URL.
fn reason_of(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    match causes.is_empty() {
        true => "no answer".to_owned(),
        false => causes.join(": "),
    }
}

fn conflicts_in(answer: &Answer) -> u64 {
    let conflicts = answer.body.get("conflicts").and_then(serde_json::Value::as_array);
    conflicts.map_or(0, |conflicts| u64::try_from(conflicts.len()).unwrap_or(u64::MAX))
}

const fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

#[cfg(test)]
mod tests;
