//! The settings pages.

mod send_form;
pub mod show_settings;

pub(crate) use self::send_form::send_form;
pub use self::show_settings::{ShowSettings, show_settings};
