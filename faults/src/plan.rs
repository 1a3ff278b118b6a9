//! What happens in each round: a function of the seed alone, so that a run can be repeated.

use std::{fmt, time::Duration};

use drill::Dice;

use crate::{
    changes::Change,
    endpoint::Mode,
    moment::Moment,
    targets::{Targets, index},
};

/// A fault that begins with a round and stays for some of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// How an HTTP endpoint answers.
    Endpoint(usize, Mode),
    /// How a bucket answers.
    Bucket(usize, Upset),
    /// How Cloud Logging answers.
    Google(Upset),
    /// Nothing more can be written.
    FullDisk,
    /// Nothing can be synchronised.
    FailingSync,
    /// Other programs write and fsync all the time.
    SlowDisk,
    /// The clock of the server is set by so many seconds.
    Clock(i64),
    /// The process is stopped for a while.
    Frozen(Duration),
}

/// How a service fails that speaks its own protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upset {
    Unavailable,
    TooManyRequests,
    Forbidden,
    Hang,
    Close,
    Reset,
    HangAfterStoring,
    CloseAfterStoring,
}

const UPSETS: [Upset; 8] = [
    Upset::Unavailable,
    Upset::TooManyRequests,
    Upset::Forbidden,
    Upset::Hang,
    Upset::Close,
    Upset::Reset,
    Upset::HangAfterStoring,
    Upset::CloseAfterStoring,
];

/// One round.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Round {
    /// Faults that begin, each with the number of rounds for which it stays.
    pub(crate) faults: Vec<(Fault, u32)>,
    /// A change by an administrator.
    pub(crate) change: Option<Change>,
    /// When the server is killed.
    pub(crate) moment: Moment,
    /// With the server, the power goes: what was not synchronised is lost.
    pub(crate) loses_power: bool,
    /// Faults end before the next start of the server, and not after it.
    pub(crate) heals_while_down: bool,
}

const FAULTS: [(u64, u64); 3] = [(35, 0), (80, 1), (100, 2)];
const LONGEST_ROUNDS: u64 = 3;
const CHANGE_PERCENT: u64 = 60;
const POWER_PERCENT: u64 = 50;

impl Round {
    /// The next round of a run.
    pub(crate) fn next(dice: &mut Dice, targets: Targets) -> Self {
        let roll = dice.roll(100);
        let count = FAULTS
            .iter()
            .find(|(below, _)| roll < *below)
            .map_or(0, |(_, count)| *count);
        let faults = (0..count).map(|_| (fault(dice, targets), rounds(dice))).collect();
        let change = dice.chance(CHANGE_PERCENT).then(|| Change::next(dice, targets.all));
        Self {
            faults,
            change,
            moment: Moment::next(dice, targets),
            loses_power: dice.chance(POWER_PERCENT),
            heals_while_down: dice.chance(50),
        }
    }
}

fn rounds(dice: &mut Dice) -> u32 {
    u32::try_from(1 + dice.roll(LONGEST_ROUNDS)).unwrap_or(1)
}

fn fault(dice: &mut Dice, targets: Targets) -> Fault {
    let upset = |dice: &mut Dice| dice.pick(&UPSETS).copied().unwrap_or(Upset::Close);
    match dice.roll(100) {
        0..43 => Fault::Endpoint(index(dice, targets.endpoints), Mode::next(dice)),
        43..54 => Fault::Bucket(index(dice, targets.buckets), upset(dice)),
        54..65 => Fault::Google(upset(dice)),
        65..72 => Fault::FullDisk,
        72..78 => Fault::FailingSync,
        78..84 => Fault::SlowDisk,
        84..92 => Fault::Clock(clock_step(dice)),
        _ => Fault::Frozen(Duration::from_millis(50 + dice.roll(1_200))),
    }
}

/// Seconds, minutes or a day, forwards or backwards.
fn clock_step(dice: &mut Dice) -> i64 {
    let steps = [3, 90, 4_000, 90_000];
    let step = dice.pick(&steps).copied().unwrap_or(3);
    if dice.chance(50) { step } else { -step }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(number, mode) => write!(formatter, "endpoint {number}: {mode:?}"),
            Self::Bucket(number, upset) => write!(formatter, "bucket {number}: {upset:?}"),
            Self::Google(upset) => write!(formatter, "Cloud Logging: {upset:?}"),
            Self::FullDisk => formatter.write_str("full disk"),
            Self::FailingSync => formatter.write_str("failing fsync"),
            Self::SlowDisk => formatter.write_str("slow disk"),
            Self::Clock(seconds) => write!(formatter, "clock {seconds:+} s"),
            Self::Frozen(time) => write!(formatter, "SIGSTOP for {} ms", time.as_millis()),
        }
    }
}

impl Fault {
    /// Under which name its uses are counted.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Endpoint(_, mode) => format!("endpoint {}", mode.name()),
            Self::Bucket(_, upset) => format!("S3 {upset:?}"),
            Self::Google(upset) => format!("Google {upset:?}"),
            Self::FullDisk => "full disk".to_owned(),
            Self::FailingSync => "failing fsync".to_owned(),
            Self::SlowDisk => "slow disk".to_owned(),
            Self::Clock(_) => "clock step".to_owned(),
            Self::Frozen(_) => "SIGSTOP".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const TARGETS: Targets = Targets {
        endpoints: 5,
        buckets: 2,
        all: 8,
    };

    fn rounds_of(seed: u64) -> Vec<Round> {
        let mut dice = Dice::new(seed);
        (0..2_000).map(|_| Round::next(&mut dice, TARGETS)).collect()
    }

    #[test]
    fn a_seed_repeats_its_rounds() {
        assert_eq!(rounds_of(3), rounds_of(3));
        assert_ne!(rounds_of(3), rounds_of(4));
    }

    #[test]
    fn every_kind_of_fault_change_and_moment_comes_up() {
        let rounds = rounds_of(1);
        let faults = rounds.iter().flat_map(|round| &round.faults);
        let kinds: BTreeSet<String> = faults.map(|(fault, _)| fault.kind()).collect();
        assert_eq!(kinds.len(), 2 * UPSETS.len() + Mode::KINDS + 5, "{kinds:?}");
        let changes: BTreeSet<&str> = rounds
            .iter()
            .filter_map(|round| Some(round.change.as_ref()?.kind()))
            .collect();
        assert_eq!(changes.len(), Change::KINDS, "{changes:?}");
        let moments: BTreeSet<&str> = rounds.iter().map(|round| round.moment.kind()).collect();
        assert_eq!(moments.len(), Moment::KINDS, "{moments:?}");
    }
}
