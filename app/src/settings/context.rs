//! What the settings pages share. It outlives a page, so that an answer that is shown once is not lost when the page is left or the
//! dialog closed before it comes.

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    profile::EndSession,
    tokens::{CreateToken, RevokeToken},
    users::{AddUser, ResetPassword, SetUserEnabled},
};
use crate::{
    browser,
    outcome::{Done, Outcome, PostedForm},
    ui::{OUTCOME_SECRET_ID, Refresh},
    wire::AppError,
};

/// Where the focus goes when a dialog has closed because its form was accepted.
pub(super) const NOTICE_ID: &str = "settings-notice";

#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) create_token: ServerAction<CreateToken>,
    pub(super) revoke_token: ServerAction<RevokeToken>,
    pub(super) add_user: ServerAction<AddUser>,
    pub(super) reset_password: ServerAction<ResetPassword>,
    pub(super) set_user_enabled: ServerAction<SetUserEnabled>,
    pub(super) end_session: ServerAction<EndSession>,
    /// What came of a form in a dialog.
    pub(super) notice: RwSignal<Option<Outcome>>,
    /// Loads the tables of the page again.
    pub(crate) refresh: Refresh,
}

impl Settings {
    pub(crate) fn provide() {
        let settings = Self {
            create_token: ServerAction::new(),
            revoke_token: ServerAction::new(),
            add_user: ServerAction::new(),
            reset_password: ServerAction::new(),
            set_user_enabled: ServerAction::new(),
            end_session: ServerAction::new(),
            notice: RwSignal::new(posted()),
            refresh: Refresh::new(),
        };
        settings.follow(settings.revoke_token);
        settings.follow(settings.reset_password);
        settings.follow(settings.set_user_enabled);
        settings.follow(settings.end_session);
        provide_context(settings);
    }

    /// Shows what came of a form in a dialog. A refusal is shown in the dialog as long as it is open.
    fn follow<F>(self, action: ServerAction<F>)
    where
        F: ServerFn<Output = Done, Error = AppError> + Clone + Send + Sync + 'static,
    {
        let (sent, answer) = (action.version(), action.value());
        Effect::new(move |before: Option<usize>| {
            let sent = sent.get();
            if before.is_some_and(|before| before != sent)
                && let Some(outcome) = answer.get_untracked()
            {
                self.show(outcome);
            }
            sent
        });
    }

    /// Shows above the cards what was done.
    pub(super) fn announce(self, done: Done) {
        browser::focus(NOTICE_ID);
        self.refresh.now();
        self.notice.set(Some(Ok(done)));
    }

    fn show(self, outcome: Outcome) {
        match &outcome {
            Ok(done) => {
                let was_open = browser::close_dialogs();
                if done.secret.is_some() {
                    browser::focus(OUTCOME_SECRET_ID);
                } else if was_open {
                    browser::focus(NOTICE_ID);
                }
                self.refresh.now();
            }
            Err(_) if browser::is_dialog_open() => return,
            Err(_) => {}
        }
        self.notice.set(Some(outcome));
    }
}

/// What came of a form in a dialog that was posted without the page's program.
fn posted() -> Option<Outcome> {
    let posted = expect_context::<PostedForm>();
    [
        RevokeToken::PATH,
        ResetPassword::PATH,
        SetUserEnabled::PATH,
        EndSession::PATH,
    ]
    .into_iter()
    .find_map(|path| posted.of(path))
}
