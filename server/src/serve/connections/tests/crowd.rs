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
    for _ in 0..16 {
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
        others.push(within_patience(answered_over_http_2(&secure)).await);
    }
}

/// A connection that has had a response. One that was idle for long before its request, because this test did not run, may have been
/// closed.
async fn answered_over_http_2(secure: &Secure) -> impl Sized + use<> {
    loop {
        let (client, connection) = secure.http2(65_535).await;
        if let Ok(mut body) = get(&client, "/short").await
            && let Some(Ok(piece)) = body.data().await
        {
            assert_eq!(piece, "short");
            return (client, connection);
        }
    }
}

#[tokio::test]
async fn unfinished_heads_make_room_for_others() {
    let server = Server::start(2, PATIENT);
    let mut unfinished = Vec::new();
    for _ in 0..2 {
        unfinished.push(server.connect(b"GET /short HTTP/1.1\r\nhos").await);
    }
    answered(&server).await;
}

#[tokio::test]
async fn unfinished_handshakes_make_room_for_others() {
    let secure = Secure::start(1, PATIENT, "http/1.1");
    let mut silent = TcpStream::connect(secure.server.address).await.unwrap();
    within_patience(secure.connect()).await;
    assert!(ends(&mut silent).await);
}

#[tokio::test]
async fn a_notice_does_not_concern_connections_that_begin_later() {
    let (_stop, stopped) = watch::channel(());
    let (notices, crowded) = watch::channel(());
    let mut shared = Shared {
        router: router(),
        tls: None,
        deadlines: PATIENT,
        stopped: stopped.clone(),
        crowded,
        _is_open: stopped,
    };
    let before = shared.for_connection();
    notices.send_replace(());
    let after = shared.for_connection();
    assert!(before.crowded.has_changed().unwrap());
    assert!(!after.crowded.has_changed().unwrap());
    notices.send_replace(());
    assert!(after.crowded.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn there_are_notices_only_while_a_connection_waits() {
    let mut places = Places::new(1);
    let mut crowded = places.crowded();
    let place = places.take().await;
    assert!(
        !crowded.has_changed().unwrap(),
        "the last place is taken, and nobody waits"
    );
    tokio::select! {
        _ = places.take() => panic!("there is no place"),
        () = async {
            for _ in 0..3 {
                crowded.changed().await.unwrap();
            }
        } => {}
    }
    drop(place);
    assert!(places.take().await.is_some());
    assert!(!crowded.has_changed().unwrap());
}
