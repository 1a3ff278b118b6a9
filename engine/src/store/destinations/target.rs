//! Where a destination's events go: what belongs to each kind, secrets included.

use domain::destination::{
    DestinationKind, DestinationUrl, GoogleSettings, PrivateKey, S3Settings, SecretAccessKey, VerificationToken,
};

use super::Header;

/// What belongs to one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Http(HttpTarget),
    GoogleCloudLogging(GoogleTarget),
    AmazonS3(S3Target),
}

impl Target {
    pub const fn kind(&self) -> DestinationKind {
        match self {
            Self::Http(_) => DestinationKind::Http,
            Self::GoogleCloudLogging(_) => DestinationKind::GoogleCloudLogging,
            Self::AmazonS3(_) => DestinationKind::AmazonS3,
        }
    }

    pub const fn as_http(&self) -> Option<&HttpTarget> {
        match self {
            Self::Http(target) => Some(target),
            Self::GoogleCloudLogging(_) | Self::AmazonS3(_) => None,
        }
    }

    /// Where it is, without anything secret: the origin of a URL, the name of a log, a bucket.
    pub fn place(&self) -> String {
        match self {
            Self::Http(target) => target.url.origin(),
            Self::GoogleCloudLogging(target) => target.settings.log_name(),
            Self::AmazonS3(target) => format!("s3://{}", target.settings.bucket()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTarget {
    pub url: DestinationUrl,
    pub secrets: HttpSecrets,
    /// In the order in which they are shown; at most 20.
    pub headers: Vec<Header>,
}

/// What only the receiver and this instance know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSecrets {
    pub verification_token: VerificationToken,
    /// The key of the Standard Webhooks signature: `whsec_` and base64.
    pub signing_secret: SigningSecret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleTarget {
    pub settings: GoogleSettings,
    pub private_key: PrivateKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Target {
    pub settings: S3Settings,
    pub secret_access_key: SecretAccessKey,
}

/// A Standard Webhooks secret. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// `whsec_` and the base64 of 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        Self(format!("whsec_{}", STANDARD.encode(bytes)))
    }

    /// One that was stored.
    pub(super) const fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningSecret(..)")
    }
}
