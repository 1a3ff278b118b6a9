//! What is asked of the server while a page is rendered, and travels to the browser inside it.

use std::future::Future;

use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::wire::AppError;

/// A value that the server answered, answers, or refused.
pub(crate) type Loading<T> = Resource<Result<T, AppError>, PageJson>;

/// Asks at once, and again whenever the source changes.
pub(crate) fn load<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    ask: impl Fn(S) -> F + Send + Sync + 'static,
) -> Loading<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + Send + 'static,
{
    Resource::new_with_options(source, ask, false)
}

/// JSON inside the page. Read with the same reader as the answers of server functions, and written by the server alone:
/// with the encoding that Leptos brings, the page's program would hold a second reader and a writer for every type.
pub(crate) struct PageJson;

impl<T: Serialize> Encoder<T> for PageJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        if cfg!(feature = "ssr") {
            serde_json::to_string(value)
        } else {
            Ok(String::new())
        }
    }
}

impl<T: DeserializeOwned> Decoder<T> for PageJson {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        serde_json::from_slice(text.as_bytes())
    }
}
