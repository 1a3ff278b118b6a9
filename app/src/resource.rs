//! Resources: what is loaded on the server, sent inside of the HTML, and loaded again in the browser.

use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};

/// A resource whose value is sent as JSON.
pub(crate) type JsonResource<T> = Resource<T, Json>;

/// JSON that is decoded by the functions that also decode the answers of server functions. `Resource::new` decodes from
/// a `str` instead, so that the WebAssembly program would contain the decoders of all types twice.
pub(crate) struct Json;

impl<T: Serialize> Encoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(json: &str) -> Result<T, serde_json::Error> {
        serde_json::from_slice(json.as_bytes())
    }
}

/// Loads a value, and again whenever `source` changes.
pub(crate) fn json_resource<S, T, Answer>(
    source: impl Fn() -> S + Send + Sync + 'static,
    load: impl Fn(S) -> Answer + Send + Sync + 'static,
) -> JsonResource<T>
where
    S: Clone + PartialEq + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    Answer: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, load, false)
}
