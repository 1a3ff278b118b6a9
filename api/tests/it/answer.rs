//! The response to a request, and what tests read in it. The tests of `server` use it, too.

use serde_json::Value;

/// A complete response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The status and the code of an error: `{"error": code, …}` from an API, `code` or `{code: detail}` from the page.
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.json();
        let code = match &body {
            Value::String(code) => Some(code.as_str()),
            Value::Object(members) => match members.get("error") {
                Some(code) => code.as_str(),
                None => members.keys().next().map(String::as_str),
            },
            _ => None,
        };
        (self.status, code.unwrap_or_default().to_owned())
    }

    /// The body of a response with this status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        match self.text.as_str() {
            "" => Value::Null,
            _ => self.json(),
        }
    }

    /// Field and message of each invalid field.
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
