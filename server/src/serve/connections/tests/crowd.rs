//! More clients than places: what is not used makes room, and what is used is not cut off.

use super::{
    over_tls::{Secure, get, within_patience},
    *,
};

async fn answered(server: &Server) -> TcpStream {
    let mut stream = server.connect(SHORT).await;
    read_until(&mut stream, "short").await;
    stream
}

#[tokio::test]
async fn unused_connections_make_room_for_others() {
    let server = Server::start(4, PATIENT);
    let mut unused = Vec::new();
    for _ in 0..4 {
        unused.push(answered(&server).await);
    }
    for _ in 0..4 {
        // It has to wait until one of the others is closed.
        answered(&server).await;
    }
    drop(unused);
}

#[tokio::test]
async fn connections_without_a_request_make_room_for_others() {
    let server = Server::start(4, PATIENT);
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(server.connect(b"").await);
    }
    answered(&server).await;
}

#[tokio::test]
async fn a_request_in_progress_outlasts_a_crowd() {
    let server = Server::start(2, PATIENT);
    let head = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab";
    let mut used = server.connect(head).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        // Each one takes the place of the one before, which is not used any more and stays open.
        others.push(answered(&server).await);
    }
    used.write_all(b"cd").await.unwrap();
    read_until(&mut used, "abcd").await;
}

#[tokio::test]
async fn unused_connections_over_http_2_make_room_for_others() {
    let secure = Secure::start(1, PATIENT, "h2");
    let mut others = Vec::new();
    for _ in 0..3 {
        let (client, connection) = within_patience(secure.http2(65_535)).await;
        let mut body = within_patience(get(&client, "/short")).await.unwrap();
        assert_eq!(within_patience(body.data()).await.unwrap().unwrap(), "short");
        others.push((client, connection));
    }
}
