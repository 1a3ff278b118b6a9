//! What happens on a settings page: the form under way, what came of it, and the dialog that is open.

use domain::Field;

use crate::wire::{
    AppError,
    settings::{Done, Part},
};

/// State of one page. What is typed stays with the browser; nothing in here ever clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsState {
    /// Path of the form that is being sent.
    busy: Option<String>,
    refused: Option<(String, AppError)>,
    /// The form's path, and whether it stood in the dialog.
    done: Option<(String, bool, Done)>,
    asking: Option<Part>,
}

impl SettingsState {
    /// Opens the dialog.
    pub fn ask(&mut self, action: Part) {
        self.refused = None;
        self.asking = Some(action);
    }

    /// Closes the dialog.
    pub fn stop_asking(&mut self) {
        self.asking = None;
    }

    pub const fn asking(&self) -> Option<&Part> {
        self.asking.as_ref()
    }

    /// Takes note that a form is sent. False while another one is: it must wait.
    pub fn begin(&mut self, form: &str) -> bool {
        if self.busy.is_some() {
            return false;
        }
        self.busy = Some(form.to_owned());
        true
    }

    pub const fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    /// What came of the form that was sent; whatever came before is told no longer.
    pub fn answered(&mut self, answer: Result<Done, AppError>) {
        let Some(form) = self.busy.take() else { return };
        self.refused = None;
        match answer {
            Ok(done) => {
                let in_dialog = self.asking.take().is_some();
                self.done = Some((form, in_dialog, done));
            }
            Err(error) => {
                self.done = None;
                self.refused = Some((form, error));
            }
        }
    }

    /// What is wrong with a field of this form.
    pub fn message_for(&self, form: &str, field: Field) -> Option<String> {
        let refused = self.refused.as_ref().filter(|(refused, _)| refused == form);
        let message = refused.and_then(|(_, error)| error.message_for(field));
        message.map(str::to_owned)
    }

    /// Why this form was refused, when no single field is to blame.
    pub fn refusal(&self, form: &str) -> Option<&AppError> {
        match &self.refused {
            Some((_, AppError::Invalid(_))) => None,
            Some((refused, error)) if refused == form => Some(error),
            _ => None,
        }
    }

    /// What is told beside this form, or, of a form that is gone with its dialog, at the top of the page.
    pub fn done(&self, form: Option<&str>) -> Option<&Done> {
        let (of, in_dialog, done) = self.done.as_ref()?;
        let is_here = match form {
            Some(form) => form == of && !in_dialog,
            None => *in_dialog,
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
        assert!(state.refusal("/create").is_none(), "it is told at the field");
        state.begin("/create");
        let message = state.message_for("/create", Field::Name);
        assert_eq!(message.as_deref(), Some("Taken."), "until there is an answer");
        state.answered(Err(AppError::Transport));
        assert_eq!(state.message_for("/create", Field::Name), None);
        assert_eq!(state.refusal("/create"), Some(&AppError::Transport));
    }

    #[test]
    fn a_dialog_closes_when_its_form_was_taken_and_stays_when_it_was_not() {
        let mut state = SettingsState::default();
        state.ask(revoke());
        state.begin("/revoke");
        state.answered(Err(AppError::Unavailable));
        assert!(state.asking().is_some() && state.refusal("/revoke").is_some());
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
        assert!(state.refusal("/revoke").is_none());
    }
}
