//! The Log tab: what is asked for, a table of it, and the details of one event beside it.

mod chips;
mod drawer;
mod empty;
mod event_details;
mod filter_bar;
mod live;
mod pager;
mod row;
mod tab;
mod table;

pub(crate) use self::tab::LogTab;
