//! A client of the GraphQL API, as a script has one.

use serde_json::{Value, json};

use crate::instance::{Answer, Instance};

pub(crate) const NOT_THERE: &str =
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action";

pub(crate) struct GraphqlClient<'instance> {
    instance: &'instance Instance,
    token: Option<String>,
}

impl<'instance> GraphqlClient<'instance> {
    /// One with a token of this scope.
    pub(crate) fn new(instance: &'instance Instance, scope: &str) -> Self {
        Self::with_token(instance, &instance.token(&format!("{scope} script"), &[scope]))
    }

    pub(crate) fn with_token(instance: &'instance Instance, token: &str) -> Self {
        Self {
            instance,
            token: Some(token.to_owned()),
        }
    }

    pub(crate) fn without_token(instance: &'instance Instance) -> Self {
        Self { instance, token: None }
    }

    pub(crate) fn request(&self) -> reqwest::RequestBuilder {
        let request = self.instance.client().post(self.instance.url("/api/graphql"));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request().header("content-type", "application/json");
        Answer::of(request.body(body)).await
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

    /// The message of a mutation that had to be refused at the top of the answer.
    pub(crate) async fn top_error(&self, mutation: &str, input: Value) -> String {
        let answer = self.mutate(mutation, input, "").await;
        let message = answer["errors"][0]["message"].as_str();
        let message = message.unwrap_or_else(|| panic!("{answer}")).to_owned();
        assert_eq!(answer, refused(mutation, &message));
        message
    }
}

/// The whole answer to one mutation that was refused at its top.
pub(crate) fn refused(mutation: &str, message: &str) -> Value {
    json!({"data": {mutation: null}, "errors": [{"message": message, "path": [mutation]}]})
}

/// Takes a text that was made up out of an answer, and puts `made up` in its place.
pub(crate) fn take_text(answer: &mut Value, pointer: &str) -> String {
    let place = answer
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("nothing at {pointer}"));
    let text = place.as_str().unwrap().to_owned();
    *place = json!("made up");
    text
}

pub(crate) fn http_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/{number}")
}

pub(crate) fn header_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Streaming::InstanceHeader/{number}")
}

pub(crate) fn google_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::GoogleCloudLoggingConfiguration/{number}")
}

pub(crate) fn s3_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::AmazonS3Configuration/{number}")
}

pub(crate) fn unified_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::ExternalStreamingDestination/{number}")
}

pub(crate) fn namespace_filter_id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Instance::NamespaceFilter/{number}")
}

fn capital(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
