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

/// So often everything is measured, in turn: the machine is not equally fast all the time, so only neighbouring measurements compare.
const ROUNDS: usize = 7;

const MEASURED: [(&str, &[Neighbour]); 5] = [
    ("nothing (alone)", &[]),
    ("a dead neighbour", &[Neighbour::Dead]),
    ("one that answers after 30 s", &[Neighbour::Slow]),
    ("one that flaps every 2 s", &[Neighbour::Flapping]),
    ("all three", &[Neighbour::Dead, Neighbour::Slow, Neighbour::Flapping]),
];

pub(crate) fn isolation(args: &Args, report: &Report<'_>) {
    let rounds = [(); ROUNDS].map(|()| MEASURED.map(|(_, neighbours)| measure(args.posts, neighbours)));
    let row = |index: usize, name: &str| {
        let over_rounds =
            |figure: &dyn Fn(&[Times; MEASURED.len()]) -> f64| median(rounds.iter().map(figure).collect());
        let mut cells = vec![name.to_owned()];
        cells.extend([50, 95, 99].map(|percent| {
            let seconds = over_rounds(&|round| round[index].percentile(percent).as_secs_f64());
            milliseconds(Duration::from_secs_f64(seconds))
        }));
        cells.extend([50, 99].map(|percent| {
            let ratio = over_rounds(&|round| {
                round[index].percentile(percent).as_secs_f64() / round[0].percentile(percent).as_secs_f64()
            });
            format!("{:+.0} %", 100.0 * (ratio - 1.0))
        }));
        cells
    };
    let rows: Vec<Vec<String>> = MEASURED
        .iter()
        .enumerate()
        .map(|(index, (name, _))| row(index, name))
        .collect();
    let header = ["next to", "p50", "p95", "p99", "p50 against alone", "p99 against alone"];
    report.write(
        "isolation",
        &format!(
            "Medians of {ROUNDS} rounds of {} events each. The last two columns compare with *alone* in the same round.\n\n{}",
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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
