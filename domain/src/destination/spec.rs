//! What is known of each kind of destination and of each of its fields: the tables that forms, APIs, audit events and the
//! store loop over.

use super::FieldMap;
use crate::{Field, FieldError, FieldErrors, delivery::Reason};

/// A kind of destination. Each kind has one, in the folder of its name.
#[derive(Debug)]
pub struct KindSpec {
    /// As it is stored, as GitLab names the category, and as the APIs name it, for example `aws`.
    pub name: &'static str,
    /// Where a kind is chosen, for example `AWS S3`.
    pub label: &'static str,
    /// In a list of destinations, where there is less room.
    pub badge: &'static str,
    /// In the reference of the REST API: a noun phrase.
    pub description: &'static str,
    /// In the order of forms and audit events.
    pub fields: &'static [FieldSpec],
    /// Whether requests carry custom headers.
    pub has_headers: bool,
    /// No two destinations of the kind have the same values in all of these.
    pub identity: &'static [Field],
    /// What is reported, and at which field, if another destination has the same identity.
    pub taken: Taken,
    /// How GitLab names it in audit events.
    pub gitlab: GitlabModel,
    /// Parses every field but the secrets. Returns the values in their normal form, defaults included.
    pub parse: fn(&FieldMap) -> Result<FieldMap, FieldErrors>,
    /// Where events go, in one line, from values as typed. Without anything secret.
    pub summary: fn(&FieldMap) -> String,
    /// What an administrator can do, in one or two sentences; `None` where that is the same for every kind.
    pub advice: fn(Reason) -> Option<&'static str>,
    /// What a connection test reports if the test event was accepted: a sentence.
    pub accepted: &'static str,
    /// Who answered, as a connection test reports it of a response that is not explained further; `None` where it always is.
    pub respondent: Option<&'static str>,
    /// Where events go, as the audit event about a test event says it, from parsed values. Without anything secret.
    pub place: fn(&FieldMap) -> String,
}

impl KindSpec {
    /// The entry of a field. `None` if this kind does not have it.
    pub fn field(&self, field: Field) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|spec| spec.field == field)
    }

    pub(crate) fn field_by_api_key(&self, key: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|spec| spec.api_key == key && spec.is_given())
    }

    /// The fields that somebody fills in.
    pub fn given_fields(&self) -> impl Iterator<Item = &'static FieldSpec> + use<> {
        self.fields.iter().filter(|spec| spec.is_given())
    }

    /// The fields that are secrets, with what is special about each.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static FieldSpec, &'static SecretSpec)> + use<> {
        self.fields
            .iter()
            .filter_map(|spec| Some((spec, spec.secret.as_ref()?)))
    }

    /// The secret that somebody gives with a destination, as opposed to those that are only made here.
    pub fn given_secret(&self) -> Option<(&'static FieldSpec, &'static SecretSpec)> {
        self.secrets().find(|(spec, _)| spec.is_given())
    }
}

/// What is reported if a place is taken.
#[derive(Debug)]
pub struct Taken {
    /// The field that must differ from that of every other destination.
    pub field: Field,
    /// The error if it does not.
    pub message: &'static str,
    /// In GitLab's unified API.
    pub unified_message: &'static str,
}

/// GitLab's model of a kind, by which it names audit events.
#[derive(Debug)]
pub struct GitlabModel {
    /// The target type of the audit events.
    pub class: &'static str,
    /// The event types of changes.
    pub created: &'static str,
    /// Event type of an update.
    pub updated: &'static str,
    /// Event type of a deletion.
    pub deleted: &'static str,
    /// What messages call a destination.
    pub noun: &'static str,
    /// Whether messages give its name.
    pub is_named: bool,
    /// The verb of the message about a new destination.
    pub create_verb: &'static str,
    /// The verb of the message about a deleted destination.
    pub delete_verb: &'static str,
    /// Where events go, as these messages have it, from parsed values.
    pub place: fn(&FieldMap) -> String,
}

/// A field of one kind of destination.
#[derive(Debug)]
pub struct FieldSpec {
    /// Which field.
    pub field: Field,
    /// In the REST API and in the store.
    pub api_key: &'static str,
    /// In `config` of GitLab's unified API. `None` for what does not stand there.
    pub gitlab_key: Option<&'static str>,
    /// Whether `gitlab_key` is an addition to GitLab's keys.
    pub is_addition: bool,
    /// In audit events: GitLab's name of the column.
    pub column: &'static str,
    /// On the page.
    pub label: &'static str,
    /// How error messages name the field. Empty where that is the label.
    pub message_name: &'static str,
    /// The rule, to follow the label in an error on the page where GitLab's message does not say it. May be empty.
    pub rule: &'static str,
    /// Under the field on the page. May be empty.
    pub hint: &'static str,
    /// Inside the empty field on the page. May be empty.
    pub placeholder: &'static str,
    /// In the reference of the REST API. May be empty.
    pub description: &'static str,
    /// In the reference of the REST API, and in errors on the page. May be empty.
    pub example: &'static str,
    /// How it is entered.
    pub input: Input,
    /// `None` if it is not a secret.
    pub secret: Option<SecretSpec>,
    /// Whether a destination can't be without it.
    pub is_required: bool,
    /// What an API takes if a new destination is sent without it.
    pub default: &'static str,
    /// What a new form begins with, where that is not the default.
    pub prefilled: Option<&'static str>,
    /// What the page says if it can't be changed there any more once the destination is stored.
    pub fixed_after_create: Option<&'static str>,
    /// Minimum number of characters. `None` if there is none.
    pub min_chars: Option<usize>,
    /// Maximum number of characters. `None` if there is none.
    pub max_chars: Option<usize>,
    /// The heading under which it is folded away on the page.
    pub group: Option<&'static str>,
    /// A change of that field to another value removes this one.
    pub depends_on: Option<Dependency>,
}

impl FieldSpec {
    /// A line of text that is required. A field of the kind's table is this with changes.
    pub const fn new(field: Field, api_key: &'static str, label: &'static str) -> Self {
        Self {
            field,
            api_key,
            gitlab_key: None,
            is_addition: false,
            column: api_key,
            label,
            message_name: "",
            rule: "",
            hint: "",
            placeholder: "",
            description: "",
            example: "",
            input: Input::Text,
            secret: None,
            is_required: true,
            default: "",
            prefilled: None,
            fixed_after_create: None,
            min_chars: None,
            max_chars: None,
            group: None,
            depends_on: None,
        }
    }

    /// Whether somebody fills it in; other fields are made by the server alone.
    pub const fn is_given(&self) -> bool {
        !matches!(self.input, Input::None)
    }

    /// Whether a new destination can't be sent without it.
    pub const fn must_be_sent(&self) -> bool {
        let is_made = match &self.secret {
            Some(secret) => secret.made.is_some(),
            None => false,
        };
        self.is_required && self.default.is_empty() && !is_made
    }

    /// Whether a destination with these values can't be without this secret.
    pub fn is_needed_secret(&self, values: &FieldMap) -> bool {
        let Some(secret) = &self.secret else { return false };
        let is_wanted = |dependency: Dependency| dependency.is_met_by(values.text(dependency.field));
        secret.made.is_some() || self.is_required || self.depends_on.is_some_and(is_wanted)
    }

    /// Whether it may be given as nothing.
    pub const fn is_nullable(&self) -> bool {
        !self.is_required && self.default.is_empty()
    }

    /// The choices, in their order; empty for a field without.
    pub const fn choices(&self) -> &'static [Choice] {
        match self.input {
            Input::Choice { choices, .. } => choices,
            _ => &[],
        }
    }
}

/// How a field is filled in.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// Not at all: the server makes the value.
    None,
    Text,
    /// A URL, of which others than administrators see the origin, for a path or a query may hold a secret. The page shows the
    /// warning while the URL is not encrypted.
    Url {
        /// As error messages begin.
        label: &'static str,
        warning: &'static str,
    },
    /// So many lines of text.
    Lines(u8),
    /// [`ProxyChoice`](crate::proxy::ProxyChoice): its password is stored encrypted, and shown as a mask.
    Proxy,
    /// Certificates in PEM form, in so many lines. Audit events have their fingerprints.
    Certificates(u8),
    /// One of a few texts. `schema` names the type in the reference of the REST API.
    Choice {
        choices: &'static [Choice],
        schema: &'static str,
        description: &'static str,
    },
    /// [`Self::ON`] or [`Self::OFF`], with the labels of both on the page.
    Switch {
        off: &'static str,
        on: &'static str,
    },
    /// A whole number.
    Number {
        min: u32,
        max: u32,
    },
}

impl Input {
    /// The text of a check box that is checked.
    pub const ON: &str = "true";
    /// The text of a check box that is not checked.
    pub const OFF: &str = "false";
}

/// One of a few texts. Where the description is not empty, the page shows every choice at once.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Empty for none.
    pub value: &'static str,
    /// What the page calls it.
    pub label: &'static str,
    /// What it does, as a sentence.
    pub description: &'static str,
    /// In the reference of the REST API.
    pub api_description: &'static str,
}

/// The field on which another depends.
#[derive(Clone, Copy, Debug)]
pub struct Dependency {
    /// The field on which it depends.
    pub field: Field,
    /// What that field must be.
    pub needs: Needed,
}

/// The values of a field beside which a dependent field can stay.
#[derive(Clone, Copy, Debug)]
pub enum Needed {
    /// Any value except an empty one.
    Any,
    /// This value.
    Only(&'static str),
    /// Any value except an empty one and this one.
    Other(&'static str),
}

impl Dependency {
    /// Whether the dependent field can have a value beside this one.
    pub(crate) fn is_met_by(&self, value: &str) -> bool {
        match self.needs {
            Needed::Any => !value.is_empty(),
            Needed::Only(wanted) => value == wanted,
            Needed::Other(unwanted) => !value.is_empty() && value != unwanted,
        }
    }
}

/// A field that is stored encrypted.
#[derive(Debug)]
pub struct SecretSpec {
    /// In audit events, for example `private key`.
    pub name: &'static str,
    /// Returns the secret in its normal form.
    pub parse: fn(&str) -> Result<String, FieldError>,
    /// How the server makes one if a new destination comes without.
    pub made: Option<Made>,
    /// Whether administrators can see it after it was stored.
    pub is_shown: bool,
    /// On the page, of one that is stored: where it can and can't be seen, and how it is changed.
    pub notice: &'static str,
    /// On the page: the button that opens an empty field for another one.
    pub replace: &'static str,
}

/// How the server makes a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// 24 random characters: [`VerificationToken::from_random`](super::VerificationToken::from_random).
    Token,
    /// The key of a Standard Webhooks signature: `whsec_` and the base64 of 32 random bytes.
    SigningKey,
}
