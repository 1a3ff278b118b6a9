//! Parts of the page that the server draws: HTML that the browser puts into its place, and brings up to date without losing
//! the focus or what was opened.
//!
//! They cost the browser's program nothing, and their words are tested beside what they tell of. What they do is done by
//! forms, each sent to the server function that its `action` names, and by buttons: those with `data-panel` ask for another panel,
//! for example over another span of time, and those with `data-copy` copy what it says.

#[cfg(feature = "ssr")]
mod activity;
#[cfg(feature = "ssr")]
mod attempts;
#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
mod first_event;
#[cfg(feature = "ssr")]
mod overview;
#[cfg(feature = "ssr")]
mod panels;
#[cfg(feature = "ssr")]
mod parked;
#[cfg(feature = "ssr")]
mod parts;
mod patch;
mod place;
#[cfg(feature = "ssr")]
mod replays;
#[cfg(feature = "ssr")]
mod status;
#[cfg(feature = "ssr")]
mod test_report;
#[cfg(feature = "ssr")]
mod time_marks;

pub(crate) use self::place::{draw_panel_in, drawn_place};
#[cfg(feature = "ssr")]
pub(crate) use self::{panels::describe_panel, status::draw_stream, test_report::draw_test_report};
