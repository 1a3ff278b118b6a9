//! The Streams tab: the destinations, and how the stream to each of them is doing.

mod activity;
mod add_menu;
mod address;
mod badges;
mod commands;
mod context;
mod count;
mod deactivate;
pub(crate) mod editor;
mod empty;
mod head;
mod health;
mod ids;
mod links;
mod list;
mod rendered;
mod row;
mod row_signals;
mod server_fns;
mod state;
mod status;
mod switches;
mod tab;
mod tabs;

pub(crate) use self::{
    count::StreamCount,
    health::{needs_attention, rank},
    server_fns::count_destinations,
    status::Health,
    tab::StreamsTab,
};
