//! The form of a destination: to add one, to change one, and to send it a test event.
//!
//! What is entered is an [`EditorState`], tested without a browser. The fields come from the tables of `domain::destination`.

mod add_form;
mod choice_field;
mod delete_dialog;
mod edit_form;
mod editing;
mod event_types;
mod field;
mod field_groups;
mod foot;
mod google_fields;
mod headers_table;
mod http_fields;
mod kind_fields;
mod message;
mod refusal;
mod rotation;
mod secret_field;
mod server_fns;
mod service_account;
mod signing_secret;
mod spec_field;
mod start_field;
mod state;
mod test_event;
mod test_report;
mod verification_token;

pub(in crate::streams) use self::event_types::{Picker, PickerButton};
#[cfg(test)]
pub(crate) use self::state::stored_view;
pub(crate) use self::{
    add_form::AddForm,
    edit_form::EditForm,
    editing::{Editing, Form},
    server_fns::{create_destination, update_destination},
    state::{EditRequest, EditorState},
    test_event::TestAdded,
    verification_token::VerificationTokenBadge,
};
