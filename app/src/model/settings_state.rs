//! What happens on a settings page: the form under way, what came of it, and the dialog that is open.

use domain::Field;

use crate::wire::{
    AppError,
    settings::{Done, Part},
};

/// Where a form was, and so where its result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Page,
    Dialog,
    /// The dialog was closed, or the page left, while the form was being sent.
    Gone,
}

/// State of the page that is open. What is typed stays with the browser; nothing in here ever clears it. It outlives the page,
/// so that an answer that is shown once is not lost when the page is left before it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsState {
    /// Path of the form that is being sent.
    busy: Option<(String, Place)>,
    refused: Option<(String, Place, AppError)>,
    done: Option<(String, Place, Done)>,
    asking: Option<Part>,
}

impl SettingsState {
    /// Opens the dialog.
    pub fn ask(&mut self, action: Part) {
        self.stop_asking();
        self.refused = None;
        self.asking = Some(action);
    }

    /// Closes the dialog.
    pub fn stop_asking(&mut self) {
        self.asking = None;
        if let Some((_, place @ Place::Dialog)) = &mut self.busy {
            *place = Place::Gone;
        }
    }

    /// Another page is opened.
    pub fn leave(&mut self) {
        self.stop_asking();
        self.dismiss();
        if let Some((_, place)) = &mut self.busy {
            *place = Place::Gone;
        }
    }

    pub const fn asking(&self) -> Option<&Part> {
        self.asking.as_ref()
    }

    /// Takes note that a form is sent. False while another one is: it must wait.
    pub fn begin(&mut self, form: &str) -> bool {
        if self.busy.is_some() {
            return false;
        }
        let place = if self.asking.is_some() {
            Place::Dialog
        } else {
            Place::Page
        };
        self.busy = Some((form.to_owned(), place));
        true
    }

    pub const fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    /// Stores the result of the form that was sent, in place of earlier results. Returns where the form was.
    pub fn answered(&mut self, answer: Result<Done, AppError>) -> Place {
        let Some((form, place)) = self.busy.take() else {
            return Place::Gone;
        };
        self.dismiss();
        match answer {
            Ok(done) => {
                if place == Place::Dialog {
                    self.asking = None;
                }
                self.done = Some((form, place, done));
            }
            Err(error) => self.refused = Some((form, place, error)),
        }
        place
    }

    /// What is wrong with a field of this form.
    pub fn message_for(&self, form: &str, field: Field) -> Option<String> {
        let (of, place, error) = self.refused.as_ref()?;
        let is_here = of == form && *place != Place::Gone;
        let message = error.message_for(field).filter(|_| is_here);
        message.map(str::to_owned)
    }

    /// Why this form was refused, when no single field is to blame; or, at the top of the page, why a form was that is gone.
    pub fn refusal(&self, form: Option<&str>) -> Option<&AppError> {
        let (of, place, error) = self.refused.as_ref()?;
        let is_here = match form {
            Some(form) => form == of && *place != Place::Gone && !matches!(error, AppError::Invalid(_)),
            None => *place == Place::Gone,
        };
        is_here.then_some(error)
    }

    /// The result shown beside this form; with `None`, at the top of the page, that of a form whose dialog or page was closed.
    pub fn done(&self, form: Option<&str>) -> Option<&Done> {
        let (of, place, done) = self.done.as_ref()?;
        let is_here = match form {
            Some(form) => form == of && *place == Place::Page,
            None => *place != Place::Page,
        };
        is_here.then_some(done)
    }

    /// Whether something is shown that never will be again.
    pub fn shows_secret(&self) -> bool {
        self.done.as_ref().is_some_and(|(_, _, done)| !done.secret.is_empty())
    }

    /// Tells no longer what came of the last form.
    pub fn dismiss(&mut self) {
        self.done = None;
        self.refused = None;
    }
}

#[cfg(test)]
mod tests {
    use domain::FieldError;

    use super::*;
    use crate::wire::settings::Kind;

    fn revoke() -> Part {
        Part {
            kind: Kind::Action,
            label: "Revoke".into(),
            ..Part::default()
        }
    }

    #[test]
    fn one_form_is_sent_at_a_time() {
        let mut state = SettingsState::default();
        assert!(state.begin("/create"));
        assert!(!state.begin("/create") && !state.begin("/revoke"));
        state.answered(Ok(Done::new("Created.")));
        assert_eq!(state.done(Some("/create")).unwrap().message, "Created.");
        assert!(!state.shows_secret());
        assert!(state.done(Some("/revoke")).is_none() && state.done(None).is_none());
        assert!(state.begin("/create"));
    }

    #[test]
    fn a_refusal_stands_at_its_field_until_the_next_answer() {
        let mut state = SettingsState::default();
        state.begin("/create");
        state.answered(Err(AppError::Invalid(FieldError::new(Field::Name, "Taken.").into())));
        assert_eq!(state.message_for("/create", Field::Name).as_deref(), Some("Taken."));
        assert_eq!(state.message_for("/create", Field::Scopes), None);
        assert_eq!(state.message_for("/other", Field::Name), None);
        assert!(state.refusal(Some("/create")).is_none(), "it is shown at the field");
        state.begin("/create");
        let message = state.message_for("/create", Field::Name);
        assert_eq!(message.as_deref(), Some("Taken."), "until there is an answer");
        state.answered(Err(AppError::Transport));
        assert_eq!(state.message_for("/create", Field::Name), None);
        assert_eq!(state.refusal(Some("/create")), Some(&AppError::Transport));
    }

    #[test]
    fn a_dialog_closes_when_its_form_was_taken_and_stays_when_it_was_not() {
        let mut state = SettingsState::default();
        state.ask(revoke());
        state.begin("/revoke");
        state.answered(Err(AppError::Unavailable));
        assert!(state.asking().is_some() && state.refusal(Some("/revoke")).is_some());
        state.begin("/revoke");
        state.answered(Ok(Done::new("Revoked.")));
        assert!(state.asking().is_none());
        assert_eq!(state.done(None).unwrap().message, "Revoked.");
        assert!(state.done(Some("/revoke")).is_none());
        state.dismiss();
        assert!(state.done(None).is_none());
    }

    #[test]
    fn a_dialog_opens_without_what_was_said_in_the_last_one() {
        let mut state = SettingsState::default();
        state.ask(revoke());
        state.begin("/revoke");
        state.answered(Err(AppError::Unavailable));
        state.stop_asking();
        state.ask(revoke());
        assert!(state.refusal(Some("/revoke")).is_none());
    }

    fn password() -> Done {
        Done::new("Reset.").with_secret("Password", "shown once".into())
    }

    #[test]
    fn an_answer_that_comes_after_its_dialog_was_closed_is_told_at_the_top() {
        let mut state = SettingsState::default();
        state.ask(revoke());
        state.begin("/reset");
        state.stop_asking();
        state.ask(revoke());
        assert_eq!(state.answered(Ok(password())), Place::Gone);
        assert_eq!(state.done(None).unwrap().secret, "shown once");
        assert!(state.done(Some("/reset")).is_none());
        assert!(state.asking().is_some(), "the next dialog stays open");

        state.begin("/reset");
        state.stop_asking();
        state.answered(Err(AppError::Unavailable));
        assert_eq!(state.refusal(None), Some(&AppError::Unavailable));
        assert!(state.refusal(Some("/reset")).is_none());
    }

    #[test]
    fn an_answer_that_comes_after_its_page_was_left_is_told_at_the_top_of_the_next() {
        let mut state = SettingsState::default();
        state.begin("/create");
        state.leave();
        assert!(state.is_busy());
        state.answered(Ok(password()));
        assert!(state.shows_secret());
        assert_eq!(state.done(None).unwrap().secret, "shown once");
        state.leave();
        assert!(state.done(None).is_none(), "it was shown");
    }
}
