//! What streams have done, and how the log grows: for people and for metrics.

mod forecast;
mod log_positions;

use std::collections::HashMap;

use domain::{
    Timestamp,
    activity::{Minute, Point, Span, TimeRange},
    health::{Inactive, StreamFacts},
    ids::{DestinationId, Seq},
};

pub(crate) use self::log_positions::record_log_position;
use crate::{
    Engine,
    admin::AdminError,
    delivery::StreamTotals,
    sink::certificates_of,
    store::{Destination, MinuteTotals, Refused},
};

/// Minutes of the rate that is shown for a stream.
const RATE_MINUTES: u32 = 30;

const HOUR_MINUTES: u32 = 60;

/// How many events came in and went out in one minute, over all streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The minute.
    pub minute: Minute,
    /// Number of events received.
    pub received: u64,
    /// One event counts once for each destination that accepted it.
    pub delivered: u64,
}

impl Engine {
    /// What a stream has done, point by point, the oldest first.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn activity(&self, id: DestinationId, span: Span) -> Result<Vec<Point>, AdminError> {
        let range = TimeRange::last(span, Minute::of(self.clock().now()));
        self.activity_in(id, range).await
    }

    /// The same of any stretch of time. Counts are kept for eight days.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn activity_in(&self, id: DestinationId, range: TimeRange) -> Result<Vec<Point>, AdminError> {
        let minutes = self.database().read_minutes(id, range.start()).await?;
        Ok(range.sum(minutes))
    }

    /// What came in and went out in each of the last 60 minutes, the one that is running last.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn traffic(&self) -> Result<Vec<Traffic>, AdminError> {
        let end = Minute::of(self.clock().now());
        let start = Span::Hour.start(end);
        let positions = self.database().read_log_positions(start).await?;
        let received = received(&positions, (end, self.log().last_seq()));
        let mut delivered = HashMap::<Minute, u64>::new();
        for totals in self.database().read_totals(start).await?.values().flatten() {
            let sum = delivered.entry(totals.minute).or_default();
            *sum = sum.saturating_add(totals.delivered);
        }
        let traffic = minutes_to(end, HOUR_MINUTES).map(|minute| Traffic {
            minute,
            received: received.get(&minute).copied().unwrap_or(0),
            delivered: delivered.get(&minute).copied().unwrap_or(0),
        });
        Ok(traffic.collect())
    }

    /// What each stream has done since the server was started.
    pub fn stream_totals(&self, id: DestinationId) -> StreamTotals {
        self.delivery().totals_of(id)
    }

    /// How far a stream has come: the position up to which it has acknowledged everything, and how many events it has
    /// delivered. `None` without a destination.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn stream_progress(&self, id: DestinationId) -> Result<Option<(Seq, u64)>, AdminError> {
        let cursor = self.database().read_cursor(id).await?;
        Ok(cursor.map(|cursor| (cursor.acknowledged, cursor.delivered)))
    }

    /// How many positions of the log are still to be acknowledged for a destination; none while its stream starts.
    pub fn backlog_of(&self, destination: &Destination) -> Option<u64> {
        self.delivery().backlog_of(destination)
    }

    /// Sends the next probe of a stream that is backing off at once. `false` if there is no such stream; other streams are not affected.
    pub fn retry_now(&self, id: DestinationId) -> bool {
        self.delivery().probe(id)
    }

    /// When the log reaches its limit if the streams that are behind go on holding it back and events come in as in the last
    /// hour; none if no stream is behind, or if that is more than a year away.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn log_full_at(&self) -> Result<Option<Timestamp>, AdminError> {
        let destinations = self.database().list_destinations().await?;
        Ok(self.forecast(&destinations).await?.into_values().min())
    }

    /// What an inactive destination misses, from this position on.
    fn missed(&self, first: Seq, since: Timestamp) -> Inactive {
        let events = self
            .log()
            .last_seq()
            .get()
            .saturating_sub(first.get())
            .saturating_add(1);
        Inactive {
            since,
            not_sent: u64::try_from(events).unwrap_or(0),
        }
    }

    /// What else is worth knowing of these streams, in their order.
    pub(crate) async fn facts_of(&self, destinations: &[Destination]) -> Result<Vec<StreamFacts>, AdminError> {
        let end = Minute::of(self.clock().now());
        let refused = self.database().count_all_refused().await?;
        let totals = self.database().read_totals(end.minus(RATE_MINUTES - 1)).await?;
        let full_at = self.forecast(destinations).await?;
        let inactive = self.database().read_open_spans().await?;
        let mut facts = Vec::with_capacity(destinations.len());
        for destination in destinations {
            let id = destination.id;
            let (last_success_at, waits_after) = self.delivery().reach_of(id);
            // Nothing is kept for an inactive one.
            let waits_after = waits_after.filter(|_| destination.stream_state.active);
            let oldest_waiting_at = match waits_after {
                Some(after) => self.log().next_received_at(after).await?,
                None => None,
            };
            let certificates = certificates_of(&destination.target, self.clients());
            let Refused { retrying, parked } = refused.get(&id).copied().unwrap_or_default();
            facts.push(StreamFacts {
                last_success_at,
                oldest_waiting_at,
                log_full_at: full_at.get(&id).copied(),
                retrying,
                parked,
                inactive: inactive.get(&id).map(|&(first, since)| self.missed(first, since)),
                concurrency: self.delivery().concurrency_of(id),
                ca_certificate_expires_at: certificates.ca.expires_at(),
                client_certificate_expires_at: certificates.client.expires_at(),
                server_certificate_expires_at: certificates.server.expires_at(),
                per_minute: per_minute(end, totals.get(&id).map_or(&[], Vec::as_slice)),
            });
        }
        Ok(facts)
    }
}

fn minutes_to(end: Minute, count: u32) -> impl Iterator<Item = Minute> {
    (0..count).rev().map(move |back| end.minus(back))
}

fn per_minute(end: Minute, totals: &[MinuteTotals]) -> Vec<u32> {
    let of = |minute| totals.iter().find(|totals| totals.minute == minute);
    minutes_to(end, RATE_MINUTES)
        .map(|minute| of(minute).map_or(0, |totals| u32::try_from(totals.delivered).unwrap_or(u32::MAX)))
        .collect()
}

/// How many events came in, by minute. The first position is where it starts from.
fn received(positions: &[(Minute, Seq)], newest: (Minute, Seq)) -> HashMap<Minute, u64> {
    let mut received = HashMap::new();
    let mut before = positions.first().map(|(_, seq)| *seq);
    for (minute, seq) in positions.iter().skip(1).chain([&newest]) {
        let more = seq.get().saturating_sub(before.map_or(seq.get(), Seq::get));
        let sum: &mut u64 = received.entry(*minute).or_default();
        *sum = sum.saturating_add(u64::try_from(more).unwrap_or(0));
        before = Some(*seq);
    }
    received
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(list: &[(i64, i64)]) -> Vec<(Minute, Seq)> {
        list.iter()
            .map(|(minute, seq)| (Minute::new(*minute), Seq::new(*seq)))
            .collect()
    }

    #[test]
    fn what_came_in_is_the_difference_of_positions() {
        let noted = positions(&[(3, 10), (7, 14), (9, 20)]);
        let by_minute = received(&noted, (Minute::new(9), Seq::new(25)));
        let of = |minute| by_minute.get(&Minute::new(minute)).copied();
        assert_eq!((of(3), of(7), of(9)), (None, Some(4), Some(11)));
        assert_eq!(
            received(&[], (Minute::new(9), Seq::new(25))).get(&Minute::new(9)),
            Some(&0)
        );
    }
}
