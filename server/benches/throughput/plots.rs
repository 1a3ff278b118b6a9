//! Events a second and memory, against destinations, backlog and the size of events: as images and tables.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use domain::destination::DestinationDraft;
use engine::clock::Clock;

use crate::{
    args::Args,
    chart::{self, Chart, Line},
    events::{Request, event, sized_event},
    ingest, instance,
    instance::Instance,
    rate,
    receiver::Receiver,
    report::{Report, count, grouped, mebibytes, table},
    runtime,
};

const DESTINATIONS: [usize; 7] = [1, 2, 5, 10, 20, 50, 100];

pub(crate) const MOST_DESTINATIONS: usize = DESTINATIONS[6];

/// Events for each destination, at least.
pub(crate) const LEAST_EVENTS: usize = 100;

const SMALLEST_BACKLOG: usize = 10_000;

/// A delivery that takes longer is measured for so long.
const LONGEST: Duration = Duration::from_secs(30);

/// Bytes of an event as it is posted.
const SIZES: [usize; 5] = [200, 1_000, 4_000, 16_000, 64_000];

/// Bytes of all events of a size, at most.
const BYTES: usize = 400_000_000;

const ARGUMENTS: [&str; 4] = ["--log-size-limit", "1TiB", "--max-destinations", "100"];

/// A measurement: what was varied, and what came of it.
struct Measured {
    varied: usize,
    /// Events per second, in the order of the chart's lines.
    rates: Vec<f64>,
    highest_kib: usize,
}

/// What a row of measurements is about.
struct Subject {
    name: &'static str,
    varied: &'static str,
    rates: &'static [&'static str],
    /// How many, as the axis shows it.
    tick: fn(usize) -> String,
}

pub(crate) fn destinations(args: &Args, report: &Report<'_>) {
    let measured = DESTINATIONS.map(|destinations| {
        let events = (args.deliveries / destinations).max(LEAST_EVENTS);
        let (rate, highest_kib) = delivered(destinations, events, event);
        Measured {
            varied: destinations,
            rates: vec![rate],
            highest_kib,
        }
    });
    let subject = Subject {
        name: "plots-destinations",
        varied: "destinations",
        rates: &["deliveries to all destinations, one event per POST"],
        tick: count,
    };
    publish(&subject, &measured, report);
}

pub(crate) fn backlog(args: &Args, report: &Report<'_>) {
    let sizes = std::iter::successors(Some(SMALLEST_BACKLOG), |size| size.checked_mul(10));
    let mut sizes: Vec<usize> = sizes.take_while(|size| *size < args.backlog).collect();
    sizes.push(args.backlog);
    let measured: Vec<Measured> = sizes
        .into_iter()
        .map(|events| {
            let (rate, highest_kib) = delivered(1, events, event);
            Measured {
                varied: events,
                rates: vec![rate],
                highest_kib,
            }
        })
        .collect();
    let subject = Subject {
        name: "plots-backlog",
        varied: "events of backlog",
        rates: &["deliveries, one event per POST"],
        tick: count,
    };
    publish(&subject, &measured, report);
}

pub(crate) fn event_size(args: &Args, report: &Report<'_>) {
    let measured = SIZES.map(|bytes| {
        let events = (BYTES / bytes).min(args.deliveries / 4);
        let (ingested, highest_of_ingest) = ingested(events, bytes);
        let (delivered, highest_of_delivery) = delivered(1, events, |number| sized_event(number, bytes));
        Measured {
            varied: bytes,
            rates: vec![ingested, delivered],
            highest_kib: highest_of_ingest.max(highest_of_delivery),
        }
    });
    let subject = Subject {
        name: "plots-event-size",
        varied: "size of an event",
        rates: &["ingest, batches of 10, 8 connections", "deliveries, one event per POST"],
        tick: kilobytes,
    };
    publish(&subject, &measured, report);
}

/// Deliveries a second of a log of so many events to so many destinations, and the highest memory of the server in KiB.
fn delivered(destinations: usize, events: usize, event: impl Fn(usize) -> String) -> (f64, usize) {
    let folder = instance::folder();
    let receiver = Receiver::start(false);
    let drafts = (0..destinations).map(|number| {
        let url = format!("{}/{number}", receiver.url());
        DestinationDraft::http(format!("destination {number}"), url)
    });
    runtime().block_on(async {
        instance::add_destinations(folder.path(), drafts.collect()).await;
        instance::fill_log_with(folder.path(), events, Clock::machine().now(), event).await;
    });
    let instance = Instance::start_with(folder.path(), &ARGUMENTS);
    let wait_for = |deliveries: usize, until: Option<Instant>| {
        loop {
            let (received, now) = (receiver.received.load(Ordering::Relaxed), Instant::now());
            if received >= deliveries || until.is_some_and(|until| now >= until) {
                return (received, now);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let (first, started) = wait_for(1, None);
    let (last, ended) = wait_for(destinations * events, Some(started + LONGEST));
    (rate(last - first, ended - started), instance.memory_kib().1)
}

/// Events of this size that are stored in a second, and the highest memory of the server in KiB.
fn ingested(events: usize, bytes: usize) -> (f64, usize) {
    let folder = instance::folder();
    let instance = Instance::start_with(folder.path(), &ARGUMENTS);
    let token = instance.token();
    let bodies: Vec<String> = (0..10).map(|number| sized_event(number, bytes)).collect();
    let requests = (0..8).map(|_| Request::of(&token, &bodies)).collect();
    let rate = ingest::drive_requests(instance.address, requests, events);
    (rate, instance.memory_kib().1)
}

fn publish(subject: &Subject, measured: &[Measured], report: &Report<'_>) {
    let points = |value: &dyn Fn(&Measured) -> f64| -> Vec<(usize, f64)> {
        measured
            .iter()
            .map(|measured| (measured.varied, value(measured)))
            .collect()
    };
    let rates = subject.rates.iter().enumerate().map(|(place, name)| Line {
        name,
        points: points(&|measured| measured.rates[place]),
    });
    let memory = Line {
        name: "server, RSS at its highest",
        points: points(&|measured| mebibytes(measured.highest_kib)),
    };
    let charts = [
        Chart {
            y: "events/s",
            lines: rates.collect(),
        },
        Chart {
            y: "MiB",
            lines: vec![memory],
        },
    ];
    let image = format!("performance-{}", subject.name.trim_start_matches("plots-"));
    chart::draw(&report.image(&image), (subject.varied, subject.tick), &charts);
    let mut header = vec![subject.varied];
    header.extend(subject.rates);
    header.push("RSS at its highest");
    let rows: Vec<Vec<String>> = measured.iter().map(|measured| row(subject, measured)).collect();
    let text = format!(
        "![Events per second and memory against {}](images/{image}.svg)\n\n{}",
        subject.varied,
        table(&header, &rows)
    );
    report.write(subject.name, &text);
}

fn row(subject: &Subject, measured: &Measured) -> Vec<String> {
    let mut cells = vec![(subject.tick)(measured.varied)];
    cells.extend(measured.rates.iter().map(|rate| format!("{}/s", grouped(*rate))));
    cells.push(format!("{:.0} MiB", mebibytes(measured.highest_kib)));
    cells
}

fn kilobytes(bytes: usize) -> String {
    match bytes % 1_000 {
        0 => format!("{} KB", bytes / 1_000),
        rest => format!("{}.{} KB", bytes / 1_000, rest / 100),
    }
}
