//! What stands around every page of a signed-in person.

mod alert_badge;
mod frame;
mod sidebar;
mod theme_switch;
mod top_bar;
mod trail;
mod user_menu;

pub(crate) use self::frame::Frame;
