//! A server on bare TCP connections, for answers that no HTTP library would send.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// The type of the first record of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;
const TLS_RECORD_HEADER_BYTES: usize = 5;

/// What is sent after a request, and what happens to the connection then.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The next request is read.
    Send(String),
    SendAndClose(String),
    /// The connection stays open, and nothing more is read or sent.
    SendAndHang(String),
}

/// A complete HTTP/1.1 request with a `Content-Length`, or the first record of a TLS handshake.
#[derive(Clone, Copy, Debug)]
pub struct RawRequest<'request> {
    /// The number of its connection, from 0.
    pub connection: usize,
    /// Its number on this connection, from 0.
    pub number: usize,
    /// The whole request, head and body, as it was received.
    pub bytes: &'request [u8],
}

impl RawRequest<'_> {
    /// The request as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }
}

/// A running server. It stops when it is dropped.
pub struct RawServer {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

type Script = Arc<dyn Fn(RawRequest<'_>) -> Reply + Send + Sync>;

impl RawServer {
    /// Listens on a free port; the function chooses what is sent after each request.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start(script: impl Fn(RawRequest<'_>) -> Reply + Send + Sync + 'static) -> Self {
        let listening = listen().await;
        let (listener, address) = listening.unwrap_or_else(|error| panic!("can't listen: {error}"));
        let (requests, connections) = (Arc::default(), Arc::default());
        let accepting = tokio::spawn(accept(
            listener,
            Arc::new(script),
            Arc::clone(&requests),
            Arc::clone(&connections),
        ));
        Self {
            address,
            requests,
            connections,
            accepting,
        }
    }

    /// Sends this after every request, and then closes the connection.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn closing_after(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(move |_| Reply::SendAndClose(answer.clone())).await
    }

    /// Sends this after the first request on each connection, and then nothing more.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn hanging_after(start: impl Into<String>) -> Self {
        let start = start.into();
        Self::start(move |_| Reply::SendAndHang(start.clone())).await
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL at which it listens.
    pub fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    /// How many requests have arrived.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn accept(listener: TcpListener, script: Script, requests: Arc<AtomicUsize>, accepted: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = listener.accept() => {
                if let Ok((stream, _)) = stream {
                    let number = accepted.fetch_add(1, Ordering::SeqCst);
                    connections.spawn(serve(stream, number, Arc::clone(&script), Arc::clone(&requests)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Ends when the other side closes the connection, even in the middle of something.
async fn serve(mut stream: TcpStream, connection: usize, script: Script, requests: Arc<AtomicUsize>) {
    let mut buffer = Vec::new();
    for number in 0.. {
        let Ok(length) = read_request(&mut stream, &mut buffer).await else {
            return;
        };
        requests.fetch_add(1, Ordering::SeqCst);
        let bytes = buffer.get(..length).unwrap_or_default();
        let reply = script(RawRequest {
            connection,
            number,
            bytes,
        });
        buffer.drain(..length);
        let (Reply::Send(text) | Reply::SendAndClose(text) | Reply::SendAndHang(text)) = &reply;
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        match reply {
            Reply::Send(_) => {}
            Reply::SendAndClose(_) => {
                // A failure means that the other side has closed it already.
                drop(stream.shutdown().await);
                return;
            }
            Reply::SendAndHang(_) => return std::future::pending().await,
        }
    }
}

/// Reads until the buffer starts with a complete request. Returns its length.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        if let Some(length) = request_length(buffer)
            && buffer.len() >= length
        {
            return Ok(length);
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// `None` until enough has arrived to know it.
fn request_length(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&TLS_HANDSHAKE) {
        let length = [*bytes.get(3)?, *bytes.get(4)?];
        return Some(TLS_RECORD_HEADER_BYTES + usize::from(u16::from_be_bytes(length)));
    }
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(bytes.get(..head_end)?).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
    Some(head_end + length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::request_length;

    #[test]
    fn a_request_ends_where_its_length_says() {
        assert_eq!(request_length(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n"), None);
        assert_eq!(
            request_length(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST"),
            Some(40)
        );
        assert_eq!(request_length(b"GET / HTTP/1.1\r\n\r\n"), Some(18));
        assert_eq!(request_length(&[0x16, 3, 1, 1, 0, 9]), Some(261));
    }
}
