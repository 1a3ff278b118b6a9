//! The list from which event types are chosen: what is searched for, what stands where, and which option is next.

mod sheet;

use domain::destination::FilterKind;

pub use self::sheet::TypeSheet;
use crate::wire::EventTypeView;

/// The loaded list. What is chosen is not in here: it belongs to the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypePicker {
    types: Vec<EventTypeView>,
    /// What was chosen when the list was opened: it stands first, and stays there until the list is closed.
    first: Vec<String>,
    search: String,
    /// Position of the option that the keyboard is at, among those shown.
    active: usize,
}

/// Options under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub heading: String,
    pub options: Vec<TypeOption>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeOption {
    /// Among all options shown, from 0.
    pub position: usize,
    pub name: String,
    pub title: String,
    pub description: String,
    /// Events in this hour and the 24 before it; empty for none.
    pub count: String,
    pub is_chosen: bool,
    pub is_active: bool,
}

impl TypePicker {
    pub fn open(types: Vec<EventTypeView>, chosen: &[String]) -> Self {
        Self {
            types,
            first: chosen.to_vec(),
            search: String::new(),
            active: 0,
        }
    }

    pub fn search(&mut self, text: String) {
        self.search = text;
        self.active = 0;
    }

    /// The keyboard goes `steps` options on, or back, and stops at the ends.
    pub fn step(&mut self, steps: isize) {
        let last = self.shown().len().saturating_sub(1);
        self.active = self.active.saturating_add_signed(steps).min(last);
    }

    /// Position of the option that the keyboard is at; none if nothing is shown.
    pub fn active(&self) -> Option<usize> {
        (self.active < self.shown().len()).then_some(self.active)
    }

    /// Name of the option that the keyboard is at.
    pub fn active_name(&self) -> Option<String> {
        self.shown().get(self.active).map(|(_, name)| (*name).to_owned())
    }

    /// What is shown, the chosen first, then by category.
    pub fn groups(&self, chosen: &[String]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (position, (heading, name)) in self.shown().into_iter().enumerate() {
            let known = self.types.iter().find(|known| known.name == name);
            let option = TypeOption {
                position,
                name: name.to_owned(),
                title: title(name),
                description: known.map(|known| known.description.clone()).unwrap_or_default(),
                count: known
                    .filter(|known| known.last_day > 0)
                    .map(|known| super::text::grouped(known.last_day))
                    .unwrap_or_default(),
                is_chosen: chosen.iter().any(|chosen| chosen == name),
                is_active: position == self.active,
            };
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

    /// `chosen` and everything that is shown.
    pub fn select_all(&self, chosen: &[String]) -> Vec<String> {
        let shown = self.shown().into_iter().map(|(_, name)| name.to_owned());
        chosen.iter().cloned().chain(shown).collect()
    }

    /// `chosen` without what is shown.
    pub fn unselect_all(&self, chosen: &[String]) -> Vec<String> {
        let shown = self.shown();
        let stays = |name: &&String| !shown.iter().any(|(_, shown)| shown == name);
        chosen.iter().filter(stays).cloned().collect()
    }

    /// How many of the last day's events a filter of this kind with these types admits, as a sentence. The server counts by the
    /// hour.
    pub fn forecast(&self, kind: FilterKind, chosen: &[String]) -> String {
        let total: u64 = self.types.iter().map(|known| known.last_day).sum();
        let is_allowlist = kind == FilterKind::Allow;
        let admits = |known: &&EventTypeView| chosen.is_empty() || chosen.contains(&known.name) == is_allowlist;
        let admitted: u64 = self.types.iter().filter(admits).map(|known| known.last_day).sum();
        let (admitted, total) = (super::text::grouped(admitted), super::text::grouped(total));
        format!("Admits {admitted} of the {total} events of the last 24 full hours and this one.")
    }

    /// Heading and name of each option shown, in order.
    fn shown(&self) -> Vec<(&str, &str)> {
        let first = self.first.iter().map(|name| ("Selected", name.as_str()));
        let rest = self.types.iter().filter(|known| !self.first.contains(&known.name));
        let rest = rest.map(|known| (known.category.as_str(), known.name.as_str()));
        let search = self.search.to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let matches = |(_, name): &(&str, &str)| {
            let (name, title) = (name.to_lowercase(), title(name).to_lowercase());
            words.iter().all(|word| name.contains(word) || title.contains(word))
        };
        first.chain(rest).filter(matches).collect()
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

/// `add_gpg_key` as people read it: `Add gpg key`.
pub fn title(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut characters = spaced.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

/// What the button says: up to three titles, then how many more.
pub fn summary(chosen: &[String]) -> String {
    const NAMED: usize = 3;
    if chosen.is_empty() {
        return "Select events".to_owned();
    }
    let titles: Vec<String> = chosen.iter().take(NAMED).map(|name| title(name)).collect();
    let titles = titles.join(", ");
    match chosen.len().saturating_sub(NAMED) {
        0 => titles,
        more => format!("{titles} +{more} more"),
    }
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
