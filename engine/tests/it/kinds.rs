//! How the server of each kind of destination is connected to: private CAs, client certificates, proxies. A test here goes through the kinds.

mod identity;
mod proxied;
mod socks;
mod trust;

use std::time::Duration;

use domain::{
    Field,
    connection_test::{Stage, StageName, TestReport},
    destination::{DestinationDraft, DestinationKind, TargetDraft},
    health::StreamHealth,
    ids::{DestinationId, Seq},
    policy::{Trouble, Unreached},
};
use receivers::{Receiver, google::GoogleServer, s3::S3Server};
use rustls::ServerConfig;
use serde_json::Value;

use crate::{
    DestinationState, EngineConfig,
    admin::AdminError,
    clock::Clock,
    it::{
        google,
        world::{World, author, install_crypto},
    },
    sink::SinkServices,
};

const PATIENCE: Duration = Duration::from_secs(180);

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BUCKET: &str = "audit-events";

/// The server of one kind of destination.
pub(crate) enum Server {
    Http(Receiver),
    Google(GoogleServer),
    S3 {
        server: S3Server,
        _folder: tempfile::TempDir,
    },
}

impl Server {
    pub(crate) async fn start(kind: DestinationKind) -> Self {
        match kind {
            DestinationKind::Http => Self::Http(Receiver::start().await),
            DestinationKind::GoogleCloudLogging => Self::Google(GoogleServer::start().await.unwrap()),
            DestinationKind::AmazonS3 => {
                let folder = tempfile::tempdir().unwrap();
                let server = S3Server::start(folder.path(), ACCESS_KEY_ID, SECRET).await.unwrap();
                server.make_bucket(BUCKET).unwrap();
                Self::S3 {
                    server,
                    _folder: folder,
                }
            }
        }
    }

    pub(crate) async fn start_tls(kind: DestinationKind, config: ServerConfig) -> Self {
        match kind {
            DestinationKind::Http => Self::Http(Receiver::start_tls(config).await),
            DestinationKind::GoogleCloudLogging => Self::Google(GoogleServer::start_tls(config).await.unwrap()),
            DestinationKind::AmazonS3 => {
                let folder = tempfile::tempdir().unwrap();
                let server = S3Server::start_tls(config, folder.path(), ACCESS_KEY_ID, SECRET).await;
                let server = server.unwrap();
                server.make_bucket(BUCKET).unwrap();
                Self::S3 {
                    server,
                    _folder: folder,
                }
            }
        }
    }

    pub(crate) fn port(&self) -> u16 {
        match self {
            Self::Http(receiver) => receiver.port(),
            Self::Google(google) => google.address().port(),
            Self::S3 { server, .. } => server.address().port(),
        }
    }

    /// A destination that sends here.
    pub(crate) fn draft(&self, values: &[(Field, &str)]) -> DestinationDraft {
        let mut draft = match self {
            Self::Http(receiver) => DestinationDraft::http("SIEM", receiver.url()),
            Self::Google(google) => google::draft(google),
            Self::S3 { server, .. } => bucket(&server.url()),
        };
        set(&mut draft, values);
        draft
    }

    /// An engine with what the operator would set for it.
    pub(crate) async fn world(&self) -> World {
        self.world_with(Clock::machine(), |config| config).await
    }

    pub(crate) async fn world_with(&self, clock: Clock, change: impl FnOnce(EngineConfig) -> EngineConfig) -> World {
        install_crypto();
        let services = match self {
            Self::Google(google) => google::services(google),
            Self::Http(_) | Self::S3 { .. } => SinkServices::usual().unwrap(),
        };
        World::with_clock(clock, |config| change(EngineConfig { services, ..config })).await
    }

    pub(crate) async fn arrived(&self) {
        let arrived = match self {
            Self::Http(receiver) => {
                receiver
                    .wait_for("an event arrives", |requests| !requests.is_empty())
                    .await;
                true
            }
            Self::Google(google) => {
                google
                    .wait_until(PATIENCE, |received| !received.writes.is_empty())
                    .await
            }
            Self::S3 { server, .. } => {
                let is_kept = |seen: &receivers::s3::SeenRequest| seen.served == Some(http::StatusCode::OK);
                server.wait_until(PATIENCE, |seen| seen.iter().any(is_kept)).await
            }
        };
        assert!(arrived, "nothing has arrived");
    }
}

pub(crate) fn bucket(endpoint_url: &str) -> DestinationDraft {
    let target = TargetDraft::new(DestinationKind::AmazonS3).with([
        (Field::AccessKeyId, ACCESS_KEY_ID),
        (Field::SecretAccessKey, SECRET),
        (Field::Region, "eu-central-1"),
        (Field::Bucket, BUCKET),
        (Field::EndpointUrl, endpoint_url),
    ]);
    DestinationDraft::new("Bucket", target)
}

/// The kinds that have this field.
fn kinds_with(field: Field) -> impl Iterator<Item = DestinationKind> {
    let kinds = DestinationKind::ALL.into_iter();
    kinds.filter(move |kind| kind.spec().field(field).is_some())
}

fn set(draft: &mut DestinationDraft, values: &[(Field, &str)]) {
    for (field, value) in values {
        assert!(draft.target.change_text(*field, (*value).to_owned()), "{field:?}");
    }
}

async fn change(world: &World, id: DestinationId, values: &[(Field, &str)]) -> Result<DestinationState, AdminError> {
    let stored = world.stored(id).await;
    let mut draft = stored.draft();
    set(&mut draft, values);
    let settings = draft.parse_change().map_err(AdminError::from)?;
    world
        .engine
        .update_destination(&author(), id, stored.version, settings)
        .await
}

async fn test(world: &World, draft: &DestinationDraft) -> TestReport {
    let settings = draft.parse_new().unwrap();
    world.engine.test_destination(&author(), settings, None).await.unwrap()
}

fn stage(report: &TestReport, name: StageName) -> &Stage {
    let stages = &report.requests.last().unwrap().stages;
    stages.iter().find(|stage| stage.name == name).unwrap()
}

/// Of the first request, which is the only one if it fails.
fn first_stage(report: &TestReport, name: StageName) -> &Stage {
    let stages = &report.requests[0].stages;
    stages.iter().find(|stage| stage.name == name).unwrap()
}

async fn wait_for(world: &World, id: DestinationId, unreached: Unreached) {
    let expected = Trouble::Unreached(unreached);
    let is_expected =
        |health: &StreamHealth| matches!(health, StreamHealth::Retrying { trouble, .. } if *trouble == expected);
    let what = format!("it says {unreached:?}");
    world.wait_for_health(id, &what, is_expected).await;
}

/// What is wrong with a draft, as the connection test and adding it report it: the same.
async fn refused(world: &World, draft: &DestinationDraft, field: Field) -> String {
    let settings = draft.parse_new().unwrap();
    let tested = world.engine.test_destination(&author(), settings.clone(), None).await;
    let tested = message(tested.map(drop), field);
    let added = world.engine.create_destination(&author(), settings).await;
    assert_eq!(message(added.map(drop), field), tested, "as the test says");
    tested
}

fn message(refused: Result<(), AdminError>, field: Field) -> String {
    match refused.unwrap_err() {
        AdminError::Invalid(errors) => errors.message_for(field).unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Messages of the instance events so far.
async fn messages(world: &World) -> Vec<String> {
    let (log, mut messages) = (world.engine.log(), Vec::new());
    for seq in 1..=log.last_seq().get() {
        let event = log.show(Seq::new(seq)).await.unwrap().unwrap();
        let body: Value = serde_json::from_str(&event.body).unwrap();
        let message = body["details"]["custom_message"].as_str().unwrap_or_default();
        messages.push(message.to_owned());
    }
    messages
}
