//! Putting one object, unless it is there already.
//!
//! A put carries `If-None-Match: *`, so that a repeat changes nothing: in a bucket with versions it adds no version, and in
//! one with Object Lock it needs no permission. If there is an object under the key, it is compared with ours by the digest
//! in its metadata, or else by its length and its MD5 (the `ETag` of an object that was put whole):
//!
//! - the same: it counts as accepted;
//! - another: both are kept. Ours is put beside it, under a key with its digest, so that neither an object is overwritten
//!   nor an event is lost;
//! - unknown, because the access key may not read: ours is put without the condition, as to a service that does not know it. But after
//!   a restore, the object of an event may be all that is left of another event with the same id, which the log has lost: then ours is
//!   put beside it.
//!
//! Services that do not know the condition ignore it, or refuse it. The latter is remembered for as long as the sink lives. After a
//! restore, the object of an event is compared before it is put there, and put beside what is not the same.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use aws_sdk_s3::{
    config::http::HttpResponse,
    operation::{head_object::HeadObjectOutput, put_object::builders::PutObjectFluentBuilder},
    primitives::{ByteStream, DateTime},
    types::{ObjectLockMode, ServerSideEncryption},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    destination::{Encryption, LockMode, ObjectLock},
    policy::{Outcome, Unreached},
    s3_objects::ObjectKey,
};
use md5::{Digest, Md5};
use tokio::time::timeout;

use super::{
    super::{
        Report,
        report::{accepted, answered, no_response},
    },
    PutFailure, S3Sink,
    object::{DIGEST, Object, hex},
    refusal::is_unknown_condition,
};

/// S3 answers every object with its tag. Without it, somebody else has answered, and there may be no object.
const NO_SERVICE: &str = "The endpoint returned no ETag; it does not look like an S3 service. Check the endpoint URL.";

const DAY: Duration = Duration::from_secs(86_400);

/// The object that is under a key already.
enum Stored {
    Same,
    Other,
    /// There is none, or no longer.
    Nothing,
    /// It can't be compared.
    Unknown,
}

impl S3Sink {
    /// Within the deadline of one attempt, however many requests it takes.
    pub(super) async fn upload(&self, object: &Object) -> Report {
        let started = Instant::now();
        if !self.takes_conditions.load(Ordering::Relaxed) {
            let put = Box::pin(self.put_unconditionally(object, started));
            return timeout(self.deadline, put)
                .await
                .unwrap_or_else(|_| late(started, self.deadline));
        }
        match Box::pin(self.put_new(object, &object.key, started)).await {
            Ok(report) => report,
            Err(error) => {
                let left = self.deadline.saturating_sub(started.elapsed());
                let rest = Box::pin(self.after(&error, object, started));
                timeout(left, rest)
                    .await
                    .unwrap_or_else(|_| late(started, self.deadline))
            }
        }
    }

    /// What follows when a put under the condition was not accepted.
    async fn after(&self, error: &PutFailure, object: &Object, started: Instant) -> Report {
        let Some(answer) = error.raw_response() else {
            return self.failure(error, started);
        };
        if is_unknown_condition(answer) {
            let report = self.put_unconditionally(object, started).await;
            if is_accepted(&report) {
                self.takes_conditions.store(false, Ordering::Relaxed);
            }
            return report;
        }
        if !is_there_already(answer) {
            return self.failure(error, started);
        }
        match self.compare(object, started).await {
            Err(report) => report,
            Ok(Stored::Same) => accepted(started),
            Ok(Stored::Unknown) if self.may_replace_lost_event(object) => self.put_beside(object, started).await,
            Ok(Stored::Nothing | Stored::Unknown) => self.replace(object, &object.key, started).await,
            Ok(Stored::Other) => self.put_beside(object, started).await,
        }
    }

    /// Whether an object under the same key may be of another event, which the log has lost by a restore.
    fn may_replace_lost_event(&self, object: &Object) -> bool {
        self.restored.is_some() && object.is_event()
    }

    /// To a service that does not know the condition.
    async fn put_unconditionally(&self, object: &Object, started: Instant) -> Report {
        if !self.may_replace_lost_event(object) {
            return self.replace(object, &object.key, started).await;
        }
        match self.compare(object, started).await {
            Err(report) => report,
            Ok(Stored::Same) => accepted(started),
            Ok(Stored::Nothing) => self.replace(object, &object.key, started).await,
            Ok(Stored::Other | Stored::Unknown) => {
                let key = object.key.beside(&object.digest);
                self.replace(object, &key, started).await
            }
        }
    }

    async fn put_beside(&self, object: &Object, started: Instant) -> Report {
        let key = object.key.beside(&object.digest);
        match self.put_new(object, &key, started).await {
            Ok(report) => report,
            // What is there has the same digest.
            Err(error) if error.raw_response().is_some_and(is_there_already) => accepted(started),
            Err(error) => self.failure(&error, started),
        }
    }

    /// # Errors
    /// What the attempt has come to, if the service is in trouble.
    async fn compare(&self, object: &Object, started: Instant) -> Result<Stored, Report> {
        let request = self.client.head_object().bucket(self.settings.bucket());
        match request.key(object.key.as_str()).send().await {
            Ok(stored) if is_same(&stored, object) => Ok(Stored::Same),
            Ok(_) => Ok(Stored::Other),
            Err(error) => match error.raw_response() {
                Some(answer) if answer.status().as_u16() == 404 => Ok(Stored::Nothing),
                Some(answer) if !is_in_trouble(answer) => Ok(Stored::Unknown),
                _ => Err(self.failure(&error, started)),
            },
        }
    }

    /// Without the condition.
    async fn replace(&self, object: &Object, key: &ObjectKey, started: Instant) -> Report {
        let request = self.request(object, key);
        let sent = Box::pin(self.send_request(request, started)).await;
        sent.unwrap_or_else(|error| self.failure(&error, started))
    }

    /// # Errors
    /// The answer or the failure, unless the object is there now.
    async fn put_new(&self, object: &Object, key: &ObjectKey, started: Instant) -> Result<Report, Box<PutFailure>> {
        let request = self.request(object, key).if_none_match("*");
        Box::pin(self.send_request(request, started)).await
    }

    async fn send_request(&self, request: PutObjectFluentBuilder, started: Instant) -> Result<Report, Box<PutFailure>> {
        let answer = request.send().await.map_err(Box::new)?;
        Ok(match answer.e_tag() {
            Some(_) => accepted(started),
            None => answered(404, None, NO_SERVICE.to_owned(), started),
        })
    }

    fn request(&self, object: &Object, key: &ObjectKey) -> PutObjectFluentBuilder {
        let options = self.settings.options();
        let request = self
            .client
            .put_object()
            .bucket(self.settings.bucket())
            .key(key.as_str())
            .content_type(object.content_type)
            .set_metadata(Some(object.metadata.clone()))
            .body(ByteStream::from(object.body.clone()));
        let request = match &options.encryption {
            None => request,
            Some(Encryption::Aes256) => request.server_side_encryption(ServerSideEncryption::Aes256),
            Some(Encryption::Kms { key_id }) => request
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .set_ssekms_key_id(key_id.clone()),
        };
        match options.lock {
            None => request,
            Some(lock) => self.locked(request, lock, object),
        }
    }

    fn locked(&self, request: PutObjectFluentBuilder, lock: ObjectLock, object: &Object) -> PutObjectFluentBuilder {
        let until = self.clock.now().plus(DAY * lock.days);
        let request = request
            .object_lock_mode(match lock.mode {
                LockMode::Governance => ObjectLockMode::Governance,
                LockMode::Compliance => ObjectLockMode::Compliance,
            })
            .object_lock_retain_until_date(DateTime::from_secs(until.unix_seconds()));
        // With a lock, S3 asks for one checksum or the other.
        if self.settings.options().omit_checksums {
            request.content_md5(STANDARD.encode(Md5::digest(&object.body)))
        } else {
            request
        }
    }
}

/// By the digest in the metadata. What has none was put by something else: then by the length and the MD5.
fn is_same(stored: &HeadObjectOutput, object: &Object) -> bool {
    if let Some(digest) = stored.metadata().and_then(|metadata| metadata.get(DIGEST)) {
        return *digest == object.digest;
    }
    let length = stored.content_length().and_then(|length| usize::try_from(length).ok());
    let tag = stored.e_tag().map(|tag| tag.trim_matches('"'));
    length == Some(object.body.len())
        && tag.is_some_and(|tag| tag.eq_ignore_ascii_case(&hex(&Md5::digest(&object.body))))
}

fn is_there_already(answer: &HttpResponse) -> bool {
    answer.status().as_u16() == 412
}

fn is_in_trouble(answer: &HttpResponse) -> bool {
    matches!(answer.status().as_u16(), 408 | 429 | 500 | 502..)
}

fn is_accepted(report: &Report) -> bool {
    matches!(report.outcome, Outcome::Answered { status: 200..300, .. })
}

/// The requests of one attempt took too long together.
fn late(started: Instant, deadline: Duration) -> Report {
    Report {
        outcome: Outcome::Unreached(Unreached::Timeout),
        reason: no_response(deadline),
        response: String::new(),
        duration: started.elapsed(),
    }
}
