//! A client of REST with a token. The tests of `server` use it, too.

use std::time::Duration;

use axum::http::Method;
use serde_json::Value;

use crate::instance::{Answer, Instance, PATIENCE, Request};

pub(crate) struct Client<'instance> {
    instance: &'instance Instance,
    token: String,
}

impl<'instance> Client<'instance> {
    pub(crate) fn with_token(instance: &'instance Instance, token: &str) -> Self {
        Self {
            instance,
            token: token.to_owned(),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        self.instance.request(method, path).bearer_auth(&self.token)
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
