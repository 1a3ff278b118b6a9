//! What every description is made of.

use domain::{Field, Timestamp};
use leptos::server_fn::ServerFn;

use crate::wire::settings::{Cell, FieldKind, Form, FormField};

/// A form of this server function.
pub(super) fn form<F: ServerFn>(submit: &str, fields: Vec<FormField>) -> Form {
    Form {
        action: F::PATH.to_owned(),
        fields,
        submit: submit.to_owned(),
        is_danger: false,
    }
}

/// The same for what can't be undone.
pub(super) fn danger_form<F: ServerFn>(submit: &str, fields: Vec<FormField>) -> Form {
    Form {
        is_danger: true,
        ..form::<F>(submit, fields)
    }
}

/// A field that must be filled in.
pub(super) fn field(kind: FieldKind, name: &str, told_as: Field, label: &str) -> FormField {
    FormField {
        name: name.to_owned(),
        field: Some(told_as),
        label: label.to_owned(),
        hint: String::new(),
        kind,
        value: String::new(),
        is_optional: false,
        is_locked: false,
    }
}

/// One that is not seen.
pub(super) fn hidden(name: &str, value: impl ToString) -> FormField {
    FormField {
        field: None,
        value: value.to_string(),
        ..field(FieldKind::Hidden, name, Field::Name, "")
    }
}

/// A password that may be left to the server.
pub(super) fn optional_password() -> FormField {
    FormField {
        hint: "At least 12 characters. Leave it empty to have one made and shown once.".to_owned(),
        is_optional: true,
        ..field(FieldKind::NewPassword, "password", Field::NewPassword, "Password")
    }
}

/// The same field, shown and not to be changed if it is set on the command line.
pub(super) fn locked(field: FormField, is_locked: bool, flag: &str, variable: &str) -> FormField {
    if !is_locked {
        return field;
    }
    FormField {
        hint: format!("Set on the command line, by {flag} or {variable}, and can't be changed here."),
        is_locked,
        ..field
    }
}

pub(super) fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

pub(super) fn moment_or(at: Option<Timestamp>, otherwise: &str) -> Cell {
    at.map_or_else(|| text(otherwise), Cell::At)
}
