//! Where a destination's events go: the values of its kind's fields, secrets included, and its headers.

use domain::{
    Field, FieldError, FieldErrors, Timestamp,
    destination::{
        DeliveryLimits, DestinationKind, FieldMap, Input, Made, NewHeader, TargetSettings, VerificationToken,
    },
    ids::HeaderId,
    proxy::ProxyChoice,
};

use super::{super::StoreError, Header, UpdateError, previous::PreviousSecret};
use crate::vault::{KeyError, random};

/// As stored: every value is in its normal form, and every secret is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which kind of destination.
    pub kind: DestinationKind,
    /// Text of each field. Secrets are decrypted.
    pub values: FieldMap,
    /// In the order in which they are shown; at most 20.
    pub headers: Vec<Header>,
    /// The previous ones of secrets that were rotated.
    pub previous: Vec<PreviousSecret>,
}

impl Target {
    /// The target that these settings describe. The secrets that they leave out are those of `stored`, or are made.
    ///
    /// # Errors
    /// [`UpdateError`] if a secret is missing that only its owner knows, or if `stored` is of another kind.
    pub(crate) fn merged(wanted: &TargetSettings, stored: Option<&Self>) -> Result<Self, UpdateError> {
        if stored.is_some_and(|stored| stored.kind != wanted.kind()) {
            // A destination keeps its kind.
            return Err(UpdateError::NotFound);
        }
        let mut values = wanted.values().clone();
        for spec in wanted
            .kind()
            .spec()
            .fields
            .iter()
            .filter(|spec| matches!(spec.input, Input::Proxy))
        {
            let kept = stored.and_then(|stored| stored.values.get(spec.field));
            let whole = ProxyChoice::unmasked(values.text(spec.field), kept);
            values.set(
                spec.field,
                whole.ok_or_else(|| UpdateError::Refused(masked_proxy(spec.field).into()))?,
            );
        }
        for (spec, secret) in wanted.kind().spec().secrets() {
            if !spec.is_needed_secret(&values) {
                // It goes with the field that it belongs to.
                values.remove(spec.field);
                continue;
            }
            if values.get(spec.field).is_some() {
                continue;
            }
            let kept = stored.and_then(|stored| stored.values.get(spec.field));
            let text = match (kept, secret.made) {
                (Some(kept), _) => kept.to_owned(),
                (None, Some(made)) => make(made).map_err(StoreError::from)?,
                (None, None) => {
                    let error = (secret.parse)("").err();
                    return Err(UpdateError::Refused(
                        error.unwrap_or_else(|| missing(spec.field)).into(),
                    ));
                }
            };
            values.set(spec.field, text);
        }
        let kept = stored.map(|stored| stored.headers.as_slice()).unwrap_or_default();
        Ok(Self {
            kind: wanted.kind(),
            headers: merged_headers(wanted.headers(), kept)?,
            previous: stored.map_or_else(Vec::new, |stored| stored.previous_beside(&values)),
            values,
        })
    }

    /// The previous secret of this field, if it is valid now.
    pub(super) fn previous(&self, field: Field, now: Timestamp) -> Option<&PreviousSecret> {
        let mut previous = self.previous.iter();
        previous.find(|previous| previous.field == field && previous.is_valid(now))
    }

    /// The previous secrets that stay valid beside these values: a secret that somebody replaces has no previous one.
    pub(super) fn previous_beside(&self, values: &FieldMap) -> Vec<PreviousSecret> {
        let is_kept = |previous: &&PreviousSecret| values.get(previous.field) == self.values.get(previous.field);
        self.previous.iter().filter(is_kept).cloned().collect()
    }

    /// Which kind of destination.
    pub const fn kind(&self) -> DestinationKind {
        self.kind
    }

    /// How long a request may take, how many are sent, and the overrides of how statuses are handled.
    ///
    /// # Errors
    /// [`FieldErrors`] if the stored values break a rule. The values of a parsed form don't: the parser accepts its own output.
    pub(crate) fn delivery_limits(&self) -> Result<DeliveryLimits, FieldErrors> {
        DeliveryLimits::parse(&self.values, self.kind.spec().fields)
    }

    /// Where it is, without anything secret: the origin of a URL, the name of a log, a bucket.
    pub fn place(&self) -> String {
        (self.kind.spec().place)(&self.values)
    }

    /// The same, as GitLab's messages about new and deleted destinations have it.
    pub fn gitlab_place(&self) -> String {
        (self.kind.spec().gitlab.place)(&self.values)
    }

    /// What no other destination of the kind has.
    pub(in crate::store) fn identity(&self) -> String {
        let fields = self.kind.spec().identity.iter();
        // Parsed values contain no line breaks.
        fields
            .map(|field| self.values.text(*field))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn merged_headers(wanted: &[NewHeader], kept: &[Header]) -> Result<Vec<Header>, UpdateError> {
    let mut errors = FieldErrors::default();
    let mut headers = Vec::with_capacity(wanted.len());
    for (row, header) in (0_u8..).zip(wanted) {
        let kept = kept.iter().find(|kept| Some(kept.id) == header.id);
        let value = header.value.clone().or_else(|| kept.map(|kept| kept.value.clone()));
        let value = errors.collect(value.ok_or_else(|| missing(Field::HeaderValue(row))));
        headers.extend(value.map(|value| Header {
            id: kept.map_or(Header::UNSTORED, |kept| kept.id),
            name: header.name.clone(),
            value,
            active: header.active,
        }));
    }
    if errors.is_empty() {
        Ok(headers)
    } else {
        Err(UpdateError::Refused(errors))
    }
}

impl Header {
    /// The id of one that is not stored yet.
    pub(super) const UNSTORED: HeaderId = HeaderId::new(0);
}

fn masked_proxy(field: Field) -> FieldError {
    FieldError::new(field, "Proxy has changed: enter its password again instead of ••••")
}

fn missing(field: Field) -> FieldError {
    FieldError::new(field, "Value can't be blank")
}

pub(super) fn make(made: Made) -> Result<String, KeyError> {
    match made {
        Made::Token => {
            let bytes = random::<24>().map_err(|_| KeyError::NoRandomness)?;
            Ok(VerificationToken::from_random(bytes).expose().to_owned())
        }
        Made::SigningKey => {
            use base64::{Engine as _, engine::general_purpose::STANDARD};
            let bytes = random::<32>().map_err(|_| KeyError::NoRandomness)?;
            Ok(format!("whsec_{}", STANDARD.encode(bytes)))
        }
    }
}
