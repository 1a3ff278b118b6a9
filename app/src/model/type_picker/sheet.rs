//! The list while it is open: until it is loaded, and if it can't be.

use super::TypePicker;
use crate::wire::{AppError, EventTypeView};

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
    /// Opens it, or tries again; returns what to answer with.
    pub fn load(&mut self) -> u32 {
        *self = Self {
            is_open: true,
            asked: self.asked.wrapping_add(1),
            search: std::mem::take(&mut self.search),
            list: None,
        };
        self.asked
    }

    /// False if this is not what was asked for last, or it was closed meanwhile: nothing has changed.
    pub fn loaded(&mut self, asked: u32, answer: Result<Vec<EventTypeView>, AppError>, chosen: &[String]) -> bool {
        let is_awaited = self.is_open && self.asked == asked;
        if is_awaited {
            let search = self.search.clone();
            self.list = Some(answer.map(|types| {
                let mut list = TypePicker::open(types, chosen);
                list.search(search);
                list
            }));
        }
        is_awaited
    }

    pub fn close(&mut self) {
        self.is_open = false;
        self.search.clear();
        self.list = None;
    }

    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn search(&mut self, text: String) {
        if let Some(list) = self.list_mut() {
            list.search(text.clone());
        }
        self.search = text;
    }

    pub const fn list(&self) -> Option<&TypePicker> {
        match &self.list {
            Some(Ok(list)) => Some(list),
            _ => None,
        }
    }

    pub const fn list_mut(&mut self) -> Option<&mut TypePicker> {
        match &mut self.list {
            Some(Ok(list)) => Some(list),
            _ => None,
        }
    }

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
