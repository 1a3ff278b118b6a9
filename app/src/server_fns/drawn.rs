//! Parts of the page that the server draws.

mod draw_panel;

pub use self::draw_panel::draw_panel;
