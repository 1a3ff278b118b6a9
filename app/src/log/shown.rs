//! The rows that are shown: a page, what has arrived since at its top, and what a search for a text has found further down.
//!
//! An event states itself when it was created. One that was received late may belong far down in the Log; so that it is not
//! overlooked, it stands above the newest page while the reader follows the Log.

use domain::{ids::Seq, view::EventRow};

use super::wire::{Arrivals, LogPage, LogPosition, PAGE_ROWS, Searched};
use crate::model::text::{counted, grouped};

/// What is shown beside the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub rows: Vec<EventRow>,
    /// Received late; the last one to arrive first.
    pub late: Vec<EventRow>,
    pub newer: Option<LogPosition>,
    pub older: Option<LogPosition>,
    /// How far a text was searched for, while the search has not ended.
    pub searched: Option<Searched>,
    received_to: Seq,
    /// What has arrived and is not shown yet.
    pending: Pending,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pending {
    rows: Vec<EventRow>,
    late: Vec<EventRow>,
    count: u64,
}

impl Shown {
    /// Shows a page, without late or pending events.
    pub fn new(page: LogPage) -> Self {
        Self {
            rows: page.rows,
            late: Vec::new(),
            newer: page.newer,
            older: page.older,
            searched: page.searched,
            received_to: page.received_to,
            pending: Pending::default(),
        }
    }

    /// What arrives after this is asked for next.
    pub const fn received_to(&self) -> Seq {
        self.received_to
    }

    /// Whether nothing is shown, and nothing more is being searched.
    pub fn is_nothing(&self) -> bool {
        self.rows.is_empty() && self.late.is_empty() && self.searched.is_none()
    }

    /// The positions of all rows, from the top.
    pub fn seqs(&self) -> Vec<Seq> {
        self.late.iter().chain(&self.rows).map(|row| row.seq).collect()
    }

    /// What has arrived after `asked`; ignored if another answer came first. `follows` shows it at once.
    pub fn take(&mut self, asked: Seq, arrivals: Arrivals, follows: bool) {
        if asked != self.received_to {
            return;
        }
        self.received_to = arrivals.received_to;
        self.pending.count = self.pending.count.saturating_add(arrivals.count);
        put_first(&mut self.pending.late, arrivals.late);
        self.pending.rows = newest(arrivals.rows, std::mem::take(&mut self.pending.rows));
        if follows {
            self.show_pending();
        }
    }

    /// Puts what has arrived to the top. If it is more than a page, it replaces what was shown.
    pub fn show_pending(&mut self) {
        let Pending { rows, late, count } = std::mem::take(&mut self.pending);
        if count == 0 {
            return;
        }
        let arrived = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let is_gap = count > arrived;
        let shown = std::mem::take(&mut self.rows);
        let total = rows.len() + if is_gap { 0 } else { shown.len() };
        self.rows = newest(rows, if is_gap { Vec::new() } else { shown });
        if is_gap || total > PAGE_ROWS {
            self.older = self.rows.last().map(LogPosition::of);
            // What is further down is on the next page, and is searched there.
            self.searched = None;
        }
        let end = self.older.and(self.rows.last()).map(|row| row.created_at);
        let is_below = |row: &EventRow| end.is_some_and(|end| row.created_at < end);
        put_first(&mut self.late, late.into_iter().filter(is_below).collect());
        let rows = &self.rows;
        self.late.retain(|late| rows.iter().all(|row| row.seq != late.seq));
    }

    /// Empty, `1 new event`, `12 new events`.
    pub fn pending_text(&self) -> String {
        match self.pending.count {
            0 => String::new(),
            count => counted(count, "new event"),
        }
    }

    /// From where the search for a text continues; `None` if enough was found, or everything was searched.
    pub fn continues_at(&self) -> Option<LogPosition> {
        self.searched
            .filter(|_| self.rows.len() < PAGE_ROWS)
            .map(|searched| searched.to)
    }

    /// The next part of the search, which started at `from`; ignored if another answer came first.
    pub fn append(&mut self, from: LogPosition, page: LogPage, oldest_first: bool) {
        let Some(before) = self.searched.filter(|searched| searched.to == from) else {
            return;
        };
        self.searched = page.searched.map(|searched| Searched {
            events: before.events.saturating_add(searched.events),
            of: before.of.or(searched.of),
            ..searched
        });
        let is_known = |row: &EventRow| self.rows.iter().any(|shown| shown.seq == row.seq);
        let found: Vec<EventRow> = page.rows.into_iter().filter(|row| !is_known(row)).collect();
        self.rows.extend(found);
        let mut end = if oldest_first { page.newer } else { page.older };
        if self.rows.len() > PAGE_ROWS {
            self.rows.truncate(PAGE_ROWS);
            self.searched = None;
            end = self.rows.last().map(LogPosition::of);
        }
        *(if oldest_first { &mut self.newer } else { &mut self.older }) = end;
    }
}

impl Searched {
    /// `Searched 20,000 of 1,200,000 events`.
    pub fn text(&self) -> String {
        match self.of {
            Some(of) => format!(
                "Searched {} of {}",
                grouped(self.events),
                counted(of.max(self.events), "event")
            ),
            None => format!("Searched {}", counted(self.events, "event")),
        }
    }
}

/// The newest of both, as many as a page has, newest first and each once.
fn newest(mut rows: Vec<EventRow>, others: Vec<EventRow>) -> Vec<EventRow> {
    rows.extend(others);
    rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.seq)));
    rows.dedup_by_key(|row| row.seq);
    rows.truncate(PAGE_ROWS);
    rows
}

fn put_first(list: &mut Vec<EventRow>, new: Vec<EventRow>) {
    let known: Vec<EventRow> = std::mem::replace(list, new);
    for row in known {
        if list.iter().all(|other| other.seq != row.seq) {
            list.push(row);
        }
    }
    list.truncate(PAGE_ROWS);
}

#[cfg(test)]
mod tests;
