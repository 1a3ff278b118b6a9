//! The Log tab: a table, newest first, and the details of one event beside it.

mod drawer;
mod empty;
mod event_details;
mod pager;
mod row;
mod tab;
mod table;

pub(crate) use self::tab::LogTab;
