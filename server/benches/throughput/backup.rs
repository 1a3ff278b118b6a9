//! What a backup costs applications that post meanwhile.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    args::Args,
    client::Client,
    events::Request,
    growth::LARGE_LOG,
    instance,
    instance::Instance,
    percentiles::Times,
    report::{Report, count, grouped, milliseconds, table},
    runtime,
};

/// Between two posts.
const INTERVAL: Duration = Duration::from_millis(5);

/// For so long, events are posted without a backup, before and after.
const ALONE: Duration = Duration::from_secs(15);

/// More posts than one backup has time for make the percentiles reliable.
const BACKUPS: usize = 5;

/// What was measured while something was done.
#[derive(Default)]
struct Measured {
    /// One for each post.
    times: Vec<Duration>,
    /// How long the work took.
    took: Duration,
    /// The size of `events.db-wal` at its highest.
    most_wal_bytes: u64,
}

impl Measured {
    fn add(&mut self, more: Self) {
        self.times.extend(more.times);
        self.took += more.took;
        self.most_wal_bytes = self.most_wal_bytes.max(more.most_wal_bytes);
    }
}

/// Posts one event after another, on one connection.
struct Poster {
    address: SocketAddr,
    request: Request,
    next: usize,
    wal: PathBuf,
}

pub(crate) fn backup(args: &Args, report: &Report<'_>) {
    let (folder, backups) = (instance::folder(), instance::folder());
    runtime().block_on(instance::fill_log(folder.path(), args.stored));
    let instance = Instance::start_with(folder.path(), &LARGE_LOG);
    let token = instance.token();
    let mut poster = Poster {
        address: instance.address,
        request: Request::new(&token, 1),
        next: args.stored,
        wal: folder.path().join("events.db-wal"),
    };
    let wait = || {
        std::thread::sleep(ALONE);
        ALONE
    };
    let (data_dir, output) = (folder.path().to_owned(), backups.path().join("backup"));
    let before = poster.during(wait);
    let mut during = Measured::default();
    for _ in 0..BACKUPS {
        let (data_dir, output) = (data_dir.clone(), output.clone());
        let backup = output.clone();
        during.add(poster.during(move || create(&data_dir, &backup)));
        // Five copies would need much room. Posts meanwhile are not measured.
        std::fs::remove_dir_all(&output).unwrap();
    }
    let each = during.took / u32::try_from(BACKUPS).unwrap();
    let measured = [
        ("alone, before", before),
        ("while backups are made", during),
        ("alone, after", poster.during(wait)),
    ];
    let rows: Vec<Vec<String>> = measured
        .into_iter()
        .map(|(name, measured)| row(name, measured))
        .collect();
    let header = [
        "posts of one event, 200/s",
        "posts",
        "p50",
        "p95",
        "p99",
        "most",
        "events.db-wal at most",
    ];
    report.write(
        "backup",
        &format!(
            "{BACKUPS} backups of a log of {} events, one after the other, on the disk of the server; each took {:.1} s.\n\n{}",
            count(args.stored),
            each.as_secs_f64(),
            table(&header, &rows)
        ),
    );
}

/// Returns how long the command took.
fn create(data_dir: &Path, output: &Path) -> Duration {
    let started = Instant::now();
    instance::run(data_dir, &["backup", "create", output.to_str().unwrap()]);
    started.elapsed()
}

fn row(name: &str, measured: Measured) -> Vec<String> {
    let mut cells = vec![name.to_owned(), count(measured.times.len())];
    let times = Times::new(measured.times);
    cells.extend([50, 95, 99, 100].map(|percent| milliseconds(times.percentile(percent))));
    let mebibytes = f64::from(u32::try_from(measured.most_wal_bytes >> 20).unwrap());
    cells.push(format!("{} MiB", grouped(mebibytes)));
    cells
}

impl Poster {
    /// Posts until the work is done, on another thread, which returns how long it took. Times are from when a post is due to its answer, so that a post that takes long
    /// counts for those that wait behind it.
    fn during(&mut self, work: impl FnOnce() -> Duration + Send + 'static) -> Measured {
        runtime().block_on(async {
            let mut client = Client::connect(self.address).await;
            let (mut times, mut most_wal_bytes) = (Vec::new(), 0);
            let work = tokio::task::spawn_blocking(work);
            let mut ticks = tokio::time::interval(INTERVAL);
            while !work.is_finished() {
                let due = ticks.tick().await;
                client.send(self.request.numbered(self.next)).await;
                times.push(due.elapsed());
                self.next += 1;
                let wal_bytes = std::fs::metadata(&self.wal).map_or(0, |metadata| metadata.len());
                most_wal_bytes = most_wal_bytes.max(wal_bytes);
            }
            Measured {
                took: work.await.unwrap(),
                times,
                most_wal_bytes,
            }
        })
    }
}
