//! Secrets that are never shown again, and keys that fill in several fields at once.

use domain::Field;

use super::EditorState;
use crate::model::service_account::ServiceAccount;

impl EditorState {
    /// Whether the kind's secret is being typed, rather than left as it is stored.
    pub fn is_secret_open(&self) -> bool {
        let secret = self.owners_secret();
        secret.is_some_and(|secret| self.stored.is_none() || self.draft.target.values.get(secret).is_some())
    }

    /// Opens an empty field for another secret.
    pub fn replace_secret(&mut self) {
        self.set_secret(Some(""));
    }

    /// Leaves the secret as it is stored.
    pub fn keep_secret(&mut self) {
        self.set_secret(None);
    }

    fn set_secret(&mut self, secret: Option<&str>) {
        let Some(field) = self.owners_secret() else { return };
        match secret {
            Some(secret) => self.draft.target.values.set(field, secret),
            None => self.draft.target.values.remove(field),
        }
        self.filled = false;
        self.visited.retain(|visited| *visited != field);
        self.changed(field);
    }

    /// The secret of the kind that only its owner knows; `None` for a kind whose secrets are made.
    pub(super) fn owners_secret(&self) -> Option<Field> {
        let secret = self.draft.kind().spec().given_secret();
        secret
            .filter(|(_, secret)| secret.made.is_none())
            .map(|(spec, _)| spec.field)
    }

    /// Whether a key has just filled in fields beside its own.
    pub const fn is_filled(&self) -> bool {
        self.filled
    }

    /// Fills in what the key of a service account knows. False, and nothing done, if the text is no such key.
    pub(super) fn fill_from_key(&mut self, text: &str) -> bool {
        if !ServiceAccount::is_meant_by(text) {
            return false;
        }
        let Ok(account) = ServiceAccount::parse(text) else {
            return false;
        };
        for (field, text) in [
            (Field::ProjectId, account.project_id),
            (Field::ClientEmail, account.client_email),
            (Field::PrivateKey, account.private_key),
        ] {
            self.filled |= self.draft.target.set_text(field, text);
            self.changed(field);
        }
        self.filled
    }

    /// Why what was put in the place of the private key is not the key of a service account, if that is what it is meant
    /// to be.
    pub(super) fn key_problem(&self) -> Option<&'static str> {
        let text = self.text(Field::PrivateKey);
        ServiceAccount::is_meant_by(text)
            .then(|| ServiceAccount::parse(text).err())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        destination::{DestinationDraft, DestinationKind, TargetDraft},
        ids::DestinationId,
    };

    use super::*;
    use crate::wire::DestinationView;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";

    fn view(target: TargetDraft) -> DestinationView {
        DestinationView {
            id: DestinationId::new(3),
            version: 1,
            draft: DestinationDraft::new("Cloud", target),
            unknown_types: Vec::new(),
            status: String::new(),
        }
    }

    fn google() -> DestinationView {
        view(TargetDraft::new(DestinationKind::GoogleCloudLogging).with([
            (Field::ProjectId, "my-project"),
            (Field::ClientEmail, "a@my-project.example"),
            (Field::LogId, "audit-events"),
        ]))
    }

    fn s3() -> DestinationView {
        view(TargetDraft::new(DestinationKind::AmazonS3).with([
            (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
            (Field::Region, "us-east-1"),
            (Field::Bucket, "audit"),
        ]))
    }

    #[test]
    fn a_stored_secret_is_kept_until_another_is_asked_for() {
        for (view, field, secret) in [
            (google(), Field::PrivateKey, PEM),
            (s3(), Field::SecretAccessKey, "wJalrXUtnFEMI"),
        ] {
            let mut editor = EditorState::edit(&view);
            assert!(!editor.is_secret_open() && !editor.is_changed());
            editor.replace_secret();
            editor.visit(field);
            assert!(editor.is_secret_open() && !editor.can_save());
            assert!(
                editor
                    .message_for(field)
                    .is_some_and(|message| message.contains("can't be blank"))
            );
            editor.set_text(field, secret.into());
            assert!(editor.can_save());
            editor.keep_secret();
            assert!(!editor.is_secret_open() && !editor.is_changed());
            assert_eq!((editor.text(field), editor.message_for(field)), ("", None));
        }
    }

    #[test]
    fn a_new_destination_needs_its_secret() {
        let mut editor = EditorState::add(DestinationKind::AmazonS3);
        assert!(editor.is_secret_open());
        for (field, text) in [
            (Field::Name, "Archive"),
            (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
            (Field::Region, "us-east-1"),
            (Field::Bucket, "audit"),
        ] {
            editor.set_text(field, text.into());
        }
        assert!(!editor.can_save());
        editor.set_text(Field::SecretAccessKey, "wJalrXUtnFEMI".into());
        assert!(editor.can_save());
    }

    #[test]
    fn batches_are_chosen_for_a_new_destination_and_nothing_for_a_stored_one() {
        let added = EditorState::add(DestinationKind::AmazonS3);
        assert_eq!(added.text(Field::ObjectLayout), "batches");
        let mut editor = EditorState::edit(&s3());
        assert_eq!(editor.text(Field::ObjectLayout), "events");
        editor.set_text(Field::ObjectLayout, "batches".into());
        assert!(editor.can_save());
    }

    #[test]
    fn a_whole_key_fills_in_what_it_knows() {
        let mut editor = EditorState::add(DestinationKind::GoogleCloudLogging);
        let key = r#"{"type":"service_account","project_id":"their-project","client_email":"b@c.example",
            "private_key":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"}"#;
        editor.set_text(Field::PrivateKey, key.into());
        assert!(editor.is_filled());
        assert_eq!(editor.text(Field::ProjectId), "their-project");
        assert_eq!(editor.text(Field::ClientEmail), "b@c.example");
        assert_eq!(editor.text(Field::PrivateKey), PEM);
        editor.set_text(Field::LogId, "audit".into());
        assert!(!editor.is_filled());
        editor.set_text(Field::Name, "Cloud".into());
        assert!(editor.can_save());
    }

    #[test]
    fn a_key_of_another_type_is_told_at_once_and_changes_no_other_field() {
        let mut editor = EditorState::edit(&google());
        editor.replace_secret();
        editor.set_text(
            Field::PrivateKey,
            r#"{"type":"authorized_user","project_id":"x"}"#.into(),
        );
        assert!(
            editor
                .message_for(Field::PrivateKey)
                .is_some_and(|message| message.contains("its type"))
        );
        assert_eq!(editor.text(Field::ProjectId), "my-project");
        assert!(!editor.is_filled() && !editor.can_save());
        editor.set_text(Field::PrivateKey, PEM.into());
        assert_eq!(editor.message_for(Field::PrivateKey), None);
    }
}
