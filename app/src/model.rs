//! What the page knows and how it says it: plain values and functions, tested without a browser.

pub mod curl;
pub mod editor;
pub mod event_body;
pub mod health_words;
pub mod json_text;
pub mod live_tail;
pub mod local_path;
pub mod log_filter;
pub mod log_location;
mod log_token;
pub mod moment;
pub mod query_text;
pub mod sentence;
pub mod service_account;
pub mod settings_state;
pub mod sign_in_words;
pub mod streams_state;
pub mod text;
pub mod theme;
pub mod type_picker;
