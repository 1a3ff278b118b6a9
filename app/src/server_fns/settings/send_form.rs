//! Sends a form of a settings page to the server function that its path names.
//!
//! One way for all of them: the browser's program knows neither their arguments nor their names.

use web_sys::HtmlFormElement;

use crate::{
    browser,
    wire::{AppError, settings::Done},
};

pub(crate) async fn send_form(path: &str, form: &HtmlFormElement) -> Result<Done, AppError> {
    let (is_ok, text) = browser::post_form(path, form).await.ok_or(AppError::Transport)?;
    let unreadable = |_| AppError::Transport;
    if is_ok {
        serde_json::from_slice(text.as_bytes()).map_err(unreadable)
    } else {
        Err(serde_json::from_slice(text.as_bytes()).unwrap_or_else(unreadable))
    }
}
