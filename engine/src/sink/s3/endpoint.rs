//! Where requests go when the service is not Amazon's own.

use aws_sdk_s3::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_smithy_types::endpoint::EndpointAuthScheme;
use domain::destination::S3Settings;
use url::Url;

use super::super::address::below;

/// A bucket below the endpoint URL ("path-style"): few services beside Amazon's have a host name for each bucket. The SDK's
/// own resolver would also apply Amazon's rules to the names of buckets and regions, which other services do not have.
#[derive(Debug)]
pub(super) struct BucketEndpoint(Endpoint);

impl BucketEndpoint {
    pub(super) fn new(endpoint_url: &Url, settings: &S3Settings) -> Self {
        let bucket = below(endpoint_url, &settings.encoded_bucket());
        let signing = EndpointAuthScheme::with_capacity("sigv4", 3)
            .put("signingName", "s3")
            .put("signingRegion", settings.region().to_owned())
            .put("disableDoubleEncoding", true);
        Self(
            Endpoint::builder()
                .url(String::from(bucket))
                .auth_scheme(signing)
                .build(),
        )
    }
}

impl ResolveEndpoint for BucketEndpoint {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(self.0.clone()))
    }
}
