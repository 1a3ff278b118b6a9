//! What it means when S3 takes no object, in words that say what to do.
//!
//! The code in the body of S3's response is specific; by the status alone, a wrong region would look like a bad event.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_sdk_s3::config::http::HttpResponse;
use domain::{
    Timestamp,
    destination::{Encryption, S3Settings},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{DATE, RETRY_AFTER},
};

use super::super::{
    Report,
    report::{answered, client_certificate_report, kept_text, masked, retry_after, text_of},
};

/// For an answer that is no success, or is one by its status alone. Of the secrets, nothing is kept.
pub(super) fn refusal_report(
    answer: &HttpResponse,
    settings: &S3Settings,
    secrets: &[String],
    started: Instant,
) -> Report {
    let body = answer.body().bytes().unwrap_or_default();
    let text = text_of(body, secrets);
    let (status, wish) = (answer.status().as_u16(), wish(answer));
    let report = client_certificate_report(status, wish, body, started).unwrap_or_else(|| {
        let region = answer.headers().get("x-amz-bucket-region");
        let region = region.map(|region| masked(region.to_owned(), secrets));
        let refusal = Refusal {
            status,
            code: start_of(element(&text, "Code").unwrap_or_default()),
            message: start_of(element(&text, "Message").unwrap_or_default()),
            region: region.as_deref().or_else(|| element(&text, "Region")).map(start_of),
        };
        let (status, reason) = refusal.meaning(settings);
        // A secret may have been written with escapes, of which the reason has none.
        answered(status, wish, masked(reason, secrets), started)
    });
    Report {
        response: kept_text(&text),
        ..report
    }
}

/// Whether the answer refuses `If-None-Match`, or may do so: services word it in different ways.
pub(super) fn is_unknown_condition(answer: &HttpResponse) -> bool {
    let text = String::from_utf8_lossy(answer.body().bytes().unwrap_or_default());
    match answer.status().as_u16() {
        501 => true,
        400 => element(&text, "Code") == Some("NotImplemented") || text.to_ascii_lowercase().contains("if-none-match"),
        _ => false,
    }
}

/// Whoever answers decides how much; a reason is a sentence.
fn start_of(text: &str) -> &str {
    const CHARS: usize = 500;
    let end = text.char_indices().nth(CHARS).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

/// What is read of an answer; its texts may be empty.
#[derive(Clone, Copy, Debug)]
struct Refusal<'answer> {
    status: u16,
    code: &'answer str,
    message: &'answer str,
    /// Where the bucket is, if the response says so.
    region: Option<&'answer str>,
}

impl Refusal<'_> {
    /// The status that the answer should have had, for which policy knows what to do, and a sentence.
    fn meaning(self, settings: &S3Settings) -> (u16, String) {
        let bucket = settings.bucket();
        match self.code {
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "Redirect"
            | "IncorrectEndpoint"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException" => (self.moved_status(), self.elsewhere(settings)),
            "NoSuchBucket" => (
                404,
                format!("The bucket {bucket} does not exist: create it, or correct the bucket name."),
            ),
            "InvalidBucketName" => (
                404,
                format!("The service does not accept the bucket name {bucket}: correct it."),
            ),
            "AccessDenied" => (403, access_denied(settings)),
            "EntityTooLarge" | "MaxMessageLengthExceeded" => {
                (413, "The object is larger than the service accepts.".to_owned())
            }
            "NotImplemented" => (501, self.unsupported()),
            _ if self.is_about_options(settings) => (403, self.options_refused()),
            "RequestTimeout" => (408, "The service waited too long for the object.".to_owned()),
            code => self
                .credentials_meaning(code)
                .or_else(|| self.trouble_meaning(code))
                .unwrap_or_else(|| self.plain_meaning(settings)),
        }
    }

    /// Whether the service refuses how the object is to be encrypted or locked, and so would refuse every object.
    fn is_about_options(self, settings: &S3Settings) -> bool {
        let options = settings.options();
        let text = format!("{} {}", self.code, self.message).to_ascii_lowercase();
        let is_said = |words: &[&str]| words.iter().any(|word| text.contains(word));
        self.status < 500
            && (options.lock.is_some() && is_said(&["object lock", "objectlock", "retention", "retain"])
                || options.encryption.is_some() && is_said(&["encrypt", "kms", "server side", "server-side"]))
    }

    fn options_refused(self) -> String {
        format!(
            "The service rejects the encryption or the Object Lock of the destination: correct its object options, or the \
             bucket. {}",
            self.quoted()
        )
    }

    fn unsupported(self) -> String {
        format!(
            "The service does not support a header of the request: turn off checksum headers, encryption or Object Lock \
             in the object options. {}",
            self.quoted()
        )
    }

    fn quoted(self) -> String {
        match self.message {
            "" => format!("The service says: {}.", self.code),
            message => format!("The service says: {}: {}", self.code, unescaped(message)),
        }
    }

    fn credentials_meaning(self, code: &str) -> Option<(u16, String)> {
        let sentence = match code {
            "InvalidAccessKeyId" => {
                "The service does not know the access key ID: check it, and that the key was neither deleted nor made \
                 for another service."
            }
            "SignatureDoesNotMatch" => {
                "The secret access key does not belong to the access key ID: add a new secret access key."
            }
            "RequestTimeTooSkewed" => {
                "The clock of this machine differs from that of the service by more than 15 minutes: set it."
            }
            "ExpiredToken" | "InvalidToken" => {
                "The access key is temporary, and has expired or needs a session token: use a permanent access key."
            }
            _ if code.starts_with("KMS.") => {
                "The key with which the bucket encrypts its objects can't be used: check it."
            }
            _ => return None,
        };
        Some((403, sentence.to_owned()))
    }

    /// The service's own trouble, or that of the way to it: never an event's.
    fn trouble_meaning(self, code: &str) -> Option<(u16, String)> {
        let sentence = match code {
            "SlowDown" => "The service asks for fewer requests.",
            "ServiceUnavailable" | "InternalError" => "The service can't accept objects at the moment.",
            "OperationAborted" | "ConditionalRequestConflict" => {
                "The service is busy with another operation on the same object."
            }
            "BadDigest" | "IncompleteBody" | "XAmzContentSHA256Mismatch" => "The object was damaged in transit.",
            _ => return None,
        };
        let status = if matches!(self.status, 429 | 500..) {
            self.status
        } else {
            503
        };
        Some((status, sentence.to_owned()))
    }

    fn plain_meaning(self, settings: &S3Settings) -> (u16, String) {
        let status = match self.status {
            300..400 => return (self.status, self.elsewhere(settings)),
            // The body is not what the status says: nobody knows whether there is an object.
            200..300 => 502,
            status => status,
        };
        let line = StatusCode::from_u16(self.status).map_or_else(|_| self.status.to_string(), |line| line.to_string());
        let reason = match (self.code, self.message) {
            ("", _) => format!("Answered {line}."),
            (code, "") => format!("Answered {line}: {code}."),
            (code, message) => format!("Answered {line}: {code}: {}", unescaped(message)),
        };
        (status, reason)
    }

    const fn moved_status(self) -> u16 {
        match self.status {
            300..400 => self.status,
            _ => 301,
        }
    }

    fn elsewhere(self, settings: &S3Settings) -> String {
        let (bucket, ours) = (settings.bucket(), settings.region());
        match (self.region, settings.endpoint_url()) {
            (Some(region), _) if region != ours => {
                format!("The bucket {bucket} is in {region}, not in {ours}: change the region of the destination.")
            }
            (_, None) if self.status == 307 => {
                format!(
                    "The service does not route requests to {bucket} yet, as with a new bucket: the request is retried."
                )
            }
            (_, None) => {
                format!("The bucket {bucket} is not in {ours}: change the region of the destination to the bucket's.")
            }
            (_, Some(_)) => format!(
                "The service redirects requests for {bucket}, and redirects are not followed: check the endpoint URL and the region."
            ),
        }
    }
}

fn access_denied(settings: &S3Settings) -> String {
    let (bucket, prefix) = (settings.bucket(), settings.key_prefix());
    let folder = if prefix.is_empty() {
        String::new()
    } else {
        format!("{prefix}/")
    };
    let permissions = match settings.options().lock {
        Some(_) => "s3:PutObject and s3:PutObjectRetention",
        None => "s3:PutObject",
    };
    let own_key = match settings.options().encryption {
        Some(Encryption::Kms { .. }) => ", and kms:GenerateDataKey on the KMS key",
        _ => "",
    };
    format!("Access denied: allow the access key {permissions} on arn:aws:s3:::{bucket}/{folder}*{own_key}.")
}

/// How long to wait. The date of the answer itself is what a `Retry-After` with a date is measured by.
fn wish(answer: &HttpResponse) -> Option<Duration> {
    let headers = answer.headers();
    let wish = HeaderValue::from_str(headers.get(RETRY_AFTER.as_str())?).ok()?;
    let date = headers.get(DATE.as_str()).and_then(|date| {
        let date = httpdate::parse_http_date(date).ok()?;
        Some(Timestamp::from_unix_ms(0).plus(date.duration_since(UNIX_EPOCH).ok()?))
    });
    let now = date.unwrap_or(Timestamp::from_unix_ms(i64::MAX));
    retry_after(&HeaderMap::from_iter([(RETRY_AFTER, wish)]), now)
}

/// The content of the first element of this name. S3's errors are flat, so nothing more of XML is needed.
fn element<'xml>(xml: &'xml str, name: &str) -> Option<&'xml str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content.trim())
}

fn unescaped(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escape, character)| {
        text.replace(escape, character)
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::SdkBody;
    use domain::{
        Field,
        destination::FieldMap,
        policy::{CLIENT_CERTIFICATE_REQUIRED, Outcome},
    };

    use super::*;

    fn settings(endpoint_url: &str) -> S3Settings {
        S3Settings::parse(&FieldMap::from([
            (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
            (Field::Region, "eu-central-1"),
            (Field::Bucket, "audit-events"),
            (Field::EndpointUrl, endpoint_url),
            (Field::KeyPrefix, "audit/prod"),
        ]))
        .unwrap()
    }

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: impl Into<String>) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.into()));
        for (name, value) in headers {
            answer.headers_mut().append(*name, *value);
        }
        answer
    }

    fn xml(code: &str, more: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>It&apos;s &lt;no&gt;.</Message>\
             {more}<RequestId>4442587FB7D0A2F9</RequestId></Error>"
        )
    }

    fn meaning_at(endpoint_url: &str, answer: &HttpResponse) -> (u16, String) {
        let report = refusal_report(answer, &settings(endpoint_url), &[], Instant::now());
        let Outcome::Answered { status, .. } = report.outcome else {
            panic!("{report:?}")
        };
        (status, report.reason)
    }

    fn meaning(answer: &HttpResponse) -> (u16, String) {
        meaning_at("", answer)
    }

    #[test]
    fn a_proxy_that_requires_a_client_certificate_is_recognised() {
        let page = "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n";
        for (status, body) in [(400, page), (496, "")] {
            let answer = answer(status, &[("retry-after", "7")], body);
            let report = refusal_report(&answer, &settings(""), &[], Instant::now());
            let expected = Outcome::Answered {
                status: CLIENT_CERTIFICATE_REQUIRED,
                retry_after: Some(Duration::from_secs(7)),
            };
            assert_eq!(report.outcome, expected, "{status}");
        }
    }

    #[test]
    fn a_lock_and_a_kms_key_need_permissions_of_their_own() {
        let values = settings("")
            .values()
            .with(Field::Encryption, "aws:kms")
            .with(Field::LockMode, "GOVERNANCE")
            .with(Field::LockDays, "1");
        assert_eq!(
            access_denied(&S3Settings::parse(&values).unwrap()),
            "Access denied: allow the access key s3:PutObject and s3:PutObjectRetention on \
             arn:aws:s3:::audit-events/audit/prod/*, and kms:GenerateDataKey on the KMS key."
        );
    }

    #[test]
    fn each_code_has_its_status_and_its_words() {
        for (sent, code, status, start) in [
            (404, "NoSuchBucket", 404, "The bucket audit-events does not exist"),
            (
                400,
                "InvalidBucketName",
                404,
                "The service does not accept the bucket name audit-events",
            ),
            (
                403,
                "AccessDenied",
                403,
                "Access denied: allow the access key s3:PutObject on arn:aws:s3:::audit-events/audit/prod/*.",
            ),
            (
                403,
                "InvalidAccessKeyId",
                403,
                "The service does not know the access key ID",
            ),
            (
                403,
                "SignatureDoesNotMatch",
                403,
                "The secret access key does not belong",
            ),
            (403, "RequestTimeTooSkewed", 403, "The clock of this machine"),
            (400, "ExpiredToken", 403, "The access key is temporary"),
            (400, "InvalidToken", 403, "The access key is temporary"),
            (
                400,
                "KMS.DisabledException",
                403,
                "The key with which the bucket encrypts",
            ),
            (503, "SlowDown", 503, "The service asks for fewer requests."),
            (429, "SlowDown", 429, "The service asks for fewer requests."),
            (500, "InternalError", 500, "The service can't accept objects"),
            (200, "InternalError", 503, "The service can't accept objects"),
            (503, "ServiceUnavailable", 503, "The service can't accept objects"),
            (400, "RequestTimeout", 408, "The service waited too long"),
            (400, "BadDigest", 503, "The object was damaged in transit"),
            (409, "OperationAborted", 503, "The service is busy"),
            (400, "EntityTooLarge", 413, "The object is larger"),
            (
                400,
                "InvalidRequest",
                400,
                "Answered 400 Bad Request: InvalidRequest: It's <no>.",
            ),
            (200, "Odd", 502, "Answered 200 OK: Odd: It's <no>."),
        ] {
            let (reported, reason) = meaning(&answer(sent, &[], xml(code, "")));
            assert_eq!(reported, status, "{code}");
            assert!(reason.starts_with(start), "{code}: {reason}");
        }
    }

    #[test]
    fn a_wrong_region_is_named_as_the_answer_tells() {
        let right =
            "The bucket audit-events is in eu-west-1, not in eu-central-1: change the region of the destination.";
        let header = [("x-amz-bucket-region", "eu-west-1")];
        let region = "<Region>eu-west-1</Region>";
        for (sent, status, headers, body) in [
            (301, 301, header.as_slice(), xml("PermanentRedirect", "")),
            (301, 301, &header, String::new()),
            (307, 307, &header, xml("TemporaryRedirect", "")),
            (400, 301, &[], xml("AuthorizationHeaderMalformed", region)),
            (400, 301, &header, xml("IllegalLocationConstraintException", "")),
        ] {
            assert_eq!(meaning(&answer(sent, headers, body)), (status, right.to_owned()));
        }
        let (_, reason) = meaning(&answer(301, &[], xml("PermanentRedirect", "")));
        assert!(
            reason.starts_with("The bucket audit-events is not in eu-central-1"),
            "{reason}"
        );
        let (_, reason) = meaning(&answer(307, &[], xml("TemporaryRedirect", "")));
        assert!(reason.contains("new bucket"), "{reason}");
        let (_, reason) = meaning_at("https://minio.example", &answer(302, &[], ""));
        assert!(reason.contains("check the endpoint URL"), "{reason}");
    }

    #[test]
    fn an_answer_that_is_not_from_s3_is_told_by_its_status() {
        let page = answer(405, &[], "<html><code>no</code></html>");
        assert_eq!(meaning(&page), (405, "Answered 405 Method Not Allowed.".to_owned()));
        let report = refusal_report(&page, &settings(""), &[], Instant::now());
        assert_eq!(report.response, "<html><code>no</code></html>");
    }

    #[test]
    fn a_wish_is_measured_by_the_answers_own_date() {
        let date = ("date", "Wed, 21 Oct 2015 07:27:00 GMT");
        let until = ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT");
        let wished = |headers: &[_]| wish(&answer(503, headers, ""));
        assert_eq!(wished(&[date, until]), Some(Duration::from_secs(60)));
        assert_eq!(wished(&[until]), Some(Duration::ZERO));
        assert_eq!(wished(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(wished(&[date]), None);
    }
}
