//! Clients that break the rules of HTTP/2, frame by frame.

use tokio::io::{ReadHalf, WriteHalf, split};
use tokio_rustls::client::TlsStream;

use super::{
    over_tls::{Secure, get, within_patience},
    *,
};

type Writer = WriteHalf<TlsStream<TcpStream>>;
type Reader = ReadHalf<TlsStream<TcpStream>>;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
const CANCEL: [u8; 4] = [0, 0, 0, 8];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [head.as_slice(), payload].concat()
}

/// `GET` of a path, in HPACK without Huffman coding.
fn get_of(path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).unwrap();
    [&[0x82, 0x87, 0x04, length], path.as_bytes(), b"\x01\x09localhost"].concat()
}

fn request(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &get_of(path))
}

async fn connect(secure: &Secure) -> (Reader, Writer) {
    let (reader, mut writer) = split(secure.connect().await);
    writer.write_all(PREFACE).await.unwrap();
    writer.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    writer.flush().await.unwrap();
    (reader, writer)
}

/// Kind, stream and payload of the next frame; `None` at the end.
async fn next_frame(reader: &mut Reader) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    within_patience(reader.read_exact(&mut head)).await.ok()?;
    let [a, b, c, kind, _, stream @ ..] = head;
    let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()];
    within_patience(reader.read_exact(&mut payload)).await.ok()?;
    Some((kind, u32::from_be_bytes(stream), payload))
}

/// Sends what is made for each odd number until the server ends the connection.
async fn flood(secure: &Secure, mut made: impl FnMut(u32) -> Vec<u8>) {
    let (mut reader, mut writer) = connect(secure).await;
    let sending = async {
        for number in (1..u32::MAX / 2).step_by(2) {
            if writer.write_all(&made(number)).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    };
    let receiving = async { while next_frame(&mut reader).await.is_some() {} };
    tokio::select! {
        () = sending => {}
        () = receiving => {}
    }
}

/// Others are served, and nothing is left of the flood.
async fn assert_unharmed(secure: &Secure) {
    let (client, connection) = secure.http2(65_535).await;
    let mut body = get(&client, "/short").await.unwrap();
    assert_eq!(within_patience(body.data()).await.unwrap().unwrap(), "short");
    drop((client, body));
    connection.abort();
    let server = &secure.server;
    server
        .until("all connections have ended", |server| server.open() == 0)
        .await;
}

#[tokio::test]
async fn a_client_that_keeps_resetting_its_requests_is_cut_off() {
    let secure = Secure::start(8, PATIENT, "h2");
    let flood = flood(&secure, |first| {
        // As many as a TLS record has room for.
        let streams = (0..200).map(|number| (first - 1) * 200 + number * 2 + 1);
        let pairs = streams.map(|stream| [request(stream, "/never"), frame(RST_STREAM, 0, stream, &CANCEL)].concat());
        pairs.collect::<Vec<_>>().concat()
    });
    within_patience(flood).await;
    assert_unharmed(&secure).await;
}

#[tokio::test]
async fn headers_that_do_not_end_are_not_kept() {
    let secure = Secure::start(8, PATIENT, "h2");
    let flood = flood(&secure, |number| match number {
        1 => frame(HEADERS, END_STREAM, 1, &get_of("/short")),
        // `a: b`, which is not indexed.
        _ => frame(CONTINUATION, 0, 1, b"\x10\x01a\x01b"),
    });
    within_patience(flood).await;
    assert_unharmed(&secure).await;
}

#[tokio::test]
async fn headers_that_are_too_large_cost_their_own_request() {
    let secure = Secure::start(8, PATIENT, "h2");
    let (mut reader, mut writer) = connect(&secure).await;
    // A value of 70,000 bytes: 127 and 69,873 in seven bits each.
    let value = [&b"\x10\x01a\x7f\xf1\xa1\x04"[..], &[b'a'; 70_000]].concat();
    let block = [get_of("/short"), value].concat();
    let pieces: Vec<&[u8]> = block.chunks(16_000).collect();
    for (index, piece) in pieces.iter().enumerate() {
        let is_last = index + 1 == pieces.len();
        let flags = if is_last { END_HEADERS } else { 0 };
        let sent = match index {
            0 => frame(HEADERS, END_STREAM | flags, 1, piece),
            _ => frame(CONTINUATION, flags, 1, piece),
        };
        writer.write_all(&sent).await.unwrap();
    }
    writer.write_all(&request(3, "/short")).await.unwrap();
    writer.flush().await.unwrap();
    let mut answered = false;
    loop {
        let (kind, stream, payload) = next_frame(&mut reader).await.unwrap();
        answered |= (stream, kind) == (1, DATA);
        if (kind, stream) == (DATA, 3) {
            assert_eq!(payload, b"short");
            break;
        }
    }
    assert!(!answered, "the request with large headers was not carried out");
    drop((reader, writer));
    assert_unharmed(&secure).await;
}

#[tokio::test]
async fn a_connection_has_at_most_100_requests_at_the_same_time() {
    let secure = Secure::start(8, PATIENT, "h2");
    let (mut reader, mut writer) = connect(&secure).await;
    let requests: Vec<Vec<u8>> = (0..200).map(|number| request(number * 2 + 1, "/never")).collect();
    writer.write_all(&requests.concat()).await.unwrap();
    writer.flush().await.unwrap();
    let mut refused = Vec::new();
    while refused.len() < 100 {
        let (kind, stream, payload) = next_frame(&mut reader).await.unwrap();
        if kind == RST_STREAM {
            assert_eq!(payload, REFUSED_STREAM);
            refused.push(stream);
        }
    }
    assert!(refused.iter().all(|stream| *stream > 200), "{refused:?}");
    drop((reader, writer));
    assert_unharmed(&secure).await;
}
