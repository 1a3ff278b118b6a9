//! The part of a destination that belongs to its kind: the values of its fields, and headers.

use super::{DestinationKind, FieldMap, FieldSpec, HeaderDraft, NewHeader, header::parse_headers};
use crate::{Field, FieldError, FieldErrors};

/// As filled in. A secret that is left out is made by the server, or stays as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetDraft {
    /// Which kind of destination.
    pub kind: DestinationKind,
    /// Text of each field, as typed. A secret that is not in it stays as it is stored.
    pub values: FieldMap,
    /// Custom headers; empty if this kind has none.
    pub headers: Vec<HeaderDraft>,
}

/// As accepted, made by parsing alone: values in their normal form. Secrets that are left out stay as they are stored, or are
/// made for a new destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSettings {
    kind: DestinationKind,
    values: FieldMap,
    headers: Vec<NewHeader>,
}

impl TargetDraft {
    /// With what an API takes if nothing else is sent.
    pub fn new(kind: DestinationKind) -> Self {
        Self::with_each(kind, |spec| spec.default)
    }

    /// With what a form begins with.
    pub fn prefilled(kind: DestinationKind) -> Self {
        Self::with_each(kind, |spec| spec.prefilled.unwrap_or(spec.default))
    }

    fn with_each(kind: DestinationKind, text: impl Fn(&FieldSpec) -> &'static str) -> Self {
        let mut values = FieldMap::default();
        for spec in kind.spec().given_fields() {
            values.set_or_remove(spec.field, text(spec));
        }
        Self {
            kind,
            values,
            headers: Vec::new(),
        }
    }

    /// The same with some fields filled in.
    #[must_use]
    pub fn with<T: Into<String>>(mut self, values: impl IntoIterator<Item = (Field, T)>) -> Self {
        for (field, text) in values {
            self.set_text(field, text.into());
        }
        self
    }

    /// What was typed into a field; empty for one that this kind does not have.
    pub fn text(&self, field: Field) -> &str {
        self.values.text(field)
    }

    /// Where it sends events, in one line and without anything secret.
    pub fn summary(&self) -> String {
        (self.kind.spec().summary)(&self.values)
    }

    /// Takes what was typed. False, and nothing done, for a field that this kind does not have.
    pub fn set_text(&mut self, field: Field, text: String) -> bool {
        let spec = self.kind.spec().field(field).filter(|spec| spec.is_given());
        match spec {
            Some(spec) if spec.secret.is_some() => self.values.set(field, text),
            Some(_) => self.values.set_or_remove(field, text),
            None => return false,
        }
        true
    }

    /// Takes a change of one field by itself. Fields that depend on it and can't stay beside its new value are removed.
    pub fn change_text(&mut self, field: Field, text: String) -> bool {
        let is_known = self.set_text(field, text);
        for spec in self.kind.spec().fields {
            let dependency = spec.depends_on.filter(|dependency| dependency.field == field);
            if dependency.is_some_and(|dependency| !dependency.is_met_by(self.text(field))) {
                self.values.remove(spec.field);
            }
        }
        is_known
    }

    /// `is_stored` says whether it changes a destination, whose secrets may stay as they are.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(&self, is_stored: bool) -> Result<TargetSettings, FieldErrors> {
        let mut errors = FieldErrors::default();
        let values = errors.collect_all((self.kind.spec().parse)(&self.values));
        let secrets = self.parse_secrets(is_stored, &mut errors);
        let headers = errors.collect_all(self.parse_headers(is_stored));
        match (values, headers) {
            (Some(mut values), Some(headers)) if errors.is_empty() => {
                for (field, secret) in secrets {
                    values.set(field, secret);
                }
                Ok(TargetSettings {
                    kind: self.kind,
                    values,
                    headers,
                })
            }
            _ => Err(errors),
        }
    }

    /// The secrets that are given, in their normal form.
    fn parse_secrets(&self, is_stored: bool, errors: &mut FieldErrors) -> Vec<(Field, String)> {
        let mut secrets = Vec::new();
        for (spec, secret) in self.kind.spec().secrets().filter(|(spec, _)| spec.is_given()) {
            let given = self.values.get(spec.field);
            let is_needed = spec.is_needed_secret(&self.values);
            let is_left_out = match given {
                None => is_stored || secret.made.is_some() || !is_needed,
                Some("") => (!is_stored && secret.made.is_some()) || !is_needed,
                Some(_) => false,
            };
            if !is_left_out {
                let parsed = errors.collect((secret.parse)(given.unwrap_or_default()));
                secrets.extend(parsed.map(|parsed| (spec.field, parsed)));
            }
        }
        secrets
    }

    fn parse_headers(&self, are_stored: bool) -> Result<Vec<NewHeader>, FieldErrors> {
        if !self.kind.spec().has_headers && !self.headers.is_empty() {
            let message = "This kind of destination has no headers";
            return Err(FieldError::new(Field::Headers, message).into());
        }
        parse_headers(&self.headers, are_stored)
    }
}

impl TargetSettings {
    /// Which kind of destination.
    pub const fn kind(&self) -> DestinationKind {
        self.kind
    }

    /// Text of each field, as it is stored. Secrets are included.
    pub const fn values(&self) -> &FieldMap {
        &self.values
    }

    /// Every header, in order. A stored one that is not among them is deleted.
    pub fn headers(&self) -> &[NewHeader] {
        &self.headers
    }

    /// Where events go, as GitLab's messages about new and deleted destinations have it. Without anything secret.
    pub fn gitlab_place(&self) -> String {
        (self.kind.spec().gitlab.place)(&self.values)
    }
}
