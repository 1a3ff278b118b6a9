//! What is asked of the server while a page is rendered, and travels to the browser inside it.
//!
//! All of it is held by resources of one type: each type of resource costs the page's program some 6 KB.

use std::{any::Any, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::wire::AppError;

/// A value that the server answered, answers, or refused.
pub(crate) struct Loading<T> {
    answers: Resource<Answer, PageJson>,
    of: PhantomData<fn() -> T>,
}

/// Asks at once, and again whenever the source changes.
pub(crate) fn load<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    ask: impl Fn(S) -> F + Send + Sync + 'static,
) -> Loading<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + Send + 'static,
{
    Loading {
        answers: load_any(
            Box::new(source),
            Box::new(move |source| {
                let answer = ask(source);
                Box::pin(async move { Answer::new(answer.await) })
            }),
        ),
        of: PhantomData,
    }
}

type Source<S> = Box<dyn Fn() -> S + Send + Sync>;
type Ask<S> = Box<dyn Fn(S) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

fn load_any<S>(source: Source<S>, ask: Ask<S>) -> Resource<Answer, PageJson>
where
    S: PartialEq + Clone + Send + Sync + 'static,
{
    Resource::new_with_options(source, ask, false)
}

impl<T> Loading<T> {
    /// What is behind it, for parts of the page that serve every type.
    pub(crate) const fn answers(self) -> Resource<Answer, PageJson> {
        self.answers
    }

    pub(crate) fn refetch(self) {
        self.answers.refetch();
    }
}

impl<T> Clone for Loading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loading<T> {}

impl<T: DeserializeOwned + Clone + 'static> IntoFuture for Loading<T> {
    type Output = Result<T, AppError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.answers.await.read() })
    }
}

/// A `Result<T, AppError>` of some `T`.
#[derive(Clone)]
pub(crate) struct Answer(Arc<Held>);

enum Held {
    Value {
        value: Box<dyn Any + Send + Sync>,
        write: fn(&dyn Any) -> Option<serde_json::Result<String>>,
    },
    /// As it stood in the page.
    Json(String),
}

impl Answer {
    fn new<T: Serialize + Send + Sync + 'static>(value: Result<T, AppError>) -> Self {
        Self(Arc::new(Held::Value {
            value: Box::new(value),
            write: write::<T>,
        }))
    }

    /// What it is, if that is of this type.
    pub(crate) fn read<T: DeserializeOwned + Clone + 'static>(&self) -> Result<T, AppError> {
        let value = match &*self.0 {
            Held::Value { value, .. } => value.downcast_ref().cloned(),
            Held::Json(text) => serde_json::from_slice(text.as_bytes()).ok(),
        };
        value.unwrap_or(Err(AppError::Transport))
    }
}

fn write<T: Serialize + 'static>(value: &dyn Any) -> Option<serde_json::Result<String>> {
    let value: &Result<T, AppError> = value.downcast_ref()?;
    // Written by the server alone: otherwise the page's program would hold a writer for every type.
    cfg!(feature = "ssr").then(|| serde_json::to_string(value))
}

/// JSON inside the page. Read with the same reader as the answers of server functions; with the encoding that Leptos
/// brings, the page's program would hold a second one for every type.
pub(crate) struct PageJson;

impl Encoder<Answer> for PageJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(answer: &Answer) -> Result<String, Self::Error> {
        match &*answer.0 {
            Held::Value { value, write } => write(value.as_ref()).unwrap_or_else(|| Ok(String::new())),
            Held::Json(text) => Ok(text.clone()),
        }
    }
}

impl Decoder<Answer> for PageJson {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<Answer, Self::Error> {
        Ok(Answer(Arc::new(Held::Json(text.to_owned()))))
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_same_on_both_sides() {
        for sent in [Ok(vec![3_u32, 5]), Err(AppError::NotFound)] {
            let on_server = Answer::new(sent.clone());
            let json = PageJson::encode(&on_server).unwrap();
            let in_browser = PageJson::decode(&json).unwrap();
            assert_eq!(on_server.read::<Vec<u32>>(), sent);
            assert_eq!(in_browser.read::<Vec<u32>>(), sent);
        }
    }

    #[test]
    fn an_answer_of_another_type_is_an_error() {
        let answer = Answer::new(Ok("text".to_owned()));
        assert_eq!(answer.read::<u32>(), Err(AppError::Transport));
    }
}
