//! What the page knows and how it says it: plain values and functions, tested without a browser.

pub mod local_path;
pub mod moment;
pub mod text;
pub mod theme;
