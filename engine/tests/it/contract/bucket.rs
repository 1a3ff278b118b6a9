//! A bucket on a real S3 server, in both layouts.

use std::{io::Read, time::Duration};

use crate::sink::SinkServices;
use domain::{
    Field,
    destination::{DestinationDraft, DestinationKind, ObjectLayout, TargetDraft},
};
use receivers::{
    Fault, Gate,
    s3::{Refusal, S3Server},
};

use super::{Counterpart, Ill};

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BUCKET: &str = "audit-events";

struct Bucket {
    server: S3Server,
    _folder: tempfile::TempDir,
}

/// One object an event.
pub(super) struct Objects(Bucket);

/// Many events an object.
pub(super) struct Batches(Bucket);

impl Bucket {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = S3Server::start(folder.path(), ACCESS_KEY_ID, SECRET).await.unwrap();
        server.make_bucket(BUCKET).unwrap();
        Self {
            server,
            _folder: folder,
        }
    }

    fn draft(&self, layout: ObjectLayout) -> DestinationDraft {
        let target = TargetDraft::new(DestinationKind::AmazonS3).with([
            (Field::AccessKeyId, ACCESS_KEY_ID),
            (Field::SecretAccessKey, SECRET),
            (Field::Region, "eu-central-1"),
            (Field::Bucket, BUCKET),
            (Field::EndpointUrl, &self.server.url()),
            (Field::KeyPrefix, "audit"),
            (Field::ObjectLayout, layout.as_str()),
        ]);
        DestinationDraft::new("Bucket", target)
    }

    fn fall_ill(&self, ill: Ill) {
        match ill {
            Ill::Unavailable => self.server.answer_all(Refusal::SlowDown),
            Ill::Forbidding => self.server.answer_all(Refusal::AccessDenied),
            Ill::Silent => self.server.answer_all(Fault::Hang),
        }
    }

    /// Bodies of what was put and taken, in order.
    fn taken(&self) -> Vec<Vec<u8>> {
        let requests = self.server.requests().into_iter();
        let taken = requests.filter(|request| request.served == Some(http::StatusCode::OK));
        let puts = taken.filter_map(|request| request.put);
        puts.map(|put| put.body.to_vec()).collect()
    }
}

fn services() -> SinkServices {
    SinkServices {
        batch_age: Duration::from_millis(50),
        ..SinkServices::usual().unwrap()
    }
}

/// What the two layouts have in common.
macro_rules! bucket_counterpart {
    ($name:ident, $layout:expr, $lines:ident, $refusals:expr, $splits:expr) => {
        impl Counterpart for $name {
            async fn start() -> Self {
                Self(Bucket::start().await)
            }

            fn draft(&self) -> DestinationDraft {
                self.0.draft($layout)
            }

            fn services(&self) -> SinkServices {
                services()
            }

            fn secrets(&self) -> Vec<String> {
                vec![SECRET.to_owned()]
            }

            fn fall_ill(&self, ill: Ill) {
                self.0.fall_ill(ill);
            }

            fn hold(&self, gate: &Gate) {
                self.0.server.answer_all(Fault::Held(gate.clone()));
            }

            fn recover(&self) {
                self.0.server.serve_again();
            }

            fn refuse(&self, _id: &str) {
                // The event that is posted first; in a batch, the batch and then its first half.
                self.0.server.answer_next($refusals, Refusal::InvalidRequest);
            }

            fn find_one_request_too_large(&self) -> bool {
                self.0.server.answer_next(1, Refusal::EntityTooLarge);
                $splits
            }

            fn requests(&self) -> usize {
                self.0.server.put_count()
            }

            fn kept(&self, bodies: &[String]) -> Vec<String> {
                let lines = self.0.taken().into_iter().flat_map($lines);
                lines.filter(|line| bodies.contains(line)).collect()
            }
        }
    };
}

bucket_counterpart!(Objects, ObjectLayout::Events, whole, 1, false);
bucket_counterpart!(Batches, ObjectLayout::Batches, lines, 2, true);

fn whole(object: Vec<u8>) -> Vec<String> {
    vec![String::from_utf8(object).unwrap()]
}

fn lines(object: Vec<u8>) -> Vec<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(object.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    text.lines().map(str::to_owned).collect()
}
