//! What unhealthy neighbours cost a healthy stream: from post to delivered at 200 events a second.

use std::time::Duration;

use domain::{Field, destination::DestinationDraft};

use crate::{
    args::Args,
    latency::{DEAD, post_to_delivered},
    percentiles::Times,
    receiver::Receiver,
    report::{Report, count, milliseconds, table},
};

/// In which the slow neighbour answers; the destination waits for twice as long.
const SLOW: Duration = Duration::from_secs(30);

/// For how long the flapping neighbour accepts, and then rejects, requests.
const FLAPPING: Duration = Duration::from_secs(2);

#[derive(Clone, Copy)]
enum Neighbour {
    Dead,
    Slow,
    Flapping,
}

pub(crate) fn isolation(args: &Args, report: &Report<'_>) {
    use Neighbour::{Dead, Flapping, Slow};
    let measured = [
        ("alone, before", &[][..]),
        ("a dead neighbour", &[Dead]),
        ("one that answers after 30 s", &[Slow]),
        ("one that flaps every 2 s", &[Flapping]),
        ("all three", &[Dead, Slow, Flapping]),
        ("alone, after", &[]),
    ]
    .map(|(name, neighbours)| (name, measure(args.posts, neighbours)));
    let alone = |percent| (measured[0].1.percentile(percent) + measured[5].1.percentile(percent)) / 2;
    let rows: Vec<Vec<String>> = measured.iter().map(|(name, times)| row(name, times, alone)).collect();
    let header = [
        "next to",
        "p50",
        "p95",
        "p99",
        "most",
        "p50 against alone",
        "p99 against alone",
    ];
    report.write(
        "isolation",
        &format!(
            "{} events in each measurement; the last two columns compare with the mean of both measurements alone.\n\n{}",
            count(args.posts),
            table(&header, &rows)
        ),
    );
}

fn measure(posts: usize, neighbours: &[Neighbour]) -> Times {
    post_to_delivered(
        posts,
        neighbours.iter().map(|neighbour| neighbour.destination()).collect(),
    )
}

fn row(name: &str, times: &Times, alone: impl Fn(usize) -> Duration) -> Vec<String> {
    let mut cells = vec![name.to_owned()];
    cells.extend([50, 95, 99, 100].map(|percent| milliseconds(times.percentile(percent))));
    cells.extend([50, 99].map(|percent| difference(times.percentile(percent), alone(percent))));
    cells
}

fn difference(time: Duration, alone: Duration) -> String {
    format!("{:+.0} %", 100.0 * (time.as_secs_f64() / alone.as_secs_f64() - 1.0))
}

impl Neighbour {
    /// A destination whose receiver behaves like this. The receiver runs until the process ends.
    fn destination(self) -> DestinationDraft {
        let url = match self {
            Self::Dead => DEAD.to_owned(),
            Self::Slow => Receiver::distant(SLOW).url(),
            Self::Flapping => Receiver::flapping(FLAPPING).url(),
        };
        let mut draft = DestinationDraft::http(url.clone(), url);
        if matches!(self, Self::Slow) {
            let timeout = (SLOW.as_secs() * 2).to_string();
            draft.target.values.set(Field::RequestTimeout, timeout);
        }
        draft
    }
}
