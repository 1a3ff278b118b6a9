//! The profile of who is signed in.

use domain::{Field, ids::SessionId};

use super::parts::{danger_form, field, form, hidden, text};
use crate::{
    port::{SignedIn, settings::SessionSummary},
    server_fns::{
        profile::ChangePassword,
        sessions::{EndSession, EndSessions},
    },
    wire::settings::{Cell, FieldKind, FormField, Row, RowAction, Section, Table, Tone},
};

pub(super) fn describe(signed_in: &SignedIn, sessions: Vec<SessionSummary>) -> Vec<Section> {
    let owner = FormField {
        value: signed_in.username.clone(),
        field: None,
        ..field(FieldKind::Owner, "", Field::Username, "")
    };
    let current = field(
        FieldKind::CurrentPassword,
        "current",
        Field::Password,
        "Current password",
    );
    let new = FormField {
        hint: "At least 12 characters.".to_owned(),
        ..field(FieldKind::NewPassword, "new", Field::NewPassword, "New password")
    };
    let password = Section {
        heading: "Change password".to_owned(),
        lead: "Changing it ends your other sessions.".to_owned(),
        form: Some(form::<ChangePassword>("Change password", vec![owner, current, new])),
        ..Section::default()
    };
    let list = Section {
        heading: "Sessions".to_owned(),
        lead: "A session ends by itself when it is not used for 12 hours, and after 7 days in any case.".to_owned(),
        table: Some(Table {
            label: "Your sessions".to_owned(),
            headings: ["Address", "First seen", "Last seen", ""].map(str::to_owned).to_vec(),
            rows: sessions.iter().map(|session| row(session, signed_in.session)).collect(),
            empty: String::new(),
        }),
        form: Some(danger_form::<EndSessions>("Sign out everywhere", Vec::new())),
        ..Section::default()
    };
    vec![password, list]
}

fn row(session: &SessionSummary, this: SessionId) -> Row {
    let is_this = session.id == this;
    let mark = if is_this {
        Cell::Badge(Tone::Good, "This session".to_owned())
    } else {
        text("")
    };
    Row {
        cells: vec![
            Cell::Code(session.ip_address.clone()),
            Cell::At(session.first_seen_at),
            Cell::At(session.last_seen_at),
            mark,
        ],
        actions: (!is_this).then(|| end(session)).into_iter().collect(),
    }
}

fn end(session: &SessionSummary) -> RowAction {
    RowAction {
        label: "End session".to_owned(),
        about: format!("at {}", session.ip_address),
        title: format!("End the session at {}?", session.ip_address),
        body: "Whoever uses it has to sign in again. If it is not yours, change your password as well.".to_owned(),
        form: danger_form::<EndSession>("End session", vec![hidden("id", session.id)]),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, ids::UserId};

    use super::*;

    #[test]
    fn every_session_but_this_one_can_be_ended_alone() {
        let signed_in = SignedIn {
            session: SessionId::new(2),
            user: UserId::new(1),
            username: "root".into(),
            ip_address: "::1".into(),
        };
        let session = |id| SessionSummary {
            id: SessionId::new(id),
            ip_address: "::1".into(),
            first_seen_at: Timestamp::from_unix_ms(1),
            last_seen_at: Timestamp::from_unix_ms(2),
        };
        let sections = describe(&signed_in, vec![session(2), session(3)]);
        let table = sections.iter().find_map(|section| section.table.as_ref()).unwrap();
        assert!(table.rows[0].actions.is_empty());
        assert_eq!(table.rows[1].actions[0].form.fields[0].value, "3");
    }
}
