//! The kinds of destination: the one list of them.

use serde::{Deserialize, Serialize};

use super::{KindSpec, google::GOOGLE_CLOUD_LOGGING, http::HTTP, s3::AMAZON_S3};

/// The kinds, named as GitLab's API names its categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = KindName))]
pub enum DestinationKind {
    /// An HTTP endpoint.
    Http,
    /// Google Cloud Logging.
    #[serde(rename = "gcp")]
    GoogleCloudLogging,
    /// AWS S3, or a service that speaks S3.
    #[serde(rename = "aws")]
    AmazonS3,
}

impl DestinationKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Http, Self::GoogleCloudLogging, Self::AmazonS3];

    /// The table of this kind.
    pub const fn spec(self) -> &'static KindSpec {
        match self {
            Self::Http => &HTTP,
            Self::GoogleCloudLogging => &GOOGLE_CLOUD_LOGGING,
            Self::AmazonS3 => &AMAZON_S3,
        }
    }

    /// As GitLab's API names its categories.
    pub const fn as_str(self) -> &'static str {
        self.spec().name
    }

    /// The kind with this name: that of [`DestinationKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
