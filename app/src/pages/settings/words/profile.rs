//! The profile of who is signed in.

use domain::{Field, ids::SessionId, view::SessionView};

use super::parts::{action, card, cell, danger_form, field, form, hidden, moment, row, table, text};
use crate::{
    port::SignedIn,
    server_fns::{
        profile::ChangePassword,
        sessions::{EndSession, EndSessions},
    },
    wire::settings::{Kind, Part},
};

pub(super) fn describe(signed_in: &SignedIn, sessions: &[SessionView]) -> Vec<Part> {
    let owner = cell(Kind::Owner, &signed_in.username);
    let current = field(
        Kind::CurrentPassword,
        "current",
        Field::Password,
        "Current password",
        "",
    );
    let hint = "At least 12 characters.";
    let new = field(Kind::NewPassword, "new", Field::NewPassword, "New password", hint);
    let rows = sessions
        .iter()
        .map(|session| describe_session(session, signed_in.session));
    let sign_out = danger_form::<EndSessions>("Sign out everywhere", Vec::new());
    vec![
        card(
            "Change password",
            "Changing it ends your other sessions.",
            vec![form::<ChangePassword>("Change password", vec![owner, current, new])],
        ),
        card(
            "Sessions",
            "A session ends by itself when it is not used for 12 hours, and after 7 days in any case.",
            vec![table("Your sessions", "", rows.collect()), sign_out],
        ),
    ]
}

fn describe_session(session: &SessionView, this: SessionId) -> Part {
    let is_this = session.id == this;
    let state = match is_this {
        true => cell(Kind::Good, "This session"),
        false => text("Signed in"),
    };
    row(
        [
            ("Address", cell(Kind::Code, &session.ip_address)),
            ("First seen", moment(session.first_seen_at)),
            ("Last seen", moment(session.last_seen_at)),
            ("State", state),
        ],
        (!is_this).then(|| end(session)).into_iter().collect(),
    )
}

fn end(session: &SessionView) -> Part {
    action(
        "End session",
        &format!("at {}", session.ip_address),
        format!("End the session at {}?", session.ip_address),
        "Whoever uses it has to sign in again. If it is not yours, change your password as well.",
        danger_form::<EndSession>("End session", vec![hidden("id", session.id)]),
    )
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
        let session = |id| SessionView {
            id: SessionId::new(id),
            ip_address: "::1".into(),
            first_seen_at: Timestamp::from_unix_ms(1),
            last_seen_at: Timestamp::from_unix_ms(2),
        };
        let cards = describe(&signed_in, &[session(2), session(3)]);
        let rows = &cards[1].parts[0].parts;
        assert!(rows[0].parts.iter().all(|part| part.kind != Kind::Action));
        assert_eq!(rows[1].parts.last().unwrap().parts[0].parts[0].text, "3");
    }
}
