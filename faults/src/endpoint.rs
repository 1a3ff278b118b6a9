//! An HTTP endpoint that can misbehave in any way a server can: it speaks to the bare socket.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use drill::{Dice, Origin, Witness, decompress, split};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::request::Request;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
/// What an endpoint with [`Mode::Poison`] rejects: events of entities whose number ends with a 3.
const POISON: &str = r#"3","target_details":"#;
const REBIND: Duration = Duration::from_millis(20);
const STATUSES: [u16; 12] = [500, 502, 503, 504, 400, 401, 403, 404, 409, 413, 422, 301];

/// How an endpoint behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Accept,
    /// Nothing listens.
    Refuse,
    /// Requests are read and not answered.
    Hang,
    Reset,
    /// Requests are accepted, and the answer is lost.
    HangAfterStoring,
    ResetAfterStoring,
    /// The answer is no HTTP.
    Malformed,
    /// The answer has no end of its head.
    EndlessHead,
    /// The request is accepted, and the body of the answer does not end.
    EndlessBody,
    /// The body of the answer is shorter than it says.
    CutBody,
    Status(u16),
    /// 429 with `Retry-After`.
    TooManyRequests,
    /// The answer takes so many milliseconds.
    Slow(u64),
    /// Requests with events of one entity of each producer are rejected.
    Poison,
}

impl Mode {
    /// How many kinds of faults there are.
    #[cfg(test)]
    pub(crate) const KINDS: usize = 13;

    pub(crate) fn next(dice: &mut Dice) -> Self {
        match dice.roll(16) {
            0 => Self::Refuse,
            1 => Self::Hang,
            2 => Self::Reset,
            3 => Self::HangAfterStoring,
            4 => Self::ResetAfterStoring,
            5 => Self::Malformed,
            6 => Self::EndlessHead,
            7 => Self::EndlessBody,
            8 => Self::CutBody,
            9 => Self::TooManyRequests,
            10 => Self::Slow(10 + dice.roll(300)),
            11 | 12 => Self::Poison,
            _ => Self::Status(dice.pick(&STATUSES).copied().unwrap_or(500)),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accepts",
            Self::Refuse => "refuses",
            Self::Hang => "hangs",
            Self::Reset => "resets",
            Self::HangAfterStoring => "hangs after storing",
            Self::ResetAfterStoring => "resets after storing",
            Self::Malformed => "malformed",
            Self::EndlessHead => "endless head",
            Self::EndlessBody => "endless body",
            Self::CutBody => "cut body",
            Self::Status(_) => "status",
            Self::TooManyRequests => "429",
            Self::Slow(_) => "slow",
            Self::Poison => "poison",
        }
    }

    /// Whether the endpoint stores the events of a request before it answers.
    const fn stores(self) -> bool {
        matches!(
            self,
            Self::Accept
                | Self::Poison
                | Self::HangAfterStoring
                | Self::ResetAfterStoring
                | Self::EndlessBody
                | Self::CutBody
                | Self::Slow(_)
        )
    }

    /// Whether the server takes this as a rejection of the events, which are then sent again later than others.
    const fn rejects(self) -> bool {
        matches!(self, Self::Status(400 | 409 | 413 | 422))
    }
}

/// A running endpoint. It stops when it is dropped.
pub(crate) struct Endpoint {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    counters: Arc<Counters>,
    accepting: JoinHandle<()>,
}

struct Counters {
    witness: Arc<Witness>,
    arrived: watch::Sender<u64>,
    answered: watch::Sender<u64>,
}

impl Endpoint {
    pub(crate) async fn start(witness: Arc<Witness>) -> io::Result<Self> {
        let address = receivers::unused_address()?;
        let counters = Arc::new(Counters {
            witness,
            arrived: watch::Sender::new(0),
            answered: watch::Sender::new(0),
        });
        let mode = watch::Sender::new(Mode::Accept);
        let listener = TcpListener::bind(address).await?;
        let accepting = tokio::spawn(accept(listener, address, mode.clone(), Arc::clone(&counters)));
        Ok(Self {
            address,
            mode,
            counters,
            accepting,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    pub(crate) fn behave(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// The numbers of requests that have arrived.
    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.counters.arrived.subscribe()
    }

    /// The numbers of answers that have been sent.
    pub(crate) fn answers(&self) -> watch::Receiver<u64> {
        self.counters.answered.subscribe()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, address: SocketAddr, mode: watch::Sender<Mode>, counters: Arc<Counters>) {
    let mut connections = JoinSet::new();
    let mut changes = mode.subscribe();
    let mut listener = Some(listener);
    loop {
        let refuses = *changes.borrow_and_update() == Mode::Refuse;
        if refuses {
            listener = None;
            connections.shutdown().await;
        } else if listener.is_none() {
            // Connections of a moment ago can still have the port.
            listener = TcpListener::bind(address).await.ok();
        }
        let Some(open) = &listener else {
            if !refuses {
                sleep(REBIND).await;
            } else if changes.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            accepted = open.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, mode.subscribe(), Arc::clone(&counters)));
                }
            }
            Some(_) = connections.join_next() => {}
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Ends with the connection.
async fn serve(mut stream: TcpStream, mut mode: watch::Receiver<Mode>, counters: Arc<Counters>) {
    let mut buffer = Vec::new();
    while let Ok(request) = Request::read(&mut stream, &mut buffer).await {
        let behaviour = *mode.borrow_and_update();
        let behaviour = counters.take(&request, behaviour);
        if !answer(&mut stream, &mut mode, behaviour).await {
            return;
        }
        counters.answered.send_modify(|count| *count += 1);
    }
}

impl Counters {
    /// Records the events. Returns how the request is answered.
    fn take(&self, request: &Request, mode: Mode) -> Mode {
        let body = decompress(request.header("content-encoding"), &request.body);
        let events = body.as_ref().map_err(ToString::to_string);
        let events = events.and_then(|body| split(body).map_err(|error| error.to_string()));
        let events = match events {
            Ok(events) => events,
            Err(error) => {
                self.witness.note_unreadable(&error);
                return Mode::Status(400);
            }
        };
        let is_poisoned = mode == Mode::Poison && events.iter().any(|event| event.contains(POISON));
        let mode = if is_poisoned { Mode::Status(422) } else { mode };
        let origin = match request.header("x-audit-streams-replay") {
            Some(_) => Origin::Replay,
            None => Origin::Stream,
        };
        for event in events {
            if mode.stores() {
                self.witness.accept(event, origin);
            } else if mode.rejects() {
                self.witness.reject(event);
            } else {
                self.witness.fail(event, origin);
            }
        }
        self.arrived.send_modify(|count| *count += 1);
        mode
    }
}

/// Returns whether the connection can be used further.
async fn answer(stream: &mut TcpStream, mode: &mut watch::Receiver<Mode>, behaviour: Mode) -> bool {
    match behaviour {
        Mode::Accept | Mode::Poison => send(stream, OK).await,
        Mode::Slow(ms) => {
            sleep(Duration::from_millis(ms)).await;
            send(stream, OK).await
        }
        Mode::Status(status) => {
            let text = format!("HTTP/1.1 {status} Scripted\r\nlocation: /moved\r\ncontent-length: 2\r\n\r\nno");
            send(stream, &text).await
        }
        Mode::TooManyRequests => {
            let text = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
            send(stream, text).await
        }
        Mode::Refuse | Mode::Reset | Mode::ResetAfterStoring => {
            // A connection that can't be reset has been reset by the other side.
            drop(stream.set_zero_linger());
            false
        }
        Mode::Hang | Mode::HangAfterStoring => {
            hang(stream, mode).await;
            false
        }
        Mode::Malformed => {
            send(stream, "HTTP/9.9 two hundred\r\n\r\n\u{1}\u{2}").await;
            false
        }
        Mode::CutBody => {
            send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort").await;
            false
        }
        Mode::EndlessHead => {
            send_without_end(stream, mode, "HTTP/1.1 200 OK\r\n", "x-more: and more\r\n").await;
            false
        }
        Mode::EndlessBody => {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            send_without_end(stream, mode, head, "4\r\nmore\r\n").await;
            false
        }
    }
}

async fn send(stream: &mut TcpStream, text: &str) -> bool {
    stream.write_all(text.as_bytes()).await.is_ok()
}

/// Until the other side gives up, or the mode changes.
async fn hang(stream: &mut TcpStream, mode: &mut watch::Receiver<Mode>) {
    tokio::select! {
        _ = stream.read_u8() => {}
        _ = mode.changed() => {}
    }
}

async fn send_without_end(stream: &mut TcpStream, mode: &mut watch::Receiver<Mode>, head: &str, more: &str) {
    let sending = async {
        let mut is_open = send(stream, head).await;
        let piece = more.repeat(50);
        while is_open {
            is_open = send(stream, &piece).await;
            sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        () = sending => {}
        _ = mode.changed() => {}
    }
}
