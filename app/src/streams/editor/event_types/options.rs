//! The list from which event types are chosen: what is searched for, what stands where, and which option is next.

mod sheet;
mod titles;

use std::collections::BTreeSet;

use domain::{destination::FilterKind, view::EventTypeView};

pub use self::{
    sheet::TypeSheet,
    titles::{summary, title},
};
use crate::model::text::grouped;

/// How many options are rendered at first, somewhat more than are in sight, and how many more whenever the reader gets to the end.
const CHUNK: usize = 12;

/// The loaded list. What is chosen is not in here: it belongs to the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypePicker {
    /// What was chosen when the list was opened, then the others by category; the order stays until the list is closed.
    all: Vec<Listed>,
    /// Positions in `all` of what matches the search, in the order in which it is shown.
    shown: Vec<usize>,
    /// Whether the first one is what was searched for by its whole name.
    has_exact_match: bool,
    /// How many of those shown are rendered.
    rendered: usize,
    /// Position of the option that the keyboard is at, among those shown.
    active: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    heading: String,
    name: String,
    title: String,
    description: String,
    /// Events in this hour and the 24 before it.
    last_day: u64,
    /// Name and title in lower case.
    searched: String,
}

/// Options under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub heading: String,
    pub options: Vec<TypeOption>,
}

/// An option of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeOption {
    /// Among all options shown, from 0.
    pub position: usize,
    /// How many options are shown.
    pub total: usize,
    pub name: String,
    pub title: String,
    pub description: String,
    /// Events in this hour and the 24 before it; empty for none.
    pub count: String,
    pub is_chosen: bool,
    pub is_active: bool,
}

impl Listed {
    fn new(known: EventTypeView) -> Self {
        let title = title(&known.name);
        Self {
            searched: format!("{}\n{}", known.name, title).to_lowercase(),
            heading: known.category,
            name: known.name,
            title,
            description: known.description,
            last_day: known.last_day,
        }
    }

    fn selected(name: &str, types: &[EventTypeView]) -> Self {
        let known = types.iter().find(|known| known.name == name);
        Self::new(EventTypeView {
            name: name.to_owned(),
            category: "Selected".to_owned(),
            description: known.map(|known| known.description.clone()).unwrap_or_default(),
            last_day: known.map_or(0, |known| known.last_day),
        })
    }
}

impl TypePicker {
    /// A list of these event types, the chosen ones first, with nothing searched for.
    pub fn open(types: Vec<EventTypeView>, chosen: &[String]) -> Self {
        let first = chosen.iter().map(|name| Listed::selected(name, &types));
        let mut all: Vec<Listed> = first.collect();
        let chosen: BTreeSet<&str> = chosen.iter().map(String::as_str).collect();
        let rest = types.into_iter().filter(|known| !chosen.contains(known.name.as_str()));
        all.extend(rest.map(Listed::new));
        let mut list = Self {
            all,
            shown: Vec::new(),
            has_exact_match: false,
            rendered: 0,
            active: 0,
        };
        list.search("");
        list
    }

    /// Shows the options whose name or title has every word of the text, in any case.
    pub fn search(&mut self, text: &str) {
        let search = text.to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let matches = |listed: &Listed| words.iter().all(|word| listed.searched.contains(word));
        let all = self.all.iter().enumerate();
        self.shown = all
            .filter(|(_, listed)| matches(listed))
            .map(|(position, _)| position)
            .collect();
        let name = words.join("_");
        let exact = self
            .shown
            .iter()
            .position(|&listed| self.all.get(listed).is_some_and(|listed| listed.name == name));
        self.has_exact_match = exact.is_some();
        if let Some(exact) = exact {
            // The first to be chosen.
            let listed = self.shown.remove(exact);
            self.shown.insert(0, listed);
        }
        self.rendered = CHUNK;
        self.active = 0;
    }

    /// The keyboard goes `steps` options on, or back, and stops at the ends.
    pub fn step(&mut self, steps: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.active = self.active.saturating_add_signed(steps).min(last);
        if self.active >= self.rendered {
            self.render_more();
        }
    }

    /// Whether some of what is shown is not rendered.
    pub const fn has_more(&self) -> bool {
        self.rendered < self.shown.len()
    }

    /// Renders the next part of what is shown.
    pub const fn render_more(&mut self) {
        self.rendered += CHUNK;
    }

    /// Position of the option that the keyboard is at; none if nothing is shown.
    pub fn active(&self) -> Option<usize> {
        (self.active < self.shown.len()).then_some(self.active)
    }

    /// Name of the option that the keyboard is at.
    pub fn active_name(&self) -> Option<String> {
        self.shown().nth(self.active).map(|listed| listed.name.clone())
    }

    /// What is rendered, the chosen first, then by category.
    pub fn groups(&self, chosen: &[String]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (position, listed) in self.shown().enumerate().take(self.rendered) {
            let heading = match position {
                0 if self.has_exact_match => "Exact match",
                _ => &listed.heading,
            };
            let option = self.option(position, listed, chosen);
            match groups.last_mut().filter(|group| group.heading == heading) {
                Some(group) => group.options.push(option),
                None => groups.push(Group {
                    heading: heading.to_owned(),
                    options: vec![option],
                }),
            }
        }
        groups
    }

    fn option(&self, position: usize, listed: &Listed, chosen: &[String]) -> TypeOption {
        TypeOption {
            position,
            total: self.shown.len(),
            name: listed.name.clone(),
            title: listed.title.clone(),
            description: listed.description.clone(),
            count: match listed.last_day {
                0 => String::new(),
                count => grouped(count),
            },
            is_chosen: chosen.contains(&listed.name),
            is_active: position == self.active,
        }
    }

    /// `chosen` and everything that is shown.
    pub fn select_all(&self, chosen: &[String]) -> Vec<String> {
        let shown = self.shown().map(|listed| listed.name.clone());
        chosen.iter().cloned().chain(shown).collect()
    }

    /// `chosen` without what is shown.
    pub fn unselect_all(&self, chosen: &[String]) -> Vec<String> {
        let shown: BTreeSet<&String> = self.shown().map(|listed| &listed.name).collect();
        chosen.iter().filter(|name| !shown.contains(name)).cloned().collect()
    }

    /// How many of the last day's events a filter of this kind with these types admits, as a sentence. The server counts by the
    /// hour.
    pub fn forecast(&self, kind: FilterKind, chosen: &[String]) -> String {
        let is_allowlist = kind == FilterKind::Allow;
        let chosen: BTreeSet<&String> = chosen.iter().collect();
        let admits = |listed: &&Listed| chosen.is_empty() || chosen.contains(&listed.name) == is_allowlist;
        let sum = |listed: &mut dyn Iterator<Item = &Listed>| grouped(listed.map(|listed| listed.last_day).sum());
        let admitted = sum(&mut self.all.iter().filter(admits));
        let total = sum(&mut self.all.iter());
        format!("Matches {admitted} of {total} events from the last 24 hours.")
    }

    fn shown(&self) -> impl Iterator<Item = &Listed> {
        self.shown.iter().filter_map(|&listed| self.all.get(listed))
    }
}

/// `chosen` with `name`, or without it if it was there.
pub fn toggled(chosen: &[String], name: &str) -> Vec<String> {
    let mut names: Vec<String> = chosen.iter().filter(|chosen| *chosen != name).cloned().collect();
    if names.len() == chosen.len() {
        names.push(name.to_owned());
    }
    names
}

/// What is said of chosen event types that the instance does not know; none if it knows them all.
pub fn unknown_types_warning(names: &[String]) -> Option<String> {
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!(
        "Unknown event types: {names}. They are not built in, and no event of these types has been received. Check their \
         spelling."
    ))
}

#[cfg(test)]
mod tests;
