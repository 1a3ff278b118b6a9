//! An HTTP/1.1 receiver that does as little as it can, on a thread of its own.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::client::{header, message_length};

/// An arrival: the id of the event, and when.
pub(crate) type Arrival = (String, Instant);

/// How requests are answered.
#[derive(Clone, Copy)]
enum Answers {
    AtOnce,
    After(Duration),
    /// By turns, for this time each: with 200, and with 503.
    Flapping {
        period: Duration,
        since: Instant,
    },
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    /// Events, also those in batches of JSON Lines.
    pub(crate) received: Arc<AtomicUsize>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
}

impl Receiver {
    /// Starts to listen. With `timed`, each arrival is told.
    pub(crate) fn start(timed: bool) -> Self {
        Self::start_with(timed, Answers::AtOnce)
    }

    /// Starts to listen, and answers each request after this time.
    pub(crate) fn distant(delay: Duration) -> Self {
        Self::start_with(false, Answers::After(delay))
    }

    /// Starts to listen, and accepts and rejects requests by turns, for this time each.
    pub(crate) fn flapping(period: Duration) -> Self {
        let since = Instant::now();
        Self::start_with(false, Answers::Flapping { period, since })
    }

    fn start_with(timed: bool, answers: Answers) -> Self {
        let received = Arc::new(AtomicUsize::new(0));
        let (told, arrivals) = mpsc::unbounded_channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let counter = Arc::clone(&received);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let told = timed.then(|| told.clone());
                    tokio::spawn(serve(stream, answers, Arc::clone(&counter), told));
                }
            });
        });
        Self {
            address: is_ready.recv().unwrap(),
            received,
            arrivals,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    pub(crate) async fn next(&mut self) -> Arrival {
        self.arrivals.recv().await.unwrap()
    }
}

async fn serve(
    mut stream: TcpStream,
    answers: Answers,
    received: Arc<AtomicUsize>,
    told: Option<mpsc::UnboundedSender<Arrival>>,
) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::with_capacity(64 * 1024);
    while let Ok(1..) = stream.read_buf(&mut buffer).await {
        while let Some(length) = message_length(&buffer).filter(|length| buffer.len() >= *length) {
            received.fetch_add(events_in(&buffer[..length]), Ordering::Relaxed);
            if let Some(told) = &told {
                let id = header(&buffer[..length], b"webhook-id: ").unwrap_or_default();
                told.send((String::from_utf8_lossy(id).into_owned(), Instant::now()))
                    .unwrap();
            }
            buffer.drain(..length);
            if let Answers::After(delay) = answers {
                tokio::time::sleep(delay).await;
            }
            // A client that has given up meanwhile is gone.
            if stream.write_all(answers.now()).await.is_err() {
                return;
            }
        }
    }
}

impl Answers {
    fn now(self) -> &'static [u8] {
        match self {
            Self::Flapping { period, since } if since.elapsed().as_millis() / period.as_millis() % 2 == 1 => {
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
            }
            _ => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        }
    }
}

/// A single event has no line break, and in JSON Lines each one ends with one.
fn events_in(message: &[u8]) -> usize {
    let body = message.windows(4).position(|window| window == b"\r\n\r\n");
    let body = body.map_or(message, |head| &message[head + 4..]);
    body.iter().filter(|byte| **byte == b'\n').count().max(1)
}
