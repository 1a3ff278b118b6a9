//! Which events a destination must have, if its filters change while events are posted.
//!
//! A change is in force at some moment between its request and its answer. Both are numbered by one clock of the run (the
//! epochs), as are the first request and the acknowledgement of each event. A filter also applies to events that were
//! posted before it, but not delivered yet. So an event must arrive only if every filter since it was posted admits it.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use crate::plan::Traits;

/// What a destination admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Everything.
    All,
    /// Events of these types.
    Types(Vec<String>),
    /// Events of all other types.
    NotTypes(Vec<String>),
    /// Events of entities below this path.
    Path(String),
}

impl Filter {
    /// Whether an event passes.
    pub fn admits(&self, event: &Traits) -> bool {
        match self {
            Self::All => true,
            Self::Types(types) => types.contains(&event.event_type),
            Self::NotTypes(types) => !types.contains(&event.event_type),
            Self::Path(path) => {
                let rest = event.entity_path.strip_prefix(path);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

/// The settings of a destination that decide what it receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its filter.
    pub filter: Filter,
    /// Events that are received while it is inactive are not sent to it.
    pub is_active: bool,
}

/// From the first request with an event to its acknowledgement, in epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// When it was first posted.
    pub first: u32,
    /// When it was acknowledged.
    pub last: u32,
}

/// The clock that orders changes and events.
#[derive(Debug, Default)]
pub(crate) struct Epochs(AtomicU32);

impl Epochs {
    pub(crate) fn now(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    fn advance(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[derive(Debug)]
struct Entry {
    rule: Rule,
    begun: u32,
    /// `None` until the change was answered.
    answered: Option<u32>,
}

/// The rules of one destination, in the order of their changes.
#[derive(Debug)]
pub struct History {
    epochs: std::sync::Arc<Epochs>,
    entries: Mutex<Vec<Entry>>,
    settled: Mutex<Settled>,
}

/// Obligations that were checked with the rules until then. Later rules do not change them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settled {
    /// Those of all producers with a lower number.
    pub(crate) producers: u32,
    /// How many events they were.
    pub(crate) required: u64,
}

impl History {
    pub(crate) fn new(epochs: std::sync::Arc<Epochs>, rule: Rule) -> Self {
        let first = Entry {
            rule,
            begun: 0,
            answered: Some(0),
        };
        Self {
            epochs,
            entries: Mutex::new(vec![first]),
            settled: Mutex::default(),
        }
    }

    /// The rule that was requested last.
    pub fn current(&self) -> Option<Rule> {
        self.entries().last().map(|entry| entry.rule.clone())
    }

    /// To be called before a change is requested.
    pub fn begin(&self, rule: Rule) {
        let mut entries = self.entries();
        let begun = self.epochs.advance();
        entries.push(Entry {
            rule,
            begun,
            answered: None,
        });
    }

    /// To be called after the change was answered.
    pub fn answered(&self) {
        let mut entries = self.entries();
        let now = self.epochs.advance();
        if let Some(last) = entries.last_mut() {
            last.answered = Some(now);
        }
    }

    /// Whether the destination must have the event.
    pub fn requires(&self, event: &Traits, span: Span) -> bool {
        let entries = self.entries();
        since(&entries, span).all(|entry| entry.rule.filter.admits(event))
            && during(&entries, span).all(|entry| entry.rule.is_active)
    }

    /// Like [`History::requires`], with the rules that were requested until this epoch.
    pub fn required_until(&self, event: &Traits, span: Span, epoch: u32) -> bool {
        let entries = self.entries();
        since(&entries, span)
            .filter(|entry| entry.begun <= epoch)
            .all(|entry| entry.rule.filter.admits(event))
            && during(&entries, span).all(|entry| entry.rule.is_active)
    }

    /// Whether the destination must not have the event.
    pub fn forbids(&self, event: &Traits, span: Span) -> bool {
        let entries = self.entries();
        !since(&entries, span).any(|entry| entry.rule.filter.admits(event))
    }

    /// Whether the stream must not send the event, because the destination was inactive when it was received. A replay may.
    pub fn was_inactive(&self, span: Span) -> bool {
        let entries = self.entries();
        during(&entries, span).all(|entry| !entry.rule.is_active)
    }

    pub(crate) fn settled(&self) -> Settled {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settle(&self, settled: Settled) {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = settled;
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rules that were, or may have been, in force at the span or later.
fn since(entries: &[Entry], span: Span) -> impl Iterator<Item = &Entry> {
    let replaced = move |index: usize| {
        let next = entries.get(index + 1).and_then(|next| next.answered);
        next.is_some_and(|answered| answered <= span.first)
    };
    let numbered = entries.iter().enumerate();
    numbered
        .filter(move |(index, _)| !replaced(*index))
        .map(|(_, entry)| entry)
}

/// Rules that were, or may have been, in force within the span.
fn during(entries: &[Entry], span: Span) -> impl Iterator<Item = &Entry> {
    since(entries, span).filter(move |entry| entry.begun <= span.last)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn event(event_type: &str) -> Traits {
        Traits {
            event_type: event_type.to_owned(),
            entity_path: "drill/g1/e4".to_owned(),
        }
    }

    fn only(event_type: &str) -> Rule {
        Rule {
            filter: Filter::Types(vec![event_type.to_owned()]),
            is_active: true,
        }
    }

    fn now(epochs: &Epochs) -> Span {
        let now = epochs.now();
        Span { first: now, last: now }
    }

    #[test]
    fn filters_admit_as_their_names_say() {
        let types = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let path = |path: &str| Filter::Path(path.to_owned());
        for (filter, admits) in [
            (Filter::All, true),
            (Filter::Types(types(&["a", "b"])), true),
            (Filter::Types(types(&["b"])), false),
            (Filter::NotTypes(types(&["a"])), false),
            (Filter::NotTypes(types(&["b"])), true),
            (path("drill/g1"), true),
            (path("drill/g"), false),
            (path("drill/g1/e4"), true),
        ] {
            assert_eq!(filter.admits(&event("a")), admits, "{filter:?}");
        }
    }

    #[test]
    fn only_what_every_filter_since_its_post_admits_is_required() {
        let epochs = Arc::<Epochs>::default();
        let history = History::new(Arc::clone(&epochs), only("a"));
        let before = now(&epochs);
        history.begin(only("b"));
        let meanwhile = now(&epochs);
        history.answered();
        let after = now(&epochs);
        let all = Span {
            first: before.first,
            last: after.last,
        };
        // It may have been delivered before the change, or not.
        for span in [before, meanwhile, all] {
            for name in ["a", "b"] {
                assert!(!history.requires(&event(name), span), "{name} {span:?}");
                assert!(!history.forbids(&event(name), span), "{name} {span:?}");
            }
            assert!(history.forbids(&event("c"), span));
        }
        assert!(history.requires(&event("b"), after) && history.forbids(&event("a"), after));
    }

    #[test]
    fn an_unanswered_change_leaves_both_rules_in_force() {
        let epochs = Arc::<Epochs>::default();
        let history = History::new(Arc::clone(&epochs), only("a"));
        history.begin(Rule {
            filter: Filter::All,
            is_active: true,
        });
        assert!(history.requires(&event("a"), now(&epochs)));
        assert!(!history.requires(&event("b"), now(&epochs)) && !history.forbids(&event("b"), now(&epochs)));
    }

    #[test]
    fn what_comes_while_a_destination_may_be_inactive_is_not_required() {
        let epochs = Arc::<Epochs>::default();
        let history = History::new(Arc::clone(&epochs), only("a"));
        let before = now(&epochs);
        history.begin(Rule {
            is_active: false,
            ..only("a")
        });
        history.answered();
        let inactive = now(&epochs);
        history.begin(only("a"));
        let meanwhile = now(&epochs);
        history.answered();
        let after = now(&epochs);
        let required = [before, inactive, meanwhile, after].map(|span| history.requires(&event("a"), span));
        assert_eq!(required, [true, false, false, true]);
        let forbidden = [before, inactive, meanwhile, after].map(|span| history.was_inactive(span));
        assert_eq!(forbidden, [false, true, false, false]);
    }
}
