//! A request to the router, built as an HTTP client builds it and handled in this process.

use api::web::Peer;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, header, request::Builder},
};
use tower::ServiceExt;

use crate::{answer::Answer, instance::ADDRESS};

pub(crate) struct Request {
    router: Router,
    builder: Builder,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(router: Router, method: Method, path: &str) -> Self {
        let builder = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .extension(Peer(([127, 0, 0, 1], 40_000).into()));
        Self {
            router,
            builder,
            body: Vec::new(),
        }
    }

    pub(crate) fn header(self, name: &str, value: impl AsRef<str>) -> Self {
        Self {
            builder: self.builder.header(name, value.as_ref()),
            ..self
        }
    }

    pub(crate) fn bearer_auth(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    async fn send(self) -> Answer {
        let mut builder = self.builder;
        let headers = builder.headers_mut().unwrap();
        // Clients send these with every request.
        headers.entry(header::HOST).or_insert_with(|| ADDRESS.parse().unwrap());
        headers.insert(header::CONTENT_LENGTH, self.body.len().into());
        let request = builder.body(Body::from(self.body)).unwrap();
        let (head, body) = self.router.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

impl Answer {
    pub(crate) async fn of(request: Request) -> Self {
        request.send().await
    }
}
