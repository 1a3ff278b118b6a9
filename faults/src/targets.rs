//! What faults and changes can concern.

use drill::Dice;

/// How many destinations of each kind there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Targets {
    pub(crate) endpoints: usize,
    pub(crate) buckets: usize,
    pub(crate) all: usize,
}

/// The place of something in a list.
pub(crate) fn index(dice: &mut Dice, length: usize) -> usize {
    let length = u64::try_from(length).unwrap_or(1);
    usize::try_from(dice.roll(length)).unwrap_or(0)
}
