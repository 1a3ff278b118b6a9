//! The router of the APIs over a real engine on a folder of its own, without a process or a socket.

use std::{path::Path, sync::Once, time::Duration};

use api::{ApiConfig, Services, ServicesInner, web::PublicUrl};
use axum::{Router, http::Method};
use domain::{
    Field,
    access::{NewPassword, TokenDraft, Visitor},
    destination::{DestinationDraft, DestinationSettings, StreamState},
    instance_event::Author,
};
use engine::{Engine, EngineConfig, FixedSettings, SinkServices, admin::SignInOutcome, clock::Clock};

pub(crate) use crate::{answer::Answer, request::Request};
use crate::{api_client::Client, graphql_client::GraphqlClient};

const PASSWORD: &str = "correct horse battery";

/// Where the instance would listen.
pub(crate) const ADDRESS: &str = "127.0.0.1:8080";

/// Longer than anything takes in a test; reached only by a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Settings of an instance.
pub(crate) struct Options {
    pub(crate) engine: EngineConfig,
    pub(crate) api: ApiConfig,
    pub(crate) clock: Clock,
}

impl Options {
    fn on(folder: &Path) -> Self {
        Self {
            engine: EngineConfig {
                data_dir: folder.to_owned(),
                encryption_key: None,
                fixed: FixedSettings {
                    allow_local_network: Some(true),
                    ..FixedSettings::default()
                },
                services: SinkServices::usual().unwrap(),
                ca_file: None,
                listener_certificates: None,
                proxy: engine::InstanceProxy::default(),
                accepts_mismatched_files: false,
                destination_limit: 20,
                public_url: "http://localhost".to_owned(),
            },
            api: ApiConfig::new(PublicUrl::of_listener(ADDRESS.parse().unwrap(), false)),
            clock: Clock::machine(),
        }
    }
}

/// Parks events of the first destination, as its stream does with events that were refused for good.
fn park(data_dir: &Path, seqs: std::ops::RangeInclusive<i64>) {
    let store = rusqlite::Connection::open(data_dir.join("audit-streams.db")).unwrap();
    for seq in seqs {
        store
            .execute(
                "INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
                 VALUES (1, ?, 5, 'answered 400', 'no', '{\"kind\":\"status\",\"detail\":400}', 0, NULL)",
                [seq],
            )
            .unwrap();
    }
}

pub(crate) struct Instance {
    services: Services,
    router: Router,
    folder: tempfile::TempDir,
}

impl Instance {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), change).await
    }

    /// Starts on a folder that an engine has left.
    pub(crate) async fn start_on(folder: tempfile::TempDir, change: impl FnOnce(&mut Options)) -> Self {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let mut options = Options::on(folder.path());
        change(&mut options);
        let engine = Engine::open(options.engine, options.clock).await.unwrap();
        let password = NewPassword::parse(PASSWORD.into(), Field::NewPassword).unwrap();
        engine.ensure_first_user(Some(password)).await.unwrap();
        let services = ServicesInner::new(engine, options.api);
        Self {
            router: api::router(&services),
            services,
            folder,
        }
    }

    /// Starts with a paused destination that has refused its first two events for good.
    pub(crate) async fn with_parked_events(url: &str) -> Self {
        let Self { services, folder, .. } = Self::start().await;
        let engine = &services.engine;
        let paused = DestinationSettings {
            stream_state: Some(StreamState {
                active: true,
                paused: true,
            }),
            ..DestinationDraft::http("Prepared", url).parse_new().unwrap()
        };
        drop(
            engine
                .create_destination(&Author::command_line(), paused)
                .await
                .unwrap(),
        );
        engine.shutdown(PATIENCE).await;
        drop(services);
        park(folder.path(), 1..=2);
        Self::start_on(folder, |_| {}).await
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.services.engine
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self.router.clone(), method, path)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// The absolute URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.services.public_url.as_str())
    }

    /// Creates a token.
    pub(crate) async fn token(&self, name: &str, scopes: &[&str]) -> String {
        self.token_until(name, scopes, "").await
    }

    /// Creates a token that works until the end of this day.
    pub(crate) async fn token_until(&self, name: &str, scopes: &[&str], expires_on: &str) -> String {
        let draft = TokenDraft {
            name: name.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires_on: expires_on.to_owned(),
            client_certificate: String::new(),
        };
        let created = self.engine().create_token(&Author::command_line(), &draft).await;
        created.unwrap().token
    }

    pub(crate) async fn revoke_token(&self, name: &str) {
        let tokens = self.engine().list_tokens().await.unwrap();
        let token = tokens.iter().find(|token| token.name == name).unwrap();
        let revoked = self.engine().revoke_token(&Author::command_line(), token.id).await;
        assert_eq!(revoked.unwrap(), name);
    }

    /// Signs in as `root`; returns the cookie of the session as a browser sends it.
    pub(crate) async fn session_cookie(&self) -> String {
        let visitor = Visitor {
            ip_address: "127.0.0.1".into(),
            known_browser: None,
            browser: "Firefox on Linux".into(),
        };
        let signed_in = self.engine().sign_in(&visitor, "root", PASSWORD).await.unwrap();
        let SignInOutcome::SignedIn { key, .. } = signed_in else {
            panic!("root can't sign in");
        };
        format!("{}={}", self.services.cookie.name(), key.expose())
    }

    /// Adds an HTTP destination.
    pub(crate) async fn add_destination(&self, name: &str, url: &str) {
        let draft = DestinationDraft::http(name, url).parse_new().unwrap();
        let added = self.engine().create_destination(&Author::command_line(), draft).await;
        drop(added.unwrap());
    }

    pub(crate) fn ingest(&self, token: &str) -> Request {
        self.request(Method::POST, "/api/v1/audit_events").bearer_auth(token)
    }

    /// Posts events, which must be accepted; returns their ids.
    pub(crate) async fn post(&self, token: &str, body: impl Into<Vec<u8>>) -> Vec<String> {
        let answer = Answer::of(self.ingest(token).body(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        serde_json::from_value(answer.json()["ids"].clone()).unwrap()
    }

    /// Posts events again and again until they are refused; returns that answer.
    pub(crate) async fn post_until_refused(&self, token: &str, body: &str) -> Answer {
        let posting = async {
            loop {
                let answer = Answer::of(self.ingest(token).body(body)).await;
                if answer.status != 201 {
                    return answer;
                }
            }
        };
        let refused = tokio::time::timeout(PATIENCE, posting).await;
        refused.expect("events are refused in time")
    }
}

impl<'instance> Client<'instance> {
    /// Has a token with this scope.
    pub(crate) async fn with_scope(instance: &'instance Instance, scope: &str) -> Self {
        let token = instance.token(&format!("client with {scope}"), &[scope]).await;
        Self::with_token(instance, &token)
    }
}

impl<'instance> GraphqlClient<'instance> {
    /// Has a token with this scope.
    pub(crate) async fn new(instance: &'instance Instance, scope: &str) -> Self {
        let token = instance.token(&format!("{scope} script"), &[scope]).await;
        Self::with_token(instance, &token)
    }
}
