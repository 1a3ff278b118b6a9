//! The metrics: their names, and what they tell. `docs/metrics.md` says the same for people.

use std::{fmt, time::Duration};

use domain::{Timestamp, health::StreamHealth};
use engine::Failure;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::{
    families::{Families, Labels},
    reading::{Reading, StreamReading},
};

const ACCEPTED: &str = "accepted";

impl Collector for Reading {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        self.write_process(&mut families)?;
        self.write_ingest(&mut families)?;
        self.write_log(&mut families)?;
        self.write_log_file(&mut families)?;
        self.write_streams(&mut families)?;
        self.write_deliveries(&mut families)?;
        self.write_refused_events(&mut families)
    }
}

impl Reading {
    fn write_process(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauge(
            "audit_streams_build_info",
            "1, with the version of the server.",
            [(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1_u64)],
        )?;
        families.gauge(
            "process_start_time_seconds",
            "When the server was started, since 1970.",
            [plain(seconds_of(self.started_at))],
        )?;
        families.gauge(
            "process_resident_memory_bytes",
            "Memory that the server holds.",
            self.resident_bytes.map(plain),
        )
    }

    fn write_ingest(&self, families: &mut Families<'_>) -> fmt::Result {
        let accepted = &self.accepted;
        let refused = self.refused.iter().map(|(refusal, count)| (refusal.as_str(), *count));
        let outcomes = [(ACCEPTED, accepted.requests.count())].into_iter().chain(refused);
        families.counter(
            "audit_streams_ingest_requests_total",
            "Requests that posted events, by outcome.",
            outcomes.map(|(outcome, count)| (label("outcome", outcome), count)),
        )?;
        families.counter(
            "audit_streams_ingest_events_total",
            "Events of accepted requests: stored, repeated if they had been sent before, or conflicting if another one is \
             stored under their id.",
            [
                (label("result", "stored"), accepted.stored),
                (label("result", "repeated"), accepted.repeated),
                (label("result", "conflicting"), accepted.conflicting),
            ],
        )?;
        families.counter(
            "audit_streams_ingest_bytes_total",
            "Bytes of the bodies of accepted requests, decompressed.",
            [plain(accepted.bytes)],
        )?;
        families.histogram(
            "audit_streams_ingest_duration_seconds",
            "How long an accepted request took from its head until its events were on disk.",
            [plain(&accepted.requests)],
        )
    }

    fn write_log(&self, families: &mut Families<'_>) -> fmt::Result {
        families.counter(
            "audit_streams_log_appended_events_total",
            "Events that were ever appended to the log, own ones included; goes on after a restart.",
            [plain(self.log.appended)],
        )?;
        families.histogram(
            "audit_streams_log_commit_duration_seconds",
            "How long it took to bring what had queued up to the disk.",
            [plain(&self.log.writing.commits)],
        )?;
        families.gauge(
            "audit_streams_log_queue_bytes",
            "Bytes of events that wait to be written.",
            [plain(self.log.writing.queued_bytes)],
        )?;
        families.gauge(
            "audit_streams_log_events",
            "Events that the log holds.",
            [plain(self.log.stored.events)],
        )?;
        families.gauge(
            "audit_streams_log_oldest_event_timestamp_seconds",
            "When the oldest event in the log came in, since 1970; absent while the log is empty.",
            self.log.stored.oldest_received_at.map(|at| plain(seconds_of(at))),
        )
    }

    fn write_log_file(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauge(
            "audit_streams_log_size_bytes",
            "Size of the log, including refused events that are kept.",
            [plain(self.log.stored.used_bytes)],
        )?;
        families.gauge(
            "audit_streams_log_kept_events",
            "Events that have left the log, but are kept because a destination refused them, to be retried or discarded.",
            [plain(self.log.stored.kept_events)],
        )?;
        families.counter(
            "audit_streams_log_pruned_early_events_total",
            "Events that left the log before they had reached the retention age, for want of room; goes on after a restart.",
            [plain(self.log.pruned_early)],
        )?;
        families.gauge(
            "audit_streams_log_size_limit_bytes",
            "Size at which no more events are taken in.",
            [plain(self.log.limit_bytes)],
        )?;
        families.gauge(
            "audit_streams_log_full",
            "1 while events are refused because the log has reached its limit.",
            [plain(u64::from(self.log.is_full()))],
        )?;
        families.gauge(
            "audit_streams_log_full_timestamp_seconds",
            "When the log reaches its limit if nothing leaves it and events go on coming in as in the last hour, since 1970; \
             absent if no stream is behind, or that is more than a year away.",
            self.log.full_at.map(|at| plain(seconds_of(at))),
        )?;
        families.counter(
            "audit_streams_log_unreadable_events_total",
            "Events that could not be read since the server was started, because the file is damaged where they are stored.",
            [plain(self.log.unreadable)],
        )
    }

    fn write_streams(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauge(
            "audit_streams_destination_info",
            "1 for each destination, with its name.",
            self.streams
                .iter()
                .map(|stream| (stream.with("name", &stream.name), 1_u64)),
        )?;
        families.gauge(
            "audit_streams_destination_state",
            "1 for the state that the destination is in, 0 for the others.",
            self.streams.iter().flat_map(|stream| {
                let states = StreamHealth::NAMES.into_iter();
                states.map(|state| (stream.with("state", state), u64::from(state == stream.state)))
            }),
        )?;
        families.gauge(
            "audit_streams_destination_backlog_events",
            "Positions of the log that are still to be acknowledged for the destination; absent while its stream starts.",
            self.streams
                .iter()
                .filter_map(|stream| Some((stream.labels(), stream.backlog?))),
        )?;
        families.gauge(
            "audit_streams_destination_lag_seconds",
            "For how long the oldest event that waits for the destination has been in the log; 0 if none waits.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.lag.as_secs_f64())),
        )?;
        families.gauge(
            "audit_streams_destination_last_success_timestamp_seconds",
            "When the destination last accepted an event, since 1970; absent if it never has.",
            self.streams
                .iter()
                .filter_map(|stream| Some((stream.labels(), seconds_of(stream.facts.last_success_at?)))),
        )
    }

    fn write_deliveries(&self, families: &mut Families<'_>) -> fmt::Result {
        families.counter(
            "audit_streams_destination_delivered_events_total",
            "Events that the destination accepted, repeats after a crash included.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.totals.delivered)),
        )?;
        families.counter(
            "audit_streams_destination_requests_total",
            "Requests to the destination, by outcome; one that was accepted in part counts as accepted and as failed.",
            self.streams.iter().flat_map(|stream| {
                let outcomes = stream.outcomes();
                outcomes.map(|(outcome, count)| (stream.with("outcome", outcome), count))
            }),
        )?;
        families.histogram(
            "audit_streams_destination_request_duration_seconds",
            "How long requests took that the destination accepted.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), &stream.totals.accepted)),
        )?;
        families.counter(
            "audit_streams_destination_holds_total",
            "How many times the destination was held: nothing but probes is sent until it accepts again.",
            self.streams.iter().map(|stream| (stream.labels(), stream.totals.holds)),
        )
    }

    fn write_refused_events(&self, families: &mut Families<'_>) -> fmt::Result {
        families.counter(
            "audit_streams_destination_parked_total",
            "Events that were given up after the destination had refused them each time.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.totals.parked)),
        )?;
        families.gauge(
            "audit_streams_destination_parked_events",
            "Events that are parked now, for an administrator to retry or discard.",
            self.streams.iter().map(|stream| (stream.labels(), stream.facts.parked)),
        )?;
        families.gauge(
            "audit_streams_destination_retrying_events",
            "Refused events that are still tried, each on its own schedule.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.facts.retrying)),
        )
    }
}

impl StreamReading {
    fn labels(&self) -> Labels {
        vec![("destination_id", self.id.to_string()), ("kind", self.kind.to_owned())]
    }

    fn with(&self, name: &'static str, value: &str) -> Labels {
        let mut labels = self.labels();
        labels.push((name, value.to_owned()));
        labels
    }

    /// Every outcome, also those that never were: a series that is there from the start shows its first increase.
    fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let failed = Failure::ALL.into_iter().map(|failure| {
            let counted = self.totals.failed.iter().find(|(other, _)| *other == failure);
            (failure.as_str(), counted.map_or(0, |(_, count)| *count))
        });
        [(ACCEPTED, self.totals.accepted.count())].into_iter().chain(failed)
    }
}

/// The one series of a family without labels.
const fn plain<V>(value: V) -> (Labels, V) {
    (Vec::new(), value)
}

fn label(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

fn seconds_of(moment: Timestamp) -> f64 {
    Duration::from_millis(u64::try_from(moment.unix_ms()).unwrap_or(0)).as_secs_f64()
}
