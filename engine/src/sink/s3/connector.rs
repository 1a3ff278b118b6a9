//! The SDK's HTTP, over the guarded network.

use aws_sdk_s3::{
    config::{
        HttpClient, RuntimeComponents,
        http::{HttpRequest, HttpResponse},
    },
    error::{BoxError, ConnectorError},
    primitives::{ByteStream, SdkBody},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use bytes::Bytes;
use http::{
    HeaderName, Method,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING, USER_AGENT},
};

use super::super::report::read_answer;
use crate::net::{GuardedClient, Response};

/// Sends what the SDK has signed. Bodies are in memory on both ways; of a long answer there is the start alone. Deadlines are
/// those of the client: the SDK has been given none.
///
/// An error keeps its sources, so that a forbidden address can be distinguished from a failed connection.
#[derive(Clone, Debug)]
pub(super) struct GuardedConnector(GuardedClient);

impl GuardedConnector {
    pub(super) const fn new(client: GuardedClient) -> Self {
        Self(client)
    }
}

impl HttpClient for GuardedConnector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for GuardedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&client, request).await })
    }
}

async fn exchange(client: &GuardedClient, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = outgoing(request).await.map_err(ConnectorError::user)?;
    let is_head = request.method() == Method::HEAD;
    let response = client
        .send(request)
        .await
        .map_err(|error| ConnectorError::io(error.into()))?;
    incoming(response, is_head).await.map_err(ConnectorError::io)
}

async fn outgoing(request: HttpRequest) -> Result<http::Request<Bytes>, BoxError> {
    let (mut head, body) = request.try_into_http1x()?.into_parts();
    // It is not signed, and the SDK's own describes the environment in which this runs.
    head.headers.insert(USER_AGENT, crate::sink::USER_AGENT);
    let body = ByteStream::new(body).collect().await?.into_bytes();
    Ok(http::Request::from_parts(head, body))
}

async fn incoming(mut response: Response, is_head: bool) -> Result<HttpResponse, BoxError> {
    let body = match read_answer(&mut response).await {
        // A success whose body breaks off is a success: the status says that the object was taken.
        Err(_) if response.status().is_success() => Vec::new(),
        read => read?,
    };
    let mut answer = http::Response::builder()
        .status(response.status())
        .body(SdkBody::from(body))?;
    // The SDK takes no header that is not text; and the body may have become shorter than its headers say. After a HEAD, the
    // length is that of the object.
    let is_of_body = |name: &HeaderName| *name == TRANSFER_ENCODING || *name == CONTENT_LENGTH && !is_head;
    let headers = response
        .headers()
        .iter()
        .filter(|(name, value)| value.to_str().is_ok() && !is_of_body(name));
    answer
        .headers_mut()
        .extend(headers.map(|(name, value)| (name.clone(), value.clone())));
    Ok(HttpResponse::try_from(answer)?)
}
