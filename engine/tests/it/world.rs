//! An engine on a folder of its own.

use std::{sync::Once, time::Duration};

use crate::{
    DestinationState, Engine, EngineConfig, FixedSettings, OpenError,
    admin::AdminError,
    clock::Clock,
    sink::SinkServices,
    store::{Destination, Header},
};
use domain::{
    Field,
    destination::{
        DestinationDraft, DestinationKind, DestinationSettings, FilterKind, HeaderDraft, StreamState, TargetDraft,
    },
    health::StreamHealth,
    ids::{DestinationId, Seq},
    instance_event::{Author, AuthorClass},
};
use serde_json::json;

/// Longer than anything here takes; reached only by a failing test.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct World {
    pub(crate) engine: Engine,
    folder: tempfile::TempDir,
}

pub(crate) fn config(folder: &std::path::Path) -> EngineConfig {
    EngineConfig {
        data_dir: folder.to_owned(),
        encryption_key: None,
        fixed: FixedSettings {
            allow_local_network: Some(true),
            ..FixedSettings::default()
        },
        services: SinkServices::usual().unwrap(),
        ca_file: None,
        listener_certificates: None,
        proxy: crate::InstanceProxy::default(),
        accepts_mismatched_files: false,
        destination_limit: 20,
        public_url: "https://audit.example".to_owned(),
    }
}

/// What the program does first.
pub(crate) fn install_crypto() {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

pub(crate) fn author() -> Author {
    Author {
        user_id: None,
        class: AuthorClass::User,
        name: "tester".into(),
        ip_address: "127.0.0.1".into(),
    }
}

/// The row of the form for a header that stays as it is.
fn kept(header: &Header) -> HeaderDraft {
    HeaderDraft {
        id: Some(header.id),
        name: header.name.as_str().to_owned(),
        value: None,
        active: header.active,
    }
}

/// Waits until what is stored satisfies the condition.
pub(crate) async fn wait_until(what: &str, condition: impl AsyncFn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            ticks.tick().await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

/// Does something with a folder that this process has had locked before. A program that another test starts has a copy of the lock
/// until it is executed.
pub(crate) async fn when_unlocked<T>(attempt: impl AsyncFn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            ticks.tick().await;
            match attempt().await {
                Err(OpenError::InUse { .. } | OpenError::Busy { .. }) => {}
                ended => return ended,
            }
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("waited in vain until the folder is unlocked"))
}

async fn open(config: EngineConfig, clock: &Clock) -> Engine {
    let opened = when_unlocked(async || Engine::open(config.clone(), clock.clone()).await).await;
    opened.unwrap()
}

impl World {
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs SQL of the test's own on the store of the running engine. On a thread of its own: waiting for the write lock on
    /// the test's thread would keep the engine from giving it back.
    pub(crate) async fn with_store<T: Send + 'static>(
        &self,
        run: impl FnOnce(&rusqlite::Connection) -> T + Send + 'static,
    ) -> T {
        let path = self.folder().join("audit-streams.db");
        let run = move || run(&rusqlite::Connection::open(path).unwrap());
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    pub(crate) async fn new() -> Self {
        Self::with(|config| config).await
    }

    pub(crate) async fn with(change: impl FnOnce(EngineConfig) -> EngineConfig) -> Self {
        Self::with_clock(Clock::machine(), change).await
    }

    pub(crate) async fn with_clock(clock: Clock, change: impl FnOnce(EngineConfig) -> EngineConfig) -> Self {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let engine = open(change(config(folder.path())), &clock).await;
        Self { engine, folder }
    }

    /// Drops the engine in the middle of whatever it does, and opens it again on the same folder.
    pub(crate) async fn crash(self) -> Self {
        self.crash_with(|config| config).await
    }

    pub(crate) async fn crash_with(self, change: impl FnOnce(EngineConfig) -> EngineConfig) -> Self {
        let Self { engine, folder } = self;
        let clock = engine.clock().clone();
        drop(engine);
        let engine = open(change(config(folder.path())), &clock).await;
        Self { engine, folder }
    }

    /// Ends the engine in order and opens it again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|config| config).await
    }

    pub(crate) async fn restart_with(self, change: impl FnOnce(EngineConfig) -> EngineConfig) -> Self {
        self.restart_within(Duration::from_secs(20), change).await
    }

    /// What is in flight is given no longer than `deadline`.
    pub(crate) async fn restart_within(
        self,
        deadline: Duration,
        change: impl FnOnce(EngineConfig) -> EngineConfig,
    ) -> Self {
        self.engine.shutdown(deadline).await;
        let Self { engine, folder } = self;
        drop(engine);
        let engine = open(change(config(folder.path())), &Clock::machine()).await;
        Self { engine, folder }
    }

    /// An engine on a folder that another one has left.
    pub(crate) async fn on(folder: tempfile::TempDir) -> Self {
        Self::on_with(folder, |config| config).await
    }

    pub(crate) async fn on_with(folder: tempfile::TempDir, change: impl FnOnce(EngineConfig) -> EngineConfig) -> Self {
        let engine = open(change(config(folder.path())), &Clock::machine()).await;
        Self { engine, folder }
    }

    /// Ends the engine in order and leaves its files.
    pub(crate) async fn shut_down(self) -> tempfile::TempDir {
        self.engine.shutdown(Duration::from_secs(20)).await;
        self.folder
    }

    pub(crate) async fn add_destination(&self, name: &str, url: &str) -> DestinationId {
        self.add(&DestinationDraft::http(name, url)).await
    }

    pub(crate) async fn add(&self, draft: &DestinationDraft) -> DestinationId {
        let new = draft.parse_new().unwrap();
        self.engine
            .create_destination(&author(), new)
            .await
            .unwrap()
            .destination
            .id
    }

    /// Adds a destination, and waits until the event about that is delivered and nothing else is under way: what is posted later is sent
    /// without it.
    pub(crate) async fn add_and_wait(&self, draft: &DestinationDraft) -> DestinationId {
        let id = self.add(draft).await;
        wait_until("the event about the destination is delivered", async || {
            let cursor = self.engine.database().read_cursor(id).await.unwrap();
            cursor.is_some_and(|cursor| cursor.delivered >= 1 && cursor.batch.is_none())
        })
        .await;
        id
    }

    pub(crate) async fn stored(&self, id: DestinationId) -> Destination {
        self.engine.database().find_destination(id).await.unwrap().unwrap()
    }

    /// Changes what `change` changes in the edit form of an HTTP destination.
    pub(crate) async fn edit(&self, id: DestinationId, change: impl FnOnce(&mut HttpEdit)) -> DestinationState {
        self.edit_settings(id, change, |_| {}).await.unwrap()
    }

    pub(crate) async fn set_stream_state(&self, id: DestinationId, stream_state: StreamState) -> DestinationState {
        self.try_set_stream_state(id, stream_state).await.unwrap()
    }

    pub(crate) async fn try_set_stream_state(
        &self,
        id: DestinationId,
        stream_state: StreamState,
    ) -> Result<DestinationState, AdminError> {
        self.edit_settings(id, |_| {}, |settings| settings.stream_state = Some(stream_state))
            .await
    }

    async fn edit_settings(
        &self,
        id: DestinationId,
        change: impl FnOnce(&mut HttpEdit),
        then: impl FnOnce(&mut DestinationSettings),
    ) -> Result<DestinationState, AdminError> {
        let stored = self.stored(id).await;
        let target = &stored.target;
        let mut edit = HttpEdit {
            name: stored.name.to_string(),
            headers: target.headers.iter().map(kept).collect(),
            event_types: stored.filter.types().map(ToString::to_string).collect(),
            filter_kind: stored.filter.kind(),
            namespaces: stored.namespace_filter().to_string(),
            verification_token: None,
        };
        change(&mut edit);
        let mut change = edit.draft(target.values.text(Field::Url)).parse_change().unwrap();
        then(&mut change);
        self.engine
            .update_destination(&author(), id, stored.version, change)
            .await
    }

    /// Posts events of type `test`, one for each text, about the given entity.
    pub(crate) async fn post(&self, entity: &str, texts: impl IntoIterator<Item = String>) {
        self.post_of_type("test", entity, texts).await;
    }

    pub(crate) async fn post_of_type(&self, event_type: &str, entity: &str, texts: impl IntoIterator<Item = String>) {
        let events: Vec<_> = texts
            .into_iter()
            .map(|text| json!({"event_type": event_type, "id": text, "entity_type": "Project", "entity_id": entity}))
            .collect();
        self.engine
            .ingest("tests", serde_json::to_vec(&events).unwrap().into())
            .await
            .unwrap();
    }

    /// Lets the time pass in which refused events are tried again, until all of them are parked. The clock must be a set one.
    pub(crate) async fn park_what_is_refused(&self, id: DestinationId) {
        let database = self.engine.database();
        wait_until("something is refused", async || {
            database.count_refused(id).await.unwrap().retrying > 0
        })
        .await;
        wait_until("everything is parked", async || {
            self.engine.clock().advance(Duration::from_secs(60));
            // Wakes the stream.
            self.engine.retry_now(id);
            database.count_refused(id).await.unwrap().retrying == 0
        })
        .await;
    }

    /// Waits until the stream's health satisfies the condition.
    pub(crate) async fn wait_for_health(
        &self,
        id: DestinationId,
        what: &str,
        condition: impl Fn(&StreamHealth) -> bool,
    ) -> StreamHealth {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                ticks.tick().await;
                let health = self.engine.find_destination(id).await.unwrap().unwrap().health;
                if condition(&health) {
                    return health;
                }
            }
        });
        waited.await.unwrap_or_else(|_| panic!("waited in vain until {what}"))
    }
}

/// What can be changed of an HTTP destination.
pub(crate) struct HttpEdit {
    pub(crate) name: String,
    pub(crate) headers: Vec<HeaderDraft>,
    pub(crate) event_types: Vec<String>,
    pub(crate) filter_kind: FilterKind,
    pub(crate) namespaces: String,
    /// None keeps it.
    pub(crate) verification_token: Option<String>,
}

impl HttpEdit {
    pub(crate) fn draft(self, url: &str) -> DestinationDraft {
        let mut target = TargetDraft::new(DestinationKind::Http).with([(Field::Url, url)]);
        if let Some(token) = self.verification_token {
            target.set_text(Field::VerificationToken, token);
        }
        target.headers = self.headers;
        DestinationDraft {
            event_types: self.event_types,
            filter_kind: self.filter_kind,
            namespaces: self.namespaces,
            ..DestinationDraft::new(self.name, target)
        }
    }
}

/// Posts two events with the same id, type, entity and time and different content, each as another source. Their bodies.
pub(crate) async fn post_as_two_sources(world: &World) -> Vec<String> {
    for source in ["one", "other"] {
        let event = serde_json::json!({
            "id": "1", "event_type": "test", "entity_type": "Project", "entity_id": "7",
            "created_at": "2026-11-01T00:00:00.000Z", "details": {"custom_message": source},
        });
        world.engine.ingest(source, event.to_string().into()).await.unwrap();
    }
    let events = world.engine.log().read_after(Seq::START, 100, 1 << 20).await.unwrap();
    let posted = events.iter().filter(|event| event.id.as_str() == "1");
    posted
        .map(|event| String::from_utf8(event.body.to_vec()).unwrap())
        .collect()
}
