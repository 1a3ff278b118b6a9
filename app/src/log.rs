//! The Log tab: a filter, a chart and a table of what it admits, and the details of one event beside it.

mod chips;
mod deliveries;
mod drawer;
mod empty;
mod event_body;
mod event_details;
mod export;
mod filter;
mod filter_bar;
mod filter_menu;
mod forms;
mod histogram;
mod json_text;
mod live;
mod location;
mod menu;
mod pager;
mod query_text;
mod results;
mod row;
mod sentence;
pub mod server_fns;
mod shown;
mod tab;
mod table;
mod time_menu;
mod value;
mod views_menu;
mod wire;

pub use self::location::{AUDIT_EVENTS, EXPORT, EXPORT_KEY, LogLocation};
#[cfg(feature = "ssr")]
pub use self::server_fns::event_filter;
pub(crate) use self::tab::LogTab;
