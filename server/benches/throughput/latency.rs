//! From the start of a POST to the arrival at the destination, at a steady 200 events a second.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::destination::DestinationDraft;

use crate::{
    client::Client, events::Request, instance, instance::Instance, percentiles::Times, receiver::Receiver, runtime,
};

const EVENTS: usize = 3_000;

/// A port of this machine on which nobody listens.
pub(crate) const DEAD: &str = "http://127.0.0.1:9/in";

pub(crate) fn latency() {
    measure("alone", &[]);
    let distant = Receiver::distant(Duration::from_millis(50));
    measure(
        "next to a dead destination and one that answers after 50 ms",
        &[DEAD.to_owned(), distant.url()],
    );
    measure("alone, again", &[]);
}

fn measure(company: &str, neighbours: &[String]) {
    let neighbours = neighbours
        .iter()
        .map(|url| DestinationDraft::http(url.clone(), url.clone()));
    let times = post_to_delivered(EVENTS, neighbours.collect());
    println!(
        "post to delivered at 200/s, {company}: p50 {:.1?}, p95 {:.1?}, p99 {:.1?}, most {:.1?}",
        times.percentile(50),
        times.percentile(95),
        times.percentile(99),
        times.percentile(100)
    );
}

/// Posts so many events to a server whose one healthy destination has these neighbours.
pub(crate) fn post_to_delivered(events: usize, neighbours: Vec<DestinationDraft>) -> Times {
    let folder = instance::folder();
    let mut receiver = Receiver::start(true);
    runtime().block_on(async {
        instance::add_destination(folder.path(), receiver.url()).await;
        instance::add_destinations(folder.path(), neighbours).await;
    });
    let instance = Instance::start(folder.path());
    let token = instance.token();
    runtime().block_on(async {
        let mut client = Client::connect(instance.address).await;
        let mut request = Request::new(&token, 1);
        let poster = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            let mut posted = HashMap::new();
            for number in 0..events {
                ticks.tick().await;
                posted.insert(format!("bench-{number:012}"), Instant::now());
                client.send(request.numbered(number)).await;
            }
            posted
        });
        let mut arrived = HashMap::new();
        while arrived.len() < events {
            let (webhook_id, at) = receiver.next().await;
            // `<source>:<id>`
            if let Some((_, id)) = webhook_id.split_once(':').filter(|(_, id)| id.starts_with("bench-")) {
                arrived.entry(id.to_owned()).or_insert(at);
            }
        }
        let posted = poster.await.unwrap();
        Times::new(posted.iter().map(|(id, at)| arrived[id] - *at).collect())
    })
}
