//! What the log says of events that can't be read.

use domain::ids::Seq;

use super::EventLog;

impl EventLog {
    /// How many events could not be read since the log was opened.
    pub fn unreadable_events(&self) -> u64 {
        let known = self.damage.known();
        u64::try_from(known.positions.len()).unwrap_or(u64::MAX)
    }

    /// Whether one of these positions could not be read.
    pub(crate) fn is_unreadable_within(&self, first: Seq, last: Seq) -> bool {
        let known = self.damage.known();
        known.positions.range(first..=last).next().is_some()
    }

    /// Stretches of unreadable positions, of which no audit event was recorded yet. They count as recorded then.
    pub(crate) fn take_unreported_damage(&self) -> Vec<(Seq, Seq)> {
        let mut known = self.damage.known();
        std::mem::take(&mut known.unreported)
    }

    /// Gives back what could not be recorded.
    pub(crate) fn restore_unreported_damage(&self, stretches: Vec<(Seq, Seq)>) {
        let mut known = self.damage.known();
        known.unreported.extend(stretches);
    }
}
