//! The Streams tab: where events go, and how each of those flows is doing.

mod add_form;
mod add_menu;
mod choice_field;
mod context;
mod delete_dialog;
mod edit_form;
mod editing;
mod empty;
mod event_types;
mod field;
mod google_fields;
mod headers_table;
mod http_fields;
mod item;
mod kind_fields;
mod list;
mod refusal;
mod secret_field;
mod signing_secret;
mod start_field;
mod tab;
mod test_event;
mod verification_token;

pub(crate) use self::tab::StreamsTab;
