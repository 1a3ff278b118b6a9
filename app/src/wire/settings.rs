//! A settings page as data: the server writes its words, the browser only draws it and sends its forms.
//!
//! So a page costs the browser's program nothing, and its words are tested beside what they tell of. Everything is a
//! [`Part`], because each further type that is read from JSON weighs more than all that is drawn of it.

use domain::{Field, Timestamp};
use serde::{Deserialize, Serialize};

/// What a [`Part`] is, and so what its other fields mean. Which parts it may have stands in brackets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `label` is its heading, `note` what it is about [Facts, Table, Form].
    #[default]
    Card,
    /// [Fact]
    Facts,
    /// `label` is the word, `note` a line in smaller type [one cell].
    Fact,
    /// `label` says what it lists, `note` what is said when there is no row [Row].
    Table,
    /// [cells, then Action]
    Row,
    /// A cell; `label` is the heading of its column, `text` what stands in it.
    Text,
    /// A cell in the fixed-width type.
    Code,
    /// A cell with a moment in the reader's zone; `at`.
    Moment,
    /// A cell with a word that says something good.
    Good,
    /// A cell with a word that says something bad.
    Bad,
    /// A cell with any other word that stands out.
    Quiet,
    /// A button that opens a dialog: `label` on it, `name` what it is about, `text` the dialog's title, `note` its body
    /// [Form or DangerForm].
    Action,
    /// `name` is the path of its server function; no two open forms have the same. `label` is the word on its button; none
    /// if there is nothing to send; `text` is what the form is called, if not as its card is [fields].
    Form,
    /// A form for what can't be undone.
    DangerForm,
    /// A field: `name` is that of the server function's argument, `error_field` that of its errors, `label`, `note` a hint,
    /// `text` what is stored.
    Input,
    /// A field for addresses, numbers and sizes.
    CodeInput,
    DateInput,
    CurrentPassword,
    NewPassword,
    /// A field of several lines.
    Lines,
    /// Boxes to be ticked [Choice].
    Choices,
    /// Boxes of which one is ticked [Choice].
    OneOf,
    /// A box: `label`, and `text` is what is sent. `is_marked` if it is ticked.
    Choice,
    /// A field that is sent and not seen.
    Hidden,
    /// The name in `text` is whose password it is, for password managers.
    Owner,
}

/// A part of a page, with the parts in it. Texts are empty where there is nothing to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub kind: Kind,
    pub label: String,
    pub name: String,
    pub text: String,
    pub note: String,
    pub at: Option<Timestamp>,
    pub error_field: Option<Field>,
    /// A field may be left empty; a box is ticked.
    pub is_marked: bool,
    /// Set elsewhere: shown, and not sent.
    pub is_locked: bool,
    pub parts: Vec<Part>,
}

/// A form was taken. Texts are empty where there is nothing to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What was done, as a sentence.
    pub message: String,
    /// What is shown now and never again, and what it is called.
    pub secret: String,
    pub secret_label: String,
    /// The page to be loaded next, instead of staying here.
    pub go_to: String,
}

impl Done {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn with_secret(self, label: impl Into<String>, secret: String) -> Self {
        Self {
            secret,
            secret_label: label.into(),
            ..self
        }
    }
}
