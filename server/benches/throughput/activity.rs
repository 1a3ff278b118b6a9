//! Opening what streams have done: a week of it, minute by minute, of as many destinations as an instance has.

use std::{path::Path, time::Duration};

use crate::{instance, instance::Instance, page::Page, runtime};
use domain::{
    activity::{Counts, LatencyHistogram, Minute},
    destination::{DestinationDraft, DestinationSettings, StreamState},
    ids::DestinationId,
    instance_event::Author,
};

const DESTINATIONS: i64 = 20;
const WEEK_MINUTES: u32 = 7 * 24 * 60;

pub(crate) fn activity() {
    let folder = instance::folder();
    let ids = runtime().block_on(fill(folder.path()));
    let instance = Instance::start(folder.path());
    let page = Page::sign_in(&instance);
    for span in ["hour", "day", "week"] {
        let times = ids
            .iter()
            .map(|id| page.median(&format!("/api/page/streams/activity?id={id}&range={span}")));
        let slowest = times.max().unwrap();
        println!(
            "activity of 1 of {DESTINATIONS} destinations with a week of minutes each, last {span}: {slowest:.1?} at the slowest"
        );
    }
    for (name, path) in [("overview", "/"), ("streams", "/admin/audit_logs?tab=streams")] {
        println!(
            "{name} of {DESTINATIONS} destinations with a week of minutes each, the whole page: {:.1?}",
            page.median(path)
        );
    }
}

async fn fill(folder: &Path) -> Vec<DestinationId> {
    let engine = instance::open_engine(folder).await;
    let end = Minute::of(engine.clock().now());
    let mut ids = Vec::new();
    for number in 0..DESTINATIONS {
        // Paused, so that nothing else changes its cursor.
        let settings = DestinationSettings {
            stream_state: Some(StreamState {
                active: true,
                paused: true,
            }),
            ..DestinationDraft::http(format!("SIEM {number}"), format!("http://127.0.0.1:9/{number}"))
                .parse_new()
                .unwrap()
        };
        let id = engine
            .create_destination(&Author::command_line(), settings)
            .await
            .unwrap()
            .destination
            .id;
        ids.push(id);
    }
    engine.shutdown(Duration::from_secs(10)).await;
    for id in &ids {
        let minutes = (0..WEEK_MINUTES).map(|back| (end.minus(back), counts(back)));
        store(folder, *id, minutes);
    }
    ids
}

/// Writes what a stream would have stored, on a folder that no server runs on.
fn store(folder: &Path, destination: DestinationId, minutes: impl Iterator<Item = (Minute, Counts)>) {
    let mut database = rusqlite::Connection::open(folder.join("audit-streams.db")).unwrap();
    let transaction = database.transaction().unwrap();
    for (minute, counts) in minutes {
        transaction
            .execute(
                "INSERT INTO delivery_minutes (destination_id, minute, delivered, failed, latency) VALUES (?, ?, ?, ?, ?)",
                (
                    destination.get(),
                    minute.number(),
                    i64::try_from(counts.delivered).unwrap(),
                    i64::try_from(counts.failed).unwrap(),
                    counts.latency.to_bytes(),
                ),
            )
            .unwrap();
    }
    transaction.commit().unwrap();
}

/// A busy stream: latencies spread over some twenty buckets, now and then a failure.
fn counts(minute: u32) -> Counts {
    let mut latency = LatencyHistogram::default();
    for request in 0..60_u64 {
        latency.record(Duration::from_micros(
            900 + request * request * (1 + u64::from(minute % 7)),
        ));
    }
    Counts {
        delivered: 60,
        failed: u64::from(minute.is_multiple_of(50)),
        latency,
    }
}
