//! The names and descriptions of the metrics, which `docs/metrics.md` repeats.

use std::{collections::BTreeMap, fmt, time::Duration};

use domain::{
    Timestamp,
    health::{Concurrency, StreamHealth},
};
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
        self.write_certificates(&mut families)?;
        self.write_ingest(&mut families)?;
        self.write_log(&mut families)?;
        self.write_log_file(&mut families)?;
        self.write_streams(&mut families)?;
        self.write_concurrency(&mut families)?;
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
            "Time at which the server started.",
            [plain(seconds_of(self.started_at))],
        )?;
        families.gauge(
            "process_resident_memory_bytes",
            "Resident memory of the server.",
            self.resident_bytes.map(plain),
        )
    }

    fn write_certificates(&self, families: &mut Families<'_>) -> fmt::Result {
        // Of CAs with the same name, the first one that expires.
        let mut expiries: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
        for certificate in &self.certificates {
            let until = certificate.validity.until;
            let first = expiries
                .entry((certificate.holder.as_str(), &certificate.name))
                .or_insert(until);
            *first = until.min(*first);
        }
        families.gauge(
            "audit_streams_certificate_expiry_timestamp_seconds",
            "Time at which a certificate of the server expires: that of the listener, with its chain, or a CA in AUDIT_STREAMS_CA_FILE or \
             AUDIT_STREAMS_CLIENT_CA.",
            expiries.into_iter().map(|((holder, name), until)| {
                let labels = vec![("certificate", holder.to_owned()), ("name", name.to_owned())];
                (labels, seconds_of(until))
            }),
        )?;
        families.gauge(
            "audit_streams_destination_certificate_expiry_timestamp_seconds",
            "Time at which a certificate of the destination expires: the client certificate, that of the server, or the first of its \
             CAs. Absent for what it does not have, and for the server until the stream has connected by TLS.",
            self.streams.iter().flat_map(|stream| {
                let of = [
                    ("ca", stream.facts.ca_certificate_expires_at),
                    ("client", stream.facts.client_certificate_expires_at),
                    ("server", stream.facts.server_certificate_expires_at),
                ];
                let known = of.into_iter().filter_map(|(name, at)| Some((name, at?)));
                known.map(|(name, at)| (stream.with("certificate", name), seconds_of(at)))
            }),
        )
    }

    fn write_ingest(&self, families: &mut Families<'_>) -> fmt::Result {
        let accepted = &self.accepted;
        let refused = self.refused.iter().map(|(refusal, count)| (refusal.as_str(), *count));
        let outcomes = [(ACCEPTED, accepted.requests.count())].into_iter().chain(refused);
        families.counter(
            "audit_streams_ingest_requests_total",
            "Requests that posted events: accepted, or the reason for the rejection.",
            outcomes.map(|(outcome, count)| (label("outcome", outcome), count)),
        )?;
        families.counter(
            "audit_streams_ingest_events_total",
            "Events of accepted requests: stored, repeated if they were already stored, or conflicting if they were not stored \
             because another event with different content is stored under their id.",
            [
                (label("result", "stored"), accepted.stored),
                (label("result", "repeated"), accepted.repeated),
                (label("result", "conflicting"), accepted.conflicting),
            ],
        )?;
        families.counter(
            "audit_streams_ingest_bytes_total",
            "Bytes of the bodies of accepted requests, after decompression.",
            [plain(accepted.bytes)],
        )?;
        families.histogram(
            "audit_streams_ingest_duration_seconds",
            "Duration of an accepted request, from its head until its events are on disk.",
            [plain(&accepted.requests)],
        )
    }

    fn write_log(&self, families: &mut Families<'_>) -> fmt::Result {
        families.counter(
            "audit_streams_log_appended_events_total",
            "Events that were ever appended, including instance events. Not reset by a restart.",
            [plain(self.log.appended)],
        )?;
        families.histogram(
            "audit_streams_log_commit_duration_seconds",
            "Duration of writing the queued events to disk.",
            [plain(&self.log.writing.commits)],
        )?;
        families.gauge(
            "audit_streams_log_queue_bytes",
            "Bytes of events that wait to be written.",
            [plain(self.log.writing.queued_bytes)],
        )?;
        families.gauge(
            "audit_streams_log_events",
            "Number of events in the log.",
            [plain(self.log.stored.events)],
        )?;
        families.gauge(
            "audit_streams_log_oldest_event_timestamp_seconds",
            "Time at which the oldest event in the log was received. Absent while the log is empty.",
            self.log.stored.oldest_received_at.map(|at| plain(seconds_of(at))),
        )
    }

    fn write_log_file(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauge(
            "audit_streams_log_size_bytes",
            "Size of the log, including rejected events that are kept.",
            [plain(self.log.stored.used_bytes)],
        )?;
        families.gauge(
            "audit_streams_log_kept_events",
            "Events that were removed from the log, but are kept to be retried or discarded, because a destination rejected them.",
            [plain(self.log.stored.kept_events)],
        )?;
        families.counter(
            "audit_streams_log_pruned_early_events_total",
            "Events that were removed from the log before they reached the retention age, to make room. Not reset by a restart.",
            [plain(self.log.pruned_early)],
        )?;
        families.gauge(
            "audit_streams_log_size_limit_bytes",
            "Size of the log at which the server stops accepting events.",
            [plain(self.log.limit_bytes)],
        )?;
        families.gauge(
            "audit_streams_log_full",
            "1 while events are rejected because the log has reached its size limit.",
            [plain(u64::from(self.log.is_full()))],
        )?;
        families.gauge(
            "audit_streams_log_full_timestamp_seconds",
            "Predicted time at which the log reaches its size limit, if nothing is removed and events arrive at the rate of the \
             last hour. Absent if no stream is behind, or it is more than a year away.",
            self.log.full_at.map(|at| plain(seconds_of(at))),
        )?;
        families.counter(
            "audit_streams_log_unreadable_events_total",
            "Events that could not be read since the start, because the file is damaged where they are stored.",
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
            "1 for the current state of the stream, 0 for the others.",
            self.streams.iter().flat_map(|stream| {
                let states = StreamHealth::NAMES.into_iter();
                states.map(|state| (stream.with("state", state), u64::from(state == stream.state)))
            }),
        )?;
        families.gauge(
            "audit_streams_destination_backlog_events",
            "Positions of the log that the stream has not acknowledged yet. Absent while the stream starts.",
            self.streams
                .iter()
                .filter_map(|stream| Some((stream.labels(), stream.backlog?))),
        )?;
        families.gauge(
            "audit_streams_destination_lag_seconds",
            "Time for which the oldest waiting event has been in the log. 0 if no event waits.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.lag.as_secs_f64())),
        )?;
        families.gauge(
            "audit_streams_destination_last_success_timestamp_seconds",
            "Time at which the destination last accepted an event. Absent if it never did.",
            self.streams
                .iter()
                .filter_map(|stream| Some((stream.labels(), seconds_of(stream.facts.last_success_at?)))),
        )
    }

    fn write_concurrency(&self, families: &mut Families<'_>) -> fmt::Result {
        let of = |read: fn(Concurrency) -> u32| {
            let streams = self.streams.iter();
            streams.filter_map(move |stream| Some((stream.labels(), u64::from(read(stream.facts.concurrency?)))))
        };
        families.gauge(
            "audit_streams_destination_concurrency_limit",
            "The most requests that the stream may have in flight now. Absent while the stream does not run.",
            of(|concurrency| concurrency.limit),
        )?;
        families.gauge(
            "audit_streams_destination_concurrency_maximum",
            "The most requests in flight that the settings of the destination allow. Absent while the stream does not run.",
            of(|concurrency| concurrency.maximum),
        )?;
        families.gauge(
            "audit_streams_destination_in_flight",
            "Requests that the stream has in flight now. Absent while the stream does not run.",
            of(|concurrency| concurrency.in_flight),
        )
    }

    fn write_deliveries(&self, families: &mut Families<'_>) -> fmt::Result {
        families.counter(
            "audit_streams_destination_delivered_events_total",
            "Events that the destination accepted, including repeats after a crash.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.totals.delivered)),
        )?;
        families.counter(
            "audit_streams_destination_requests_total",
            "Requests to the destination: accepted, or how they failed. A request that was accepted in part counts as accepted \
             and as failed.",
            self.streams.iter().flat_map(|stream| {
                let outcomes = stream.outcomes();
                outcomes.map(|(outcome, count)| (stream.with("outcome", outcome), count))
            }),
        )?;
        families.histogram(
            "audit_streams_destination_request_duration_seconds",
            "Duration of accepted requests.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), &stream.totals.accepted)),
        )?;
        families.counter(
            "audit_streams_destination_backoffs_total",
            "How often the stream started to back off. While it backs off, it sends only probes.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.totals.backoffs)),
        )
    }

    fn write_refused_events(&self, families: &mut Families<'_>) -> fmt::Result {
        families.counter(
            "audit_streams_destination_parked_total",
            "Events that the stream parked, because they were rejected in every attempt or because an administrator parked them.",
            self.streams
                .iter()
                .map(|stream| (stream.labels(), stream.totals.parked)),
        )?;
        families.gauge(
            "audit_streams_destination_parked_events",
            "Events that are parked now, to be retried or discarded.",
            self.streams.iter().map(|stream| (stream.labels(), stream.facts.parked)),
        )?;
        families.gauge(
            "audit_streams_destination_retrying_events",
            "Rejected events that are still being retried.",
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

    /// All outcomes, including those that have not occurred: a series that exists from the start shows its first increase.
    fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let failed = Failure::ALL.into_iter().map(|failure| {
            let counted = self.totals.failed.iter().find(|(other, _)| *other == failure);
            (failure.as_str(), counted.map_or(0, |(_, count)| *count))
        });
        [(ACCEPTED, self.totals.accepted.count())].into_iter().chain(failed)
    }
}

/// The series of a family without labels.
const fn plain<V>(value: V) -> (Labels, V) {
    (Vec::new(), value)
}

fn label(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

fn seconds_of(moment: Timestamp) -> f64 {
    Duration::from_millis(u64::try_from(moment.unix_ms()).unwrap_or(0)).as_secs_f64()
}
