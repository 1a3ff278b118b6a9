//! What every description is made of.

use domain::{Field, Timestamp};
use leptos::server_fn::ServerFn;

use crate::wire::settings::{Kind, Part};

pub(super) fn card(heading: &str, lead: &str, parts: Vec<Part>) -> Part {
    Part {
        kind: Kind::Card,
        label: heading.to_owned(),
        note: lead.to_owned(),
        parts,
        ..Part::default()
    }
}

pub(super) fn facts(facts: Vec<Part>) -> Part {
    Part {
        kind: Kind::Facts,
        parts: facts,
        ..Part::default()
    }
}

pub(super) fn fact(label: &str, value: Part, note: String) -> Part {
    Part {
        kind: Kind::Fact,
        label: label.to_owned(),
        note,
        parts: vec![value],
        ..Part::default()
    }
}

pub(super) fn table(label: &str, empty: &str, rows: Vec<Part>) -> Part {
    Part {
        kind: Kind::Table,
        label: label.to_owned(),
        note: empty.to_owned(),
        parts: rows,
        ..Part::default()
    }
}

/// Each cell under the heading of its column, then the row's buttons.
pub(super) fn row<const CELLS: usize>(cells: [(&str, Part); CELLS], actions: Vec<Part>) -> Part {
    let cells = cells.into_iter().map(|(heading, cell)| Part {
        label: heading.to_owned(),
        ..cell
    });
    Part {
        kind: Kind::Row,
        parts: cells.chain(actions).collect(),
        ..Part::default()
    }
}

/// A cell.
pub(super) fn cell(kind: Kind, text: impl Into<String>) -> Part {
    Part {
        kind,
        text: text.into(),
        ..Part::default()
    }
}

pub(super) fn text(text: impl Into<String>) -> Part {
    cell(Kind::Text, text)
}

pub(super) fn moment(at: Timestamp) -> Part {
    Part {
        at: Some(at),
        ..cell(Kind::Moment, "")
    }
}

pub(super) fn moment_or(at: Option<Timestamp>, otherwise: &str) -> Part {
    at.map_or_else(|| text(otherwise), moment)
}

/// A button that asks before it sends its form.
pub(super) fn action(label: &str, about: &str, title: String, body: &str, form: Part) -> Part {
    Part {
        kind: Kind::Action,
        label: label.to_owned(),
        name: about.to_owned(),
        text: title,
        note: body.to_owned(),
        parts: vec![form],
        ..Part::default()
    }
}

/// A form of this server function.
pub(super) fn form<F: ServerFn>(submit: &str, fields: Vec<Part>) -> Part {
    Part {
        kind: Kind::Form,
        name: F::PATH.to_owned(),
        label: submit.to_owned(),
        parts: fields,
        ..Part::default()
    }
}

/// The same for what can't be undone.
pub(super) fn danger_form<F: ServerFn>(submit: &str, fields: Vec<Part>) -> Part {
    Part {
        kind: Kind::DangerForm,
        ..form::<F>(submit, fields)
    }
}

/// A field that must be filled in.
pub(super) fn field(kind: Kind, name: &str, error_field: Field, label: &str, hint: &str) -> Part {
    Part {
        kind,
        name: name.to_owned(),
        error_field: Some(error_field),
        label: label.to_owned(),
        note: hint.to_owned(),
        ..Part::default()
    }
}

/// One that may be left empty.
pub(super) fn optional(field: Part) -> Part {
    Part {
        is_marked: true,
        ..field
    }
}

/// The same field with what is stored.
pub(super) fn holding(text: impl Into<String>, field: Part) -> Part {
    Part {
        text: text.into(),
        ..field
    }
}

/// The same field, shown and not to be changed if it is set on the command line.
pub(super) fn locked(is_locked: bool, flag: &str, variable: &str, field: Part) -> Part {
    if !is_locked {
        return field;
    }
    Part {
        note: format!("Set on the command line, by {flag} or {variable}, and can't be changed here."),
        is_locked,
        ..field
    }
}

/// A box of a field that has several.
pub(super) fn choice(value: &str, label: String, is_ticked: bool) -> Part {
    Part {
        kind: Kind::Choice,
        text: value.to_owned(),
        label,
        is_marked: is_ticked,
        ..Part::default()
    }
}

/// One that is not seen.
pub(super) fn hidden(name: &str, value: impl ToString) -> Part {
    Part {
        kind: Kind::Hidden,
        name: name.to_owned(),
        text: value.to_string(),
        ..Part::default()
    }
}

/// A password that may be left to the server.
pub(super) fn optional_password() -> Part {
    let hint = "At least 12 characters. Leave it empty to have one made and shown once.";
    optional(field(
        Kind::NewPassword,
        "password",
        Field::NewPassword,
        "Password",
        hint,
    ))
}
