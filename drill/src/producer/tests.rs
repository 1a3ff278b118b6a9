use std::{collections::HashMap, sync::Mutex};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use super::*;
use crate::{bodies::split, plan::Plan};

const HOUR: Duration = Duration::from_secs(3_600);

/// Answers as scripted, and then `201`; counts how often each body came.
#[derive(Default)]
struct Server {
    answers: Mutex<Vec<(u16, &'static str)>>,
    bodies: Mutex<HashMap<String, usize>>,
}

async fn take(State(server): State<Arc<Server>>, body: String) -> Response {
    *server.bodies.lock().unwrap().entry(body).or_default() += 1;
    let answer = server.answers.lock().unwrap().pop();
    let (status, text) = answer.unwrap_or((201, r#"{"ids":[],"stored":0}"#));
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

async fn producer(answers: &[(u16, &'static str)]) -> (Arc<Server>, Producer) {
    let server = Arc::new(Server {
        answers: Mutex::new(answers.iter().rev().copied().collect()),
        ..Server::default()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(Arc::clone(&server));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let plan = Arc::new(Plan::new("r", 0, 1, "drill", &["a"]));
    let producer = Producer {
        number: 0,
        oracle: Arc::new(Oracle::new(plan)),
        // A stall of the process must not repeat a request whose answer is scripted.
        api: Api::new(&url, "token", None).unwrap().with_post_timeout(HOUR),
        rate: 10_000.0,
        dice: Dice::new(5),
        patience: Duration::from_secs(60),
    };
    (server, producer)
}

/// Posts until so many events are acknowledged.
async fn post(producer: Producer, count: u64) -> Result<usize, PostError> {
    let oracle = Arc::clone(&producer.oracle);
    let (stop, is_stopped) = watch::channel(false);
    let posting = tokio::spawn(producer.run(is_stopped));
    let enough = oracle.wait_for(count, Duration::from_secs(60)).await;
    assert!(enough);
    stop.send_replace(true);
    posting.await.unwrap()
}

#[tokio::test]
async fn what_was_not_acknowledged_is_posted_again_with_the_same_ids() {
    let (server, producer) = producer(&[(503, ""), (500, ""), (429, "")]).await;
    let oracle = Arc::clone(&producer.oracle);
    assert_eq!(post(producer, 50).await.unwrap(), 0);
    let bodies = server.bodies.lock().unwrap();
    let mut times: Vec<usize> = bodies.values().copied().collect();
    times.sort_unstable();
    assert_eq!(times.pop(), Some(4), "the first one");
    assert!(times.iter().all(|times| *times == 1));
    let posted: usize = bodies.keys().map(|body| split(body.as_bytes()).unwrap().len()).sum();
    assert_eq!(oracle.acknowledged(), u64::try_from(posted).unwrap());
}

#[tokio::test]
async fn a_rejection_for_good_ends_the_posts() {
    let (_server, producer) = producer(&[(403, r#"{"detail":"No scope."}"#)]).await;
    let oracle = Arc::clone(&producer.oracle);
    let (_stop, is_stopped) = watch::channel(false);
    let error = producer.run(is_stopped).await.unwrap_err();
    assert_eq!(error.to_string(), "the server rejected the events: 403 No scope.");
    assert_eq!(oracle.acknowledged(), 0);
}

#[tokio::test]
async fn a_rejection_after_an_acknowledgement_is_noted_and_the_events_are_posted_again() {
    let answers = [(201, ""), (404, r#"{"detail":"Not here."}"#), (301, "")];
    let (server, producer) = producer(&answers).await;
    let oracle = Arc::clone(&producer.oracle);
    assert_eq!(post(producer, 50).await.unwrap(), 0);
    assert_eq!(oracle.rejections().0, 2);
    assert_eq!(oracle.in_doubt(), 0);
    let bodies = server.bodies.lock().unwrap();
    let mut times: Vec<usize> = bodies.values().copied().collect();
    times.sort_unstable();
    assert_eq!(times.pop(), Some(3), "the second one");
    assert!(times.iter().all(|times| *times == 1));
}

#[tokio::test]
async fn events_that_nobody_acknowledges_stay_in_doubt() {
    let (_server, mut producer) = producer(&[(503, ""); 10_000]).await;
    producer.patience = Duration::ZERO;
    let (stop, is_stopped) = watch::channel(false);
    let oracle = Arc::clone(&producer.oracle);
    let posting = tokio::spawn(producer.run(is_stopped));
    stop.send_replace(true);
    // It may have been stopped before its first post.
    let in_doubt = posting.await.unwrap().unwrap();
    assert_eq!(in_doubt, oracle.in_doubt());
    assert!(in_doubt <= 20);
    assert_eq!(oracle.acknowledged(), 0);
}

#[tokio::test]
async fn conflicts_are_counted() {
    let conflict = r#"{"ids":["r-0-0"],"stored":0,"conflicts":[{"index":0,"id":"r-0-0"}]}"#;
    let (_server, producer) = producer(&[(201, conflict)]).await;
    let oracle = Arc::clone(&producer.oracle);
    post(producer, 1).await.unwrap();
    // Noted after the acknowledgement; the producer has ended.
    assert_eq!(oracle.conflicts(), 1);
}
