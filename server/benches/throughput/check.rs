//! How long `audit-streams check` takes.

use std::time::{Duration, Instant};

use crate::{
    args::Args,
    instance,
    report::{Report, count, grouped, table},
    runtime,
};

pub(crate) fn check(args: &Args, report: &Report<'_>) {
    let folder = instance::folder();
    runtime().block_on(async {
        instance::fill_log(folder.path(), args.stored).await;
        // Notes what is stored, as a server that was stopped has.
        let engine = instance::open_engine(folder.path()).await;
        engine.shutdown(Duration::from_secs(10)).await;
    });
    let bytes = std::fs::metadata(folder.path().join("events.db")).unwrap().len();
    let started = Instant::now();
    instance::run(folder.path(), &["check"]);
    let took = started.elapsed();
    let row = vec![
        count(args.stored),
        format!("{} MiB", grouped(f64::from(u32::try_from(bytes >> 20).unwrap()))),
        format!("{:.1} s", took.as_secs_f64()),
    ];
    report.write("check", &table(&["events", "events.db", "check takes"], &[row]));
}
