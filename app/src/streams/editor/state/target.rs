//! Secrets that are never shown again, and keys that fill in several fields at once.

use domain::Field;

use super::{EditorState, types::Stored};
use crate::{streams::editor::service_account::ServiceAccount, wire::AppError};

impl EditorState {
    /// Whether this secret is being typed, rather than left as it is stored.
    pub fn is_secret_open(&self, secret: Field) -> bool {
        !self.is_secret_stored(secret) || self.draft.target.values.get(secret).is_some()
    }

    /// Whether this is a secret that only its owner knows, and one is stored.
    pub fn is_secret_stored(&self, secret: Field) -> bool {
        let spec = self.draft.kind().spec().field(secret);
        let spec = spec.filter(|spec| spec.secret.as_ref().is_some_and(|secret| secret.made.is_none()));
        let is_needed = |stored: &Stored| spec.is_some_and(|spec| spec.is_needed_secret(&stored.draft.target.values));
        self.stored.as_ref().is_some_and(is_needed)
    }

    /// Opens an empty field for another secret.
    pub fn replace_secret(&mut self, secret: Field) {
        self.draft.target.values.set(secret, "");
        self.secret_changed(secret);
    }

    /// Leaves the secret as it is stored.
    pub fn keep_secret(&mut self, secret: Field) {
        self.draft.target.values.remove(secret);
        self.secret_changed(secret);
    }

    /// Opens every stored secret that the server refuses, so that its error is seen where another one is entered.
    pub(super) fn open_refused(&mut self, error: &AppError) {
        for secret in error.fields() {
            if !self.is_secret_open(secret) {
                self.draft.target.values.set(secret, "");
            }
        }
        self.find_mistakes();
    }

    fn secret_changed(&mut self, secret: Field) {
        self.filled = false;
        self.visited.retain(|visited| *visited != secret);
        self.changed(secret);
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
        FieldError,
        destination::{DestinationKind, FieldMap},
        view::{DestinationView, TargetView, Visibility},
    };

    use super::*;
    use crate::streams::editor::stored_view;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";

    fn view(kind: DestinationKind, values: impl Into<FieldMap>) -> DestinationView {
        DestinationView {
            kind,
            target: TargetView::new(kind, &values.into(), Vec::new(), Visibility::Form),
            ..stored_view(3, "Cloud", 1)
        }
    }

    fn google() -> DestinationView {
        let values = [
            (Field::ProjectId, "my-project"),
            (Field::ClientEmail, "a@my-project.example"),
            (Field::LogId, "audit-events"),
        ];
        view(DestinationKind::GoogleCloudLogging, values)
    }

    fn s3() -> DestinationView {
        let values = [
            (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
            (Field::Region, "us-east-1"),
            (Field::Bucket, "audit"),
            (Field::ObjectLayout, "events"),
        ];
        view(DestinationKind::AmazonS3, values)
    }

    #[test]
    fn a_stored_secret_is_kept_until_another_is_asked_for() {
        for (view, field, secret) in [
            (google(), Field::PrivateKey, PEM),
            (s3(), Field::SecretAccessKey, "wJalrXUtnFEMI"),
        ] {
            let mut editor = EditorState::edit(&view);
            assert!(!editor.is_secret_open(field) && !editor.is_changed());
            editor.replace_secret(field);
            editor.visit(field);
            assert!(editor.is_secret_open(field) && !editor.can_save());
            assert!(
                editor
                    .text_for(field)
                    .is_some_and(|message| message.contains("can't be blank"))
            );
            editor.set_text(field, secret.into());
            assert!(editor.can_save());
            editor.keep_secret(field);
            assert!(!editor.is_secret_open(field) && !editor.is_changed());
            assert_eq!((editor.text(field), editor.text_for(field)), ("", None));
        }
    }

    #[test]
    fn a_new_destination_needs_its_secret() {
        let mut editor = EditorState::add(DestinationKind::AmazonS3);
        assert!(editor.is_secret_open(Field::SecretAccessKey));
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
    fn a_client_key_belongs_to_a_client_certificate() {
        const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----";
        let stored = [
            (Field::Url, "https://siem.example"),
            (Field::TlsClientCertificate, CERTIFICATE),
        ];
        let mut editor = EditorState::edit(&view(DestinationKind::Http, stored));
        assert!(editor.is_secret_stored(Field::TlsClientKey) && !editor.is_secret_open(Field::TlsClientKey));
        editor.replace_secret(Field::TlsClientKey);
        assert!(!editor.can_save());
        editor.set_text(Field::TlsClientCertificate, String::new());
        assert!(editor.can_save(), "both are removed");
        let mut editor = EditorState::edit(&view(DestinationKind::Http, [(Field::Url, "https://siem.example")]));
        assert!(!editor.is_secret_stored(Field::TlsClientKey) && editor.is_secret_open(Field::TlsClientKey));
        assert!(!editor.is_secret_stored(Field::VerificationToken), "it is made here");
        editor.set_text(Field::TlsClientKey, PEM.into());
        assert!(!editor.can_save(), "it is of no use alone");
    }

    #[test]
    fn the_key_that_does_not_belong_to_a_renewed_certificate_is_opened_with_its_error() {
        let pem = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----");
        let stored = [
            (Field::Url, "https://siem.example".to_owned()),
            (Field::TlsClientCertificate, pem("AAEC")),
        ];
        let mut editor = EditorState::edit(&view(DestinationKind::Http, stored));
        editor.set_text(Field::TlsClientCertificate, pem("AwQF"));
        assert!(editor.try_save(), "the page can't know");
        let refused = FieldError::new(
            Field::TlsClientKey,
            "Client key does not belong to the client certificate",
        );
        editor.refuse(AppError::Invalid(refused.into()));
        assert!(editor.is_secret_open(Field::TlsClientKey) && editor.marked_count() == 1);
        assert!(editor.text_for(Field::TlsClientKey).is_some());
        editor.set_text(Field::TlsClientKey, PEM.into());
        assert!(editor.text_for(Field::TlsClientKey).is_none() && editor.can_save());
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
        editor.replace_secret(Field::PrivateKey);
        editor.set_text(
            Field::PrivateKey,
            r#"{"type":"authorized_user","project_id":"x"}"#.into(),
        );
        assert!(
            editor
                .text_for(Field::PrivateKey)
                .is_some_and(|message| message.contains("its type"))
        );
        assert_eq!(editor.text(Field::ProjectId), "my-project");
        assert!(!editor.is_filled() && !editor.can_save());
        editor.set_text(Field::PrivateKey, PEM.into());
        assert_eq!(editor.text_for(Field::PrivateKey), None);
    }
}
