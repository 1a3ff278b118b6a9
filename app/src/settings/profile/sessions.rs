//! The table of the user's sessions.

use domain::{ids::SessionId, view::SessionView};
use leptos::prelude::*;

use super::server_fns::ListedSessions;
use crate::{
    settings::{
        Settings,
        card::{Badge, Cell, DataTable, Tone},
    },
    ui::{DialogButton, Form, Moment, Rows, SubmitLook},
};

/// The session of the reader.
#[derive(Clone, Copy)]
struct Current(SessionId);

pub(super) fn sessions_table(listed: Signal<ListedSessions>) -> AnyView {
    provide_context(Current(listed.with_untracked(|listed| listed.current)));
    let sessions = Memo::new(move |_| listed.with(|listed| listed.sessions.clone()));
    view! {
        <DataTable
            label="Your sessions"
            headings=&["Browser", "Address", "First seen", "Last seen"]
            has_actions=true
        >
            <Rows rows=sessions key=|session: &SessionView| session.id row=session_row />
        </DataTable>
    }
    .into_any()
}

fn session_row(session: Signal<SessionView>) -> AnyView {
    let SessionView {
        id,
        browser,
        first_seen_at,
        ..
    } = session.get_untracked();
    let is_current = expect_context::<Current>().0 == id;
    let address = Memo::new(move |_| session.with(|session| session.ip_address.clone()));
    let last_seen = Memo::new(move |_| session.with(|session| session.last_seen_at));
    let end = if is_current {
        view! { <Badge tone=Tone::Good text="This session" /> }.into_any()
    } else {
        view! { <End session=session.get_untracked() /> }.into_any()
    };
    view! {
        <tr>
            <Cell heading="Browser">{browser}</Cell>
            <Cell heading="Address">
                <bdi class="field-code">{address}</bdi>
            </Cell>
            <Cell heading="First seen">
                <Moment at=first_seen_at />
            </Cell>
            <Cell heading="Last seen">{move || view! { <Moment at=last_seen.get() /> }}</Cell>
            <td class="data-actions">{end}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn End(session: SessionView) -> impl IntoView {
    let action = expect_context::<Settings>().end_session;
    let dialog = format!("end-session-{}", session.id);
    let about = format!("{} at {}", session.browser, session.ip_address);
    view! {
        <DialogButton
            id=dialog.clone()
            label="End session"
            about=format!("of {about}")
            title=format!("End the session of {about}?")
            body="Whoever uses it has to sign in again. If it is not yours, change your password as well."
            on_open=move |()| action.clear()
        >
            <Form
                action
                id=format!("{dialog}-form")
                label="End session"
                submit="End session"
                look=SubmitLook::DangerSolid
                dialog=dialog
            >
                <input type="hidden" name="id" value=session.id.get() />
            </Form>
        </DialogButton>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::settings::tests::rendered;

    #[test]
    fn every_session_but_this_one_can_be_ended() {
        let session = |id, browser: &str| SessionView {
            id: SessionId::new(id),
            browser: browser.into(),
            ip_address: "::1".into(),
            first_seen_at: Timestamp::from_unix_ms(1),
            last_seen_at: Timestamp::from_unix_ms(2),
        };
        let listed = ListedSessions {
            sessions: vec![session(2, "Firefox on Linux"), session(3, "Safari on iPhone")],
            current: SessionId::new(2),
        };
        let html = rendered(|| sessions_table(Signal::stored(listed)));
        assert!(
            html.contains("Firefox on Linux") && html.contains("This session"),
            "{html}"
        );
        assert!(
            html.contains(r#"aria-label="End session of Safari on iPhone at ::1""#),
            "{html}"
        );
        assert_eq!(html.matches(r#"name="id""#).count(), 1, "{html}");
    }
}
