//! Compares the table of permissions with the operations that the APIs offer, and with what they refuse.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Once,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, StatusCode, header::AUTHORIZATION},
};
use domain::{
    access::{
        Scope, TokenDraft,
        permissions::{Credentials, OPERATIONS, Operation},
    },
    instance_event::{Author, AuthorClass},
};
use engine::{Engine, EngineConfig, FixedSettings, SinkServices, clock::Clock};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    ApiConfig, ServicesInner, document, router, v4,
    web::{Peer, PublicUrl},
};

/// What the reference documents describe, and what is not in any of them.
fn offered(introspected: &Schema) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let rest = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let gitlab = v4::paths().map(|path| format!("GET {path}"));
    let graphql = [("query", &introspected.queries), ("mutation", &introspected.mutations)];
    let graphql = graphql
        .into_iter()
        .flat_map(|(kind, fields)| fields.keys().map(move |name| format!("{kind} {name}")));
    let others = [
        "GET /api/openapi.json",
        "GET /healthz",
        "GET /metrics",
        "GET /readyz",
        "POST /api/graphql",
    ];
    rest.chain(gitlab)
        .chain(graphql)
        .chain(others.map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn the_table_lists_every_operation_of_the_apis_and_no_other() {
    let world = World::new().await;
    let listed: BTreeSet<String> = of_the_apis().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(offered(&world.introspect().await), listed);
}

#[tokio::test]
async fn each_route_refuses_tokens_without_its_scope_and_requests_without_a_token() {
    let world = World::new().await;
    let mut refused = 0;
    for operation in of_the_apis() {
        let Some((method, path)) = operation.name.split_once(" /") else {
            continue;
        };
        let uri = format!("/{path}").replace(['{', '}'], "");
        let Some(needed) = operation.permission.scope() else {
            let status = world.send(method, &uri, None, Bytes::new()).await.0;
            assert!(status.is_success(), "{operation:?}: {status}");
            continue;
        };
        let (status, _) = world.send(method, &uri, None, Bytes::new()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{operation:?}");
        for scope in Scope::ALL {
            let (status, _) = world.send(method, &uri, Some(scope), Bytes::new()).await;
            let is_allowed = scope == needed || scope == Scope::Admin;
            assert_eq!(
                status != StatusCode::FORBIDDEN,
                is_allowed,
                "{operation:?} {scope}: {status}"
            );
            refused += u32::from(!is_allowed);
        }
    }
    assert!(refused > 60, "{refused}");
}

#[tokio::test]
async fn no_mutation_is_carried_out_for_a_token_that_may_only_read() {
    let world = World::new().await;
    let schema = world.introspect().await;
    let create = schema
        .mutations
        .keys()
        .find(|name| *name == "instanceExternalAuditEventDestinationCreate");
    let created = world.graphql(Scope::Admin, &schema.mutation(create.unwrap())).await;
    assert_eq!(created["errors"], Value::Null, "{created}");
    let before = world.destinations().await;

    for name in schema.mutations.keys() {
        let answer = world.graphql(Scope::Read, &schema.mutation(name)).await;
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        let denials = ["do not have access", "don't have permission"];
        assert!(
            denials.iter().any(|denial| message.contains(denial)),
            "{name}: {answer}"
        );
    }
    assert_eq!(world.destinations().await, before);

    // The same requests change something for a token that may.
    for name in schema.mutations.keys() {
        world.graphql(Scope::Admin, &schema.mutation(name)).await;
    }
    assert_ne!(world.destinations().await, before);
}

fn of_the_apis() -> impl Iterator<Item = &'static Operation> {
    let is_of_page = |operation: &&Operation| operation.credentials == Credentials::Session;
    OPERATIONS.iter().filter(move |operation| !is_of_page(operation))
}

/// The APIs over an engine of their own, with a token for each scope.
struct World {
    router: Router,
    tokens: BTreeMap<Scope, String>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let folder = tempfile::tempdir().unwrap();
        let config = EngineConfig {
            data_dir: folder.path().to_owned(),
            encryption_key: None,
            fixed: FixedSettings::default(),
            services: SinkServices::usual().unwrap(),
            ca_file: None,
            listener_certificates: None,
            proxy: engine::InstanceProxy::default(),
            accepts_mismatched_files: false,
            destination_limit: 20,
            public_url: "http://localhost:3000".to_owned(),
        };
        let engine = Engine::open(config, Clock::machine()).await.unwrap();
        let mut tokens = BTreeMap::new();
        for scope in Scope::ALL {
            let draft = TokenDraft {
                name: format!("{scope}-token"),
                scopes: vec![scope.to_string()],
                expires_on: String::new(),
                client_certificate: String::new(),
            };
            tokens.insert(scope, engine.create_token(&author(), &draft).await.unwrap().token);
        }
        let services = ServicesInner::new(
            engine,
            ApiConfig::new(PublicUrl::parse("http://localhost:3000").unwrap()),
        );
        Self {
            router: router(&services),
            tokens,
            _folder: folder,
        }
    }

    async fn send(&self, method: &str, uri: &str, scope: Option<Scope>, body: Bytes) -> (StatusCode, Bytes) {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(scope) = scope {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.tokens[&scope]));
        }
        let mut request = request.body(Body::from(body)).unwrap();
        let peer: SocketAddr = "192.0.2.1:4711".parse().unwrap();
        request.extensions_mut().insert(Peer(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes())
    }

    async fn graphql(&self, scope: Scope, query: &str) -> Value {
        let body = json!({ "query": query }).to_string();
        let (_, answer) = self.send("POST", "/api/graphql", Some(scope), body.into()).await;
        serde_json::from_slice(&answer).unwrap()
    }

    async fn introspect(&self) -> Schema {
        const TYPE: &str = "type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let fields = format!("fields {{ name args {{ name {TYPE} }} }}");
        let query = format!(
            "{{ __schema {{ queryType {{ {fields} }} mutationType {{ {fields} }} \
             types {{ name kind inputFields {{ name {TYPE} }} enumValues {{ name }} }} }} }}"
        );
        let answer = self.graphql(Scope::Read, &query).await;
        Schema::new(&answer["data"]["__schema"])
    }

    /// What is configured, for comparison.
    async fn destinations(&self) -> String {
        let (status, body) = self
            .send("GET", "/api/v1/destinations", Some(Scope::Admin), Bytes::new())
            .await;
        assert_eq!(status, StatusCode::OK);
        let answer: Value = serde_json::from_slice(&body).unwrap();
        let versions = answer["items"].as_array().unwrap().iter();
        versions
            .map(|item| format!("{} {}\n", item["id"], item["version"]))
            .collect()
    }
}

fn author() -> Author {
    Author {
        user_id: None,
        class: AuthorClass::User,
        name: "tester".into(),
        ip_address: "192.0.2.1".into(),
    }
}

/// The types that introspection returns.
struct Schema {
    queries: BTreeMap<String, Value>,
    mutations: BTreeMap<String, Value>,
    types: BTreeMap<String, Value>,
}

impl Schema {
    fn new(schema: &Value) -> Self {
        let by_name = |list: &Value| {
            let items = list.as_array().unwrap().iter();
            let pairs = items.map(|item| (item["name"].as_str().unwrap().to_owned(), item.clone()));
            pairs.collect()
        };
        Self {
            queries: by_name(&schema["queryType"]["fields"]),
            mutations: by_name(&schema["mutationType"]["fields"]),
            types: by_name(&schema["types"]),
        }
    }

    /// A mutation with valid values for the arguments that it requires. Each id is that of the first destination.
    fn mutation(&self, name: &str) -> String {
        let args = self.mutations[name]["args"].as_array().unwrap();
        let args: Vec<String> = args.iter().filter_map(|arg| self.argument(arg)).collect();
        format!("mutation {{ {name}({}) {{ errors }} }}", args.join(", "))
    }

    fn argument(&self, argument: &Value) -> Option<String> {
        let is_required = argument["type"]["kind"] == "NON_NULL";
        let name = argument["name"].as_str().unwrap();
        is_required.then(|| format!("{name}: {}", self.value(name, &argument["type"]["ofType"])))
    }

    fn value(&self, field: &str, of: &Value) -> String {
        let name = of["name"].as_str().unwrap_or_default();
        match of["kind"].as_str().unwrap() {
            "NON_NULL" => self.value(field, &of["ofType"]),
            "LIST" => format!("[{}]", self.value(field, &of["ofType"])),
            "ENUM" => self.types[name]["enumValues"][0]["name"].as_str().unwrap().to_owned(),
            "INPUT_OBJECT" => {
                let fields = self.types[name]["inputFields"].as_array().unwrap();
                let fields: Vec<String> = fields.iter().filter_map(|field| self.argument(field)).collect();
                format!("{{ {} }}", fields.join(", "))
            }
            _ => scalar(field, name),
        }
    }
}

fn scalar(field: &str, name: &str) -> String {
    match name {
        "Boolean" => "true".to_owned(),
        "Int" | "Float" | "BigInt" => "1".to_owned(),
        "JSON" => r#"{url: "https://example.com/"}"#.to_owned(),
        _ if field.to_lowercase().ends_with("url") => r#""https://example.com/""#.to_owned(),
        "String" => r#""user_created""#.to_owned(),
        "ID" => r#""1""#.to_owned(),
        name => {
            let model = name
                .trim_end_matches("ID")
                .replace("AuditEventsInstance", "AuditEvents::Instance::");
            let model = model
                .replace("::Instance::ExternalAudit", "::InstanceExternalAudit")
                .replace("AuditEventsStreaming", "AuditEvents::Streaming::");
            format!(r#""gid://gitlab/{model}/1""#)
        }
    }
}
