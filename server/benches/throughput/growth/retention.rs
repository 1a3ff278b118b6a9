//! Removing events that have reached the retention age, while others are posted.

use std::{
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{
    Timestamp,
    settings::{RetentionChange, RetentionDays},
};
use engine::clock::Clock;
use rusqlite::{Connection, OpenFlags};

use super::LARGE_LOG;
use crate::{
    args::Args,
    client::Client,
    events::{Request, event},
    instance,
    instance::Instance,
    percentiles::Times,
    rate,
    report::{Report, count, grouped, milliseconds, table},
    runtime,
};

/// Each posts one event at a time, without a pause.
const CONNECTIONS: usize = 16;

/// Age of the events that are to be removed: more than the default retention age.
const AGE: Duration = Duration::from_secs(40 * 24 * 60 * 60);

/// The retention age until they are to be removed.
const LONGER_DAYS: u32 = 100;

/// How often the log is looked at.
const PAUSE: Duration = Duration::from_millis(20);

struct Posts {
    times: Times,
    per_second: f64,
}

pub(crate) fn retention(args: &Args, report: &Report<'_>) {
    let folder = instance::folder();
    runtime().block_on(fill(folder.path(), args.expired));
    let instance = Instance::start_with(folder.path(), &LARGE_LOG);
    let token = instance.token();
    // A third of what the disk was found to have room for.
    let most = args.expired / 3;
    let numbers = |phase: usize| args.expired + phase * most..args.expired + (phase + 1) * most;
    let phase = Duration::from_secs(args.seconds);
    let post = |phase, wait: &mut (dyn FnMut() + Send)| posts(&instance, &token, numbers(phase), wait);
    let before = post(0, &mut || std::thread::sleep(phase));
    let mut removed_after = Duration::ZERO;
    let during = post(1, &mut || {
        removed_after = remove(&instance, folder.path(), args.expired)
    });
    let after = post(2, &mut || std::thread::sleep(phase));
    let rows = [("before", before), ("during", during), ("after", after)].map(|(name, posts)| {
        let percentiles = [50, 99, 100].map(|percent| milliseconds(posts.times.percentile(percent)));
        let mut cells = vec![name.to_owned(), format!("{}/s", grouped(posts.per_second))];
        cells.extend(percentiles);
        cells
    });
    let header = ["removal of old events", "ingest", "post p50", "p99", "most"];
    report.write(
        "growth-retention",
        &format!(
            "{} old events were removed in {:.1} s. {CONNECTIONS} connections posted one event at a time, at most {} in each row.\n\n{}",
            count(args.expired),
            removed_after.as_secs_f64(),
            count(most),
            table(&header, &rows)
        ),
    );
}

async fn fill(folder: &Path, expired: usize) {
    let age_ms = i64::try_from(AGE.as_millis()).unwrap();
    let received_at = Timestamp::from_unix_ms(Clock::machine().now().unix_ms() - age_ms);
    // The audit event of the change is as old as the others: the log is pruned from its oldest end, as far as events are old enough.
    let engine = instance::open_engine_at(folder, Clock::set_at(received_at)).await;
    let change = RetentionChange {
        days: RetentionDays::new(LONGER_DAYS),
        log_size: None,
    };
    let version = engine.retention_settings().version;
    engine
        .update_retention(&instance::author(), version, change)
        .await
        .unwrap();
    engine.shutdown(Duration::from_secs(10)).await;
    // It holds the lock of the folder.
    drop(engine);
    instance::fill_log_with(folder, expired, received_at, event).await;
}

/// Posts events with these numbers until all are posted or `wait` returns.
fn posts(instance: &Instance, token: &str, numbers: Range<usize>, wait: &mut (dyn FnMut() + Send)) -> Posts {
    let (is_over, next) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(numbers.start)),
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            wait();
            is_over.store(true, Ordering::Relaxed);
        });
        let (times, elapsed) = runtime().block_on(async {
            let mut clients = Vec::new();
            for _ in 0..CONNECTIONS {
                clients.push((Client::connect(instance.address).await, Request::new(token, 1)));
            }
            let started = Instant::now();
            let posting = clients.into_iter().map(|(client, request)| {
                let (is_over, next) = (Arc::clone(&is_over), Arc::clone(&next));
                tokio::spawn(post_until(is_over, next, numbers.end, client, request))
            });
            let mut times = Vec::new();
            for client in posting.collect::<Vec<_>>() {
                times.extend(client.await.unwrap());
            }
            (times, started.elapsed())
        });
        waiting.join().unwrap();
        Posts {
            per_second: rate(times.len(), elapsed),
            times: Times::new(times),
        }
    })
}

async fn post_until(
    is_over: Arc<AtomicBool>,
    next: Arc<AtomicUsize>,
    end: usize,
    mut client: Client,
    mut request: Request,
) -> Vec<Duration> {
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            break;
        }
        let request = request.numbered(number);
        let started = Instant::now();
        client.send(request).await;
        times.push(started.elapsed());
    }
    times
}

/// Restores the default retention age, and returns how long it took until all old events were removed.
fn remove(instance: &Instance, folder: &Path, expired: usize) -> Duration {
    let token = instance.token_with("admin");
    let log = Connection::open_with_flags(folder.join("events.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    log.busy_timeout(Duration::from_secs(10)).unwrap();
    let body = r#"{"days":null}"#;
    let request = format!(
        "PATCH /api/v1/settings/retention HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let started = Instant::now();
    runtime().block_on(async {
        Client::connect(instance.address).await.send(request.as_bytes()).await;
    });
    let expired = i64::try_from(expired).unwrap();
    loop {
        let first: Option<i64> = log
            .query_row("SELECT min(seq) FROM events", [], |row| row.get(0))
            .unwrap();
        if first.is_none_or(|first| first > expired) {
            return started.elapsed();
        }
        std::thread::sleep(PAUSE);
    }
}
