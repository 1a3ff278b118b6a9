//! The list while it is open: until it is loaded, and if it can't be.

use domain::view::EventTypeView;

use super::TypePicker;
use crate::wire::AppError;

/// What is typed is kept from the first moment on, for it may be typed before there is anything to search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeSheet {
    is_open: bool,
    /// Tells the answers apart of what was asked before it was closed or tried again.
    asked: u32,
    search: String,
    list: Option<Result<TypePicker, AppError>>,
}

impl TypeSheet {
    /// Opens it; returns what to answer with.
    pub fn load(&mut self) -> u32 {
        *self = Self {
            is_open: true,
            asked: self.asked.wrapping_add(1),
            search: std::mem::take(&mut self.search),
            list: None,
        };
        self.asked
    }

    /// What is shown stays until the answer is there; returns what to answer with.
    pub const fn ask_again(&mut self) -> u32 {
        self.asked = self.asked.wrapping_add(1);
        self.asked
    }

    /// False if this is not what was asked for last, or it was closed meanwhile: nothing has changed.
    pub fn loaded(&mut self, asked: u32, answer: Result<Vec<EventTypeView>, AppError>, chosen: &[String]) -> bool {
        let is_awaited = self.is_open && self.asked == asked;
        if is_awaited {
            let search = self.search.clone();
            self.list = Some(answer.map(|types| {
                let mut list = TypePicker::open(types, chosen);
                list.search(&search);
                list
            }));
        }
        is_awaited
    }

    /// Closes the list and forgets the search and the options.
    pub fn close(&mut self) {
        self.is_open = false;
        self.search.clear();
        self.list = None;
    }

    /// Whether the list is open.
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Searches; what is typed while the list loads counts once it is there.
    pub fn search(&mut self, text: String) {
        if let Some(list) = self.list_mut() {
            list.search(&text);
        }
        self.search = text;
    }

    /// The options; `None` until they are loaded, or if that failed.
    pub const fn list(&self) -> Option<&TypePicker> {
        match &self.list {
            Some(Ok(list)) => Some(list),
            _ => None,
        }
    }

    /// The options, to change them.
    pub const fn list_mut(&mut self) -> Option<&mut TypePicker> {
        match &mut self.list {
            Some(Ok(list)) => Some(list),
            _ => None,
        }
    }

    /// Why the options could not be loaded.
    pub const fn error(&self) -> Option<&AppError> {
        match &self.list {
            Some(Err(error)) => Some(error),
            _ => None,
        }
    }

    /// What stands in the place of the options; empty when there are some, or an error.
    pub fn note(&self) -> &'static str {
        match &self.list {
            None => "Loading…",
            Some(Ok(list)) if list.active().is_none() => "No results found",
            Some(_) => "",
        }
    }
}
