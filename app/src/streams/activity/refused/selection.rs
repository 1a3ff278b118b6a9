//! Which refused events are selected, and which page of them is shown.

use std::collections::BTreeSet;

use domain::ids::Seq;

use crate::model::text::grouped;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection(BTreeSet<Seq>);

impl Selection {
    pub(super) fn contains(&self, seq: Seq) -> bool {
        self.0.contains(&seq)
    }

    pub(super) fn seqs(&self) -> Vec<Seq> {
        self.0.iter().copied().collect()
    }

    pub(super) fn has_all(&self, shown: &[Seq]) -> bool {
        !shown.is_empty() && shown.iter().all(|seq| self.0.contains(seq))
    }

    pub(super) fn toggle(&mut self, seq: Seq) {
        if !self.0.remove(&seq) {
            self.0.insert(seq);
        }
    }

    /// Selects everything that is shown, or nothing if everything is selected.
    pub(super) fn toggle_all(&mut self, shown: &[Seq]) {
        if self.has_all(shown) {
            self.clear();
        } else {
            self.0.extend(shown);
        }
    }

    /// Forgets what is not shown any more.
    pub(super) fn keep(&mut self, shown: &[Seq]) {
        self.0.retain(|seq| shown.contains(seq));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The way to the page that is shown: where each page begins, and how many events were on those before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pages(Vec<(Seq, usize)>);

impl Pages {
    /// The position below which the events of the page are; `None` for the newest.
    pub(super) fn before(&self) -> Option<Seq> {
        self.0.last().map(|(before, _)| *before)
    }

    pub(super) fn older(&self, before: Seq, count: usize) -> Self {
        let mut pages = self.0.clone();
        pages.push((before, count));
        Self(pages)
    }

    pub(super) fn newer(&self) -> Self {
        let mut pages = self.0.clone();
        pages.pop();
        Self(pages)
    }

    /// `26–50 of 1,204`.
    pub(super) fn range(&self, count: usize, total: u64) -> String {
        let earlier: usize = self.0.iter().map(|(_, count)| count).sum();
        let number = |number: usize| grouped(u64::try_from(number).unwrap_or(u64::MAX));
        format!(
            "{}–{} of {}",
            number(earlier + 1),
            number(earlier + count),
            grouped(total)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_shown_is_selected_or_nothing() {
        let shown = [Seq::new(9), Seq::new(7), Seq::new(4)];
        let mut selection = Selection::default();
        selection.toggle(Seq::new(7));
        assert!(!selection.has_all(&shown) && selection.contains(Seq::new(7)));
        selection.toggle_all(&shown);
        assert!(selection.has_all(&shown));
        selection.toggle(Seq::new(4));
        selection.keep(&[Seq::new(9), Seq::new(4)]);
        assert_eq!(selection.seqs(), [Seq::new(9)], "what has gone is not selected");
        selection.toggle_all(&[Seq::new(9)]);
        assert!(selection.seqs().is_empty() && !selection.has_all(&[]));
    }

    #[test]
    fn pages_lead_back_to_where_they_began() {
        let first = Pages::default();
        let second = first.older(Seq::new(30), 25);
        let third = second.older(Seq::new(5), 25);
        assert_eq!((first.before(), third.before()), (None, Some(Seq::new(5))));
        assert_eq!(third.range(4, 1_054), "51–54 of 1,054");
        assert_eq!(third.newer(), second);
        assert_eq!(second.newer().newer(), first);
    }
}
