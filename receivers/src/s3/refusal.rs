//! S3's refusals, worded as S3 does.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use crate::fault::{Answer, Fault};

/// A refusal with which the server can be set to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 403
    AccessDenied,
    /// 400; documented as such, though other implementations answer 413 (see [`Refusal::Other`]).
    EntityTooLarge,
    /// 500
    InternalError,
    /// 403
    InvalidAccessKeyId,
    /// 400
    InvalidRequest,
    /// 404
    NoSuchBucket,
    /// 301: the bucket is in this region.
    PermanentRedirect { region: String },
    /// 400: the connection was idle for too long.
    RequestTimeout,
    /// 403: the clocks differ by more than 15 minutes.
    RequestTimeTooSkewed,
    /// 503
    ServiceUnavailable,
    /// 403
    SignatureDoesNotMatch,
    /// 503
    SlowDown,
    /// 400: signed for another region than this.
    WrongRegion { region: String },
    /// Anything else.
    Other { status: u16, code: String, message: String },
}

impl Refusal {
    /// From the code as S3 writes it, in a region of eu-central-1.
    pub fn parse(code: &str) -> Option<Self> {
        let region = || "eu-central-1".to_owned();
        Some(match code {
            "AccessDenied" => Self::AccessDenied,
            "AuthorizationHeaderMalformed" => Self::WrongRegion { region: region() },
            "EntityTooLarge" => Self::EntityTooLarge,
            "InternalError" => Self::InternalError,
            "InvalidAccessKeyId" => Self::InvalidAccessKeyId,
            "InvalidRequest" => Self::InvalidRequest,
            "NoSuchBucket" => Self::NoSuchBucket,
            "PermanentRedirect" => Self::PermanentRedirect { region: region() },
            "RequestTimeout" => Self::RequestTimeout,
            "RequestTimeTooSkewed" => Self::RequestTimeTooSkewed,
            "ServiceUnavailable" => Self::ServiceUnavailable,
            "SignatureDoesNotMatch" => Self::SignatureDoesNotMatch,
            "SlowDown" => Self::SlowDown,
            _ => return None,
        })
    }

    fn status_code_message(&self) -> (u16, &str, &str) {
        match self {
            Self::AccessDenied => (403, "AccessDenied", "Access Denied"),
            Self::EntityTooLarge => (
                400,
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size",
            ),
            Self::InternalError => (
                500,
                "InternalError",
                "We encountered an internal error. Please try again.",
            ),
            Self::InvalidAccessKeyId => (
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            Self::InvalidRequest => (400, "InvalidRequest", "Invalid Request"),
            Self::NoSuchBucket => (404, "NoSuchBucket", "The specified bucket does not exist"),
            Self::PermanentRedirect { .. } => (
                301,
                "PermanentRedirect",
                "The bucket you are attempting to access must be addressed using the specified endpoint. Please send \
                 all future requests to this endpoint.",
            ),
            Self::RequestTimeout => (
                400,
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period. Idle \
                 connections will be closed.",
            ),
            Self::RequestTimeTooSkewed => (
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
            Self::ServiceUnavailable => (503, "ServiceUnavailable", "Service is unable to handle request."),
            Self::SignatureDoesNotMatch => (
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key and \
                 signing method.",
            ),
            Self::SlowDown => (503, "SlowDown", "Please reduce your request rate."),
            Self::WrongRegion { .. } => (
                400,
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the region is wrong",
            ),
            Self::Other { status, code, message } => (*status, code, message),
        }
    }

    /// What stands in the error beside its code and message.
    fn more(&self) -> String {
        match self {
            Self::PermanentRedirect { region } => format!("<Endpoint>s3.{region}.amazonaws.com</Endpoint>"),
            Self::WrongRegion { region } => format!("<Region>{region}</Region>"),
            Self::RequestTimeTooSkewed => "<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>".to_owned(),
            _ => String::new(),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let (status, code, mut message) = refusal.status_code_message();
        let expecting;
        if let Refusal::WrongRegion { region } = &refusal {
            expecting = format!("{message}; expecting '{region}'");
            message = &expecting;
        }
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{}\
             <RequestId>4442587FB7D0A2F9</RequestId><HostId>test</HostId></Error>",
            refusal.more()
        );
        let answer = Answer::new(status, "application/xml", body).with_header("x-amz-request-id", "4442587FB7D0A2F9");
        Fault::Answer(match refusal {
            Refusal::PermanentRedirect { region } | Refusal::WrongRegion { region } => {
                answer.with_header("x-amz-bucket-region", region)
            }
            _ => answer,
        })
    }
}
