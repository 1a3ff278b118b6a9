//! A client of GraphQL. The tests of `server` use it, too.

use axum::http::Method;
use serde_json::{Value, json};

use crate::instance::{Answer, Instance, Request};

pub(crate) struct GraphqlClient<'instance> {
    pub(crate) instance: &'instance Instance,
    pub(crate) token: Option<String>,
}

impl<'instance> GraphqlClient<'instance> {
    pub(crate) fn with_token(instance: &'instance Instance, token: &str) -> Self {
        Self {
            instance,
            token: Some(token.to_owned()),
        }
    }

    pub(crate) fn request(&self) -> Request {
        let request = self.instance.request(Method::POST, "/api/graphql");
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn post(&self, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.request().header("content-type", "application/json");
        Answer::of(request.body(body.into())).await
    }

    /// The answer to a query, without the places in it that errors point to.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        self.ask_with(query, json!(null)).await
    }

    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> Value {
        let answer = self
            .post(json!({"query": query, "variables": variables}).to_string())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let mut answer = answer.json();
        let errors = answer.get_mut("errors").and_then(Value::as_array_mut);
        for error in errors.into_iter().flatten() {
            error.as_object_mut().unwrap().remove("locations");
        }
        answer
    }

    /// Calls a mutation; `input` is its argument in JSON, `shown` what is selected of its payload.
    pub(crate) async fn mutate(&self, mutation: &str, input: Value, shown: &str) -> Value {
        let type_name = capital(mutation);
        let query = format!(
            "mutation($input: {type_name}Input!) {{ {mutation}(input: $input) {{ clientMutationId errors {shown} }} }}"
        );
        self.ask_with(&query, json!({ "input": input })).await
    }

    /// The payload of a mutation that had to be carried out.
    pub(crate) async fn payload(&self, mutation: &str, input: Value, shown: &str) -> Value {
        let mut answer = self.mutate(mutation, input, shown).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        let payload = answer["data"][mutation].take();
        assert!(payload["errors"].is_array(), "{payload}");
        payload
    }

    /// The `errors` in the payload of a mutation that had to be refused there.
    pub(crate) async fn errors(&self, mutation: &str, input: Value) -> Vec<String> {
        let payload = self.payload(mutation, input, "").await;
        let errors: Vec<String> = serde_json::from_value(payload["errors"].clone()).unwrap();
        assert_ne!(errors, Vec::<String>::new(), "nothing was refused");
        errors
    }
}

pub(crate) fn http_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/{number}")
}

pub(crate) fn unified_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::ExternalStreamingDestination/{number}")
}

fn capital(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// A destination with everything that the mutations are about.
pub(crate) async fn prepare(admin: &GraphqlClient<'_>) {
    let config = json!({"url": "https://siem.example/in", "headers": {"Authorization": {"value": "Splunk secret"}}});
    let input = json!({"category": "http", "name": "SIEM", "config": config, "secretToken": "a-token-of-20-chars."});
    admin
        .payload("instanceAuditEventStreamingDestinationsCreate", input, "")
        .await;
    let input = json!({"destinationId": unified_id(1), "eventTypeFilters": ["user_created"]});
    admin
        .payload("auditEventsInstanceDestinationEventsAdd", input, "")
        .await;
    let input = json!({"destinationId": unified_id(1), "namespacePath": "engineering"});
    admin
        .payload("auditEventsInstanceDestinationNamespaceFilterCreate", input, "")
        .await;
}
