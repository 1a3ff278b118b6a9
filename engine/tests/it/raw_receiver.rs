//! An HTTP/1.1 receiver on bare sockets, which can do to a request whatever a network does.

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
    sync::watch,
};

/// Longer than anything here takes; reached only by a failing test.
const PATIENCE: Duration = Duration::from_secs(100);

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Accept,
    Status(u16),
    /// 503 with a `Retry-After` of so many seconds.
    Later(u64),
    /// The connection is closed instead of an answer.
    Close,
    /// The connection is reset instead of an answer.
    Reset,
    /// There is never an answer.
    Silence,
    /// 503, after so many milliseconds.
    Slow(u64),
}

/// A body that was received.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) body: String,
    pub(crate) fate: Fate,
    pub(crate) at: Instant,
    /// How many requests were waiting for an answer when this one came.
    pub(crate) others: usize,
}

#[derive(Clone)]
pub(crate) struct RawReceiver {
    address: SocketAddr,
    seen: watch::Sender<Vec<Seen>>,
    open: Arc<AtomicUsize>,
}

type Judge = Arc<dyn Fn(&str) -> Fate + Send + Sync>;

impl RawReceiver {
    /// Does to each request what `judge` says of its body.
    pub(crate) async fn start(judge: impl Fn(&str) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            seen: watch::Sender::default(),
            open: Arc::default(),
        };
        let (accepting, judge): (_, Judge) = (receiver.clone(), Arc::new(judge));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(stream, Arc::clone(&judge)));
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// Waits until what was received so far satisfies the condition.
    pub(crate) async fn wait_for(&self, what: &str, mut condition: impl FnMut(&[Seen]) -> bool) {
        let mut seen = self.seen.subscribe();
        let waited = tokio::time::timeout(PATIENCE, seen.wait_for(|seen| condition(seen))).await;
        let has_come = matches!(waited, Ok(Ok(_)));
        assert!(
            has_come,
            "waited in vain until {what}; got {} requests",
            self.seen().len()
        );
    }

    async fn serve(self, mut stream: TcpStream, judge: Judge) {
        let mut buffer = Vec::new();
        while let Some(body) = read_body(&mut stream, &mut buffer).await {
            let fate = judge(&body);
            let at = Instant::now();
            let others = self.open.fetch_add(1, Ordering::SeqCst);
            self.seen.send_modify(|seen| seen.push(Seen { body, fate, at, others }));
            let answer = self.answer(fate, &mut stream).await;
            self.open.fetch_sub(1, Ordering::SeqCst);
            let Some(answer) = answer else { return };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// None if the connection is to end, or has ended, without an answer.
    async fn answer(&self, fate: Fate, stream: &mut TcpStream) -> Option<String> {
        let answer = match fate {
            Fate::Accept => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
            Fate::Status(status) => {
                format!("HTTP/1.1 {status} No\r\nlocation: /elsewhere\r\ncontent-length: 9\r\n\r\nno thanks")
            }
            Fate::Later(seconds) => {
                format!("HTTP/1.1 503 No\r\nretry-after: {seconds}\r\ncontent-length: 0\r\n\r\n")
            }
            Fate::Slow(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            Fate::Close => return None,
            Fate::Reset => {
                stream.set_zero_linger().unwrap();
                return None;
            }
            Fate::Silence => {
                // Until the other side has had enough.
                while read_more(stream, &mut Vec::new()).await.is_some() {}
                return None;
            }
        };
        Some(answer)
    }
}

/// None if the connection ended.
async fn read_body(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    let head_end = loop {
        if let Some(position) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break position + 4;
        }
        read_more(stream, buffer).await?;
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let end = head_end + length.unwrap().trim().parse::<usize>().unwrap();
    while buffer.len() < end {
        read_more(stream, buffer).await?;
    }
    let body = String::from_utf8(buffer[head_end..end].to_vec()).unwrap();
    buffer.drain(..end);
    Some(body)
}

async fn read_more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = vec![0; 64 * 1024];
    let read = stream.read(&mut chunk).await.ok()?;
    buffer.extend_from_slice(&chunk[..read]);
    (read > 0).then_some(())
}
