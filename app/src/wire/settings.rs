//! A settings page as data: the server writes its words, the browser only draws it and sends its forms.
//!
//! So a page costs the browser's program nothing, and its words are tested beside what they tell of.

use domain::{Field, Timestamp};
use serde::{Deserialize, Serialize};

/// One card of a page. Texts are empty and lists have no entry where there is nothing to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub heading: String,
    pub lead: String,
    pub facts: Vec<Fact>,
    pub table: Option<Table>,
    pub form: Option<Form>,
}

/// A word and what it stands for, with a line in smaller type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub label: String,
    pub value: Cell,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it lists, for those who do not see it.
    pub label: String,
    pub headings: Vec<String>,
    pub rows: Vec<Row>,
    /// What is said instead when there is no row.
    pub empty: String,
}

/// As many cells as the table has headings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub cells: Vec<Cell>,
    pub actions: Vec<RowAction>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    Text(String),
    /// In the fixed-width type.
    Code(String),
    /// Shown in the reader's zone.
    At(Timestamp),
    Badge(Tone, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    Good,
    Bad,
    Quiet,
}

/// A button of a row. It opens a dialog with a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowAction {
    /// Word on the button.
    pub label: String,
    /// What it is about, added for those who do not see the row.
    pub about: String,
    /// Asked in the dialog.
    pub title: String,
    pub body: String,
    pub form: Form,
}

/// A form of a server function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Path of the server function. No two open forms have the same.
    pub action: String,
    pub fields: Vec<FormField>,
    /// Word on the button; none if there is nothing to send.
    pub submit: String,
    pub is_danger: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    /// Under which name the server function takes it.
    pub name: String,
    /// Under which name its mistakes are told.
    pub field: Option<Field>,
    pub label: String,
    pub hint: String,
    pub kind: FieldKind,
    /// What is stored.
    pub value: String,
    pub is_optional: bool,
    /// Set elsewhere: shown, and not sent.
    pub is_locked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    Hidden,
    Text,
    /// For addresses and sizes.
    Code,
    Date,
    CurrentPassword,
    NewPassword,
    /// Whose password it is, for password managers alone.
    Owner,
    /// Several lines.
    Lines,
    /// On if the value is not empty.
    Switch,
    /// Any of these.
    AnyOf(Vec<Choice>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

/// A form was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What was done, as a sentence.
    pub message: String,
    /// What is shown now and never again.
    pub secret: Option<Secret>,
    /// The page to be loaded next, instead of staying here.
    pub go_to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub label: String,
    pub text: String,
}

impl Done {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn with_secret(self, label: impl Into<String>, text: String) -> Self {
        let label = label.into();
        Self {
            secret: Some(Secret { label, text }),
            ..self
        }
    }
}
