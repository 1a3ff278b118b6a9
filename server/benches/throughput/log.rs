//! Reading a log of a million events: pages of the Log by each kind of filter, and both exports.

use domain::event::{AuditEvent, EventId, Received};
use engine::clock::Clock;

use crate::{instance, instance::Instance, page::Page, rate, runtime};

const EVENTS: usize = 1_000_000;

/// A year of a busy instance: a thousand people, five hundred projects, sixty event types, ten thousand addresses. One
/// event in a hundred thousand is of a rare type, at a rare address, and has a word of its own.
fn event(number: usize) -> String {
    let (author, project, address) = (number * 7 % 1_000, number * 13 % 500, number * 11 % 10_000);
    let is_rare = number % 100_000 == 77;
    let (event_type, word, ip) = if is_rare {
        ("rare_type".to_owned(), "needle", "192.0.2.1".to_owned())
    } else {
        (
            format!("type_{}", number * 17 % 60),
            "hay",
            format!("10.1.{}.{}", address / 250, address % 250),
        )
    };
    let created_at = domain::Timestamp::from_unix_ms(1_740_000_000_000 + i64::try_from(number * 31_536).unwrap());
    let filler = "x".repeat(400);
    format!(
        r#"{{"id":{number},"author_id":{author},"entity_id":{project},"entity_type":"Project","details":{{"event_name":"{event_type}","author_name":"User {author}","author_class":"User","target_id":{project},"target_type":"Project","target_details":"group/project-{project}","custom_message":"{word} {filler}","ip_address":"{ip}","entity_path":"group/project-{project}"}},"ip_address":"{ip}","author_name":"User {author}","entity_path":"group/project-{project}","target_details":"group/project-{project}","created_at":"{created_at}","target_type":"Project","target_id":{project},"event_type":"{event_type}"}}"#
    )
}

pub(crate) fn log() {
    let folder = instance::folder();
    runtime().block_on(fill(folder.path()));
    let instance = Instance::start(folder.path());
    let page = Page::sign_in(&instance);
    for (name, query) in [
        ("first page", ""),
        ("oldest first", "sort=created_asc"),
        ("a page in the middle", "older_than=1755768000000_500000"),
        ("last page", "newer_than=1740000000000_1&sort=created_desc"),
        ("a month", "created_after=2025-06-01&created_before=2025-06-30"),
        ("user", "author_username=User%20500"),
        ("project", "entity_type=Project&entity_id=group/project-77"),
        ("event type", "event_type=type_7"),
        ("rare event type", "event_type=rare_type"),
        ("IP address", "ip_address=10.1.3.7"),
        ("user and event type", "author_username=User%20500&event_type=type_20"),
        ("nobody", "author_username=nobody"),
        ("frequent text", "text=hay"),
        ("absent text, one budget", "text=needles"),
        ("absent text of a user", "text=needles&author_username=User%20500"),
    ] {
        println!("log of 1,000,000, {name}: {:.1?}", page.median(&listed(query)));
    }
    for format in ["csv", "jsonl"] {
        let (bytes, elapsed) = page.read(&format!("/admin/audit_log_reports.{format}?created_before=2026-03-31"));
        let megabytes = bytes / 1_000_000;
        println!(
            "log of 1,000,000, export as {format}: {megabytes} MB in {elapsed:.1?}, {:.0} events/s, server {} MiB at the highest",
            rate(EVENTS, elapsed),
            instance.memory_kib().1 / 1024
        );
    }
}

/// The address at which the page asks for a list.
fn listed(query: &str) -> String {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    format!("/api/page/events/list?query={query}")
}

async fn fill(data_dir: &std::path::Path) {
    // A log belongs to a store, which is made first.
    let engine = crate::instance::open_engine(data_dir).await;
    engine.shutdown(std::time::Duration::from_secs(10)).await;
    let log = engine::log::EventLog::open(&data_dir.join("events.db"), 10 << 30)
        .await
        .unwrap();
    let received_at = Clock::machine().now();
    let received = Received {
        received_at,
        fresh_id: || EventId::parse("unused").unwrap(),
    };
    for first in (0..EVENTS).step_by(5_000) {
        let events = (first..first + 5_000).map(|number| AuditEvent::parse(&event(number), &received).unwrap());
        log.append("bench", received_at, events.collect()).await.unwrap();
    }
    log.close().await;
}
