//! An HTTP/1.1 client that does as little as it can: what it costs is taken from the server's share of the machine.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        }
    }

    /// Sends a request and reads its answer, which must be a success.
    pub(crate) async fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.unwrap();
        self.read().await;
        self.assert_success();
    }

    /// The same, but the answer may be 503: then the connection is of no more use, and this returns `false`.
    pub(crate) async fn is_accepted(&mut self, request: &[u8]) -> bool {
        // The server may answer, and close the connection, before it has read everything.
        let sent = self.stream.write_all(request).await;
        self.read().await;
        if self.buffer.starts_with(b"HTTP/1.1 503") {
            return false;
        }
        sent.unwrap();
        self.assert_success();
        true
    }

    async fn read(&mut self) {
        self.buffer.clear();
        loop {
            assert!(
                self.stream.read_buf(&mut self.buffer).await.unwrap() > 0,
                "the server closed the connection"
            );
            if let Some(length) = message_length(&self.buffer)
                && self.buffer.len() >= length
            {
                break;
            }
        }
    }

    fn assert_success(&self) {
        assert!(
            self.buffer.starts_with(b"HTTP/1.1 20"),
            "{}",
            String::from_utf8_lossy(&self.buffer)
        );
    }
}

/// Length of the message at the start of the buffer, head and body; none if the head is not whole yet.
pub(crate) fn message_length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let body = header(buffer.get(..head)?, b"content-length: ").map_or(0, |digits| {
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    });
    Some(head + 4 + body)
}

/// The value of a header whose name is sent in lower case.
pub(crate) fn header<'head>(head: &'head [u8], name: &[u8]) -> Option<&'head [u8]> {
    head.split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(name))
        .map(<[u8]>::trim_ascii)
}
