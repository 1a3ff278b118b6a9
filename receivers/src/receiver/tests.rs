use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::Answer;

/// Sends a request on a connection of its own; returns all that is answered until the connection ends.
async fn exchange(receiver: &Receiver, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", receiver.port())).await?;
    let length = body.len();
    let request = format!(
        "POST /in?a=b HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-audit-streams-replay: 7\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn status(receiver: &Receiver, body: &str) -> String {
    let answer = exchange(receiver, body).await.unwrap();
    answer.split(' ').nth(1).unwrap_or("none").to_owned()
}

#[tokio::test]
async fn answers_come_from_the_first_script_that_applies() {
    let receiver = Receiver::start().await;
    assert_eq!(status(&receiver, "{}").await, "200");
    receiver.answer_all(503);
    receiver.answer_bodies_with("bad", 422);
    receiver.answer_next(1, 401);
    for (body, expected) in [("bad", "401"), ("bad", "422"), ("good", "503")] {
        assert_eq!(status(&receiver, body).await, expected);
    }
    receiver.accept_bodies_with("bad");
    assert_eq!(status(&receiver, "bad").await, "200");
    receiver.accept_all();
    assert_eq!(status(&receiver, "good").await, "200");
    let late = Answer::new(429, "text/plain", String::new()).with_header("retry-after", "3600");
    receiver.script(move |request| (request.uri.query() == Some("a=b")).then(|| late.clone().into()));
    let answer = exchange(&receiver, "").await.unwrap();
    assert!(
        answer.contains(" 429 ") && answer.contains("retry-after: 3600\r\n"),
        "{answer}"
    );
    let accepted = receiver
        .requests()
        .iter()
        .filter(|request| request.was_accepted())
        .count();
    assert_eq!((accepted, receiver.requests().len(), receiver.connections()), (3, 7, 7));
}

#[tokio::test]
async fn a_connection_can_end_without_an_answer() {
    let receiver = Receiver::start().await;
    receiver.answer_all(Fault::Close);
    assert_eq!(exchange(&receiver, "").await.unwrap(), "");
    receiver.answer_all(Fault::Reset);
    let reset = exchange(&receiver, "").await.unwrap_err();
    assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn requests_that_wait_for_an_answer_are_counted_until_the_client_gives_up() {
    let receiver = Receiver::start().await;
    receiver.answer_next(1, Fault::Hang);
    tokio::select! {
        answer = exchange(&receiver, "hangs") => panic!("{answer:?}"),
        () = receiver.wait_for("it has arrived", |requests| requests.len() == 1) => {}
    }
    let in_flight = async || {
        status(&receiver, "").await;
        receiver.requests().last().unwrap().in_flight
    };
    // The receiver learns of the closed connection a moment later.
    while in_flight().await > 0 {}
}

#[tokio::test]
async fn a_held_request_is_accepted_when_it_passes() {
    let receiver = Receiver::start().await;
    let gate = crate::Gate::new();
    receiver.answer_all(Fault::Held(gate.clone()));
    let gives_up = async {
        gate.wait_for_held(1).await;
    };
    tokio::select! {
        answer = exchange(&receiver, r#"{"id":"a"}"#) => panic!("{answer:?}"),
        () = gives_up => {}
    }
    assert!(!receiver.requests()[0].was_accepted());
    receiver.events(|events| assert!(events.bodies.is_empty()));
    // The receiver learns of the closed connection a moment later.
    while gate.held() > 0 {
        tokio::task::yield_now().await;
    }
    gate.open();
    assert_eq!(status(&receiver, r#"{"id":"b"}"#).await, "200");
    let accepted: Vec<bool> = receiver.requests().iter().map(Request::was_accepted).collect();
    assert_eq!(accepted, [false, true]);
    receiver.events(|events| assert!(!events.bodies.contains_key("a") && events.bodies.contains_key("b")));
}

#[tokio::test]
async fn events_are_counted_by_their_ids() {
    let receiver = Receiver::start().await;
    receiver.answer_next(1, 503);
    for body in [
        r#"{"id":"a"}"#,
        r#"{"id":"b"}"#,
        r#"{"id":7}"#,
        r#"{"id":"b"}"#,
        r#"{"id":"b","more":1}"#,
        "no event",
    ] {
        status(&receiver, body).await;
    }
    receiver
        .wait_for_events("two have arrived", |events| events.order == ["b", "7"])
        .await;
    receiver.events(|events| {
        assert_eq!((events.repeats, events.changed), (2, 1));
        assert_eq!(events.bodies["b"], r#"{"id":"b"}"#);
        assert_eq!((events.replayed["b"], events.replayed["7"]), (3, 1));
    });
}
