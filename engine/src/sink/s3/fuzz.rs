//! What the fuzz targets call.

use std::time::Instant;

use aws_sdk_s3::{config::http::HttpResponse, primitives::SdkBody};
use domain::destination::S3Settings;

use super::{
    super::fuzz::{Answer, Reported},
    refusal::{is_unknown_condition, refusal_report},
};

/// What a service says that does not accept an object, and whether it seems not to know the condition of the request.
pub fn s3_answer(answer: &Answer, settings: &S3Settings, secrets: &[String]) -> Option<(Reported, bool)> {
    let status = answer.status.as_u16().try_into().ok()?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body.clone()));
    for (name, value) in &answer.headers {
        // The SDK takes no other values.
        if let Ok(value) = value.to_str() {
            response
                .headers_mut()
                .append(name.as_str().to_owned(), value.to_owned());
        }
    }
    let report = refusal_report(&response, settings, secrets, Instant::now());
    Some((report.into(), is_unknown_condition(&response)))
}
