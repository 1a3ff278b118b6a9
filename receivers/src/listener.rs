//! One receiver on one address, HTTP/1.1, until it is dropped.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::gate::Cut;

/// A free port of this machine, for nobody else.
pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// What answers whole requests.
pub(crate) trait Serve: Send + Sync + 'static {
    fn serve(&self, request: Request<Bytes>) -> impl Future<Output = Result<Response<Bytes>, Cut>> + Send;
}

pub(crate) struct Listener {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn start(address: SocketAddr, server: Arc<impl Serve>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener, server)),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The connections are closed too: the task that accepts them owns them.
impl Drop for Listener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<S: Serve>(listener: TcpListener, server: Arc<S>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&server)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection<S: Serve>(stream: TcpStream, server: Arc<S>) {
    let service = service_fn(|request: Request<Incoming>| {
        let server = Arc::clone(&server);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
            let response = server.serve(Request::from_parts(head, body)).await?;
            Ok::<_, Cut>(response.map(Full::new))
        }
    });
    // Hyper closes a connection whose service fails without a word: that is what a cut is.
    drop(
        http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await,
    );
}
