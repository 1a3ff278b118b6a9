//! A program that asks the API with a token.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::instance::{Answer, Instance, PATIENCE};

pub(crate) struct Client<'instance> {
    instance: &'instance Instance,
    token: String,
}

impl<'instance> Client<'instance> {
    /// One whose token has this scope, under a name of its own.
    pub(crate) fn with_scope(instance: &'instance Instance, scope: &str) -> Self {
        Self {
            token: instance.token(&format!("client with {scope}"), &[scope]),
            instance,
        }
    }

    pub(crate) fn with_token(instance: &'instance Instance, token: &str) -> Self {
        Self {
            instance,
            token: token.to_owned(),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.instance.client().request(method, self.instance.url(path));
        request.bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// Asks until the answer is what is waited for.
    pub(crate) async fn get_until(&self, path: &str, is_enough: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            loop {
                ticks.tick().await;
                let answer = self.get(path).await.expect(200);
                if is_enough(&answer) {
                    return answer;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for another answer of {path}"))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).body(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).body(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }
}

impl Answer {
    /// The answer to what went well.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        match self.text.as_str() {
            "" => Value::Null,
            _ => self.json(),
        }
    }

    /// Field and message of each refused field.
    pub(crate) fn refused_fields(&self) -> Vec<(String, String)> {
        assert_eq!(self.status, 422, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        errors
            .iter()
            .map(|error| (text(&error["field"]), text(&error["message"])))
            .collect()
    }
}
