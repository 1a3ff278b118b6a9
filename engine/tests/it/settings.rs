//! Settings that change while the engine runs.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use crate::{EngineConfig, FixedSettings, Origin, admin::AdminError};
use domain::{
    Timestamp,
    health::StreamHealth,
    policy::Trouble,
    settings::{LogSize, NetworkChange, RetentionChange, RetentionDays},
};

use crate::it::world::{World, author, wait_until};
use receivers::Receiver;

fn blocked(health: &StreamHealth) -> bool {
    matches!(
        health,
        StreamHealth::Retrying {
            trouble: Trouble::Blocked,
            ..
        }
    )
}

fn change(allow_local_network: bool, allowlist: &[&str]) -> NetworkChange {
    NetworkChange {
        allow_local_network,
        allowlist: allowlist.iter().map(|entry| entry.parse().unwrap()).collect(),
    }
}

async fn free_world() -> World {
    World::with(|config| EngineConfig {
        fixed: FixedSettings::default(),
        ..config
    })
    .await
}

#[tokio::test]
async fn what_was_blocked_is_tried_at_once_when_it_is_allowed_and_stops_when_it_is_not() {
    let (world, receiver) = (free_world().await, Receiver::start().await);
    world
        .engine
        .update_network(&author(), 1, change(true, &[]))
        .await
        .unwrap();
    let literal = world.add_destination("literal", &receiver.url()).await;
    let name = receiver.url().replace("127.0.0.1", "localhost");
    let name = world.add_destination("name", &name).await;
    receiver
        .wait_until("both are sent to", |requests| requests.len() >= 2)
        .await;
    // Both have open connections now; neither may be used any more.
    world
        .engine
        .update_network(&author(), 2, change(false, &[]))
        .await
        .unwrap();
    world.post("1", ["while blocked".to_owned()]).await;
    for id in [literal, name] {
        world.wait_for_health(id, "it is blocked", blocked).await;
    }
    let seen = |requests: &[receivers::Request]| {
        let found = requests
            .iter()
            .filter(|request| request.headers["webhook-id"] == "tests:while%20blocked");
        found.count()
    };
    assert_eq!(seen(&receiver.requests()), 0);
    // Much sooner than the pause that the backoff has grown to.
    world
        .engine
        .update_network(&author(), 3, change(false, &["localhost", "127.0.0.0/8"]))
        .await
        .unwrap();
    receiver
        .wait_until("both have it", |requests| seen(requests) >= 2)
        .await;
}

#[tokio::test]
async fn settings_survive_a_restart_and_the_command_line_wins() {
    let world = free_world().await;
    world
        .engine
        .update_network(&author(), 1, change(true, &["10.0.0.0/8"]))
        .await
        .unwrap();
    let limits = RetentionChange {
        days: RetentionDays::new(7),
        log_size: LogSize::new(1 << 30),
    };
    world.engine.update_retention(&author(), 1, limits).await.unwrap();
    let world = world
        .restart_with(|config| EngineConfig {
            fixed: FixedSettings {
                allow_local_network: Some(false),
                retention_days: RetentionDays::new(90),
                ..FixedSettings::default()
            },
            ..config
        })
        .await;
    let (network, retention) = (world.engine.network_settings(), world.engine.retention_settings());
    assert_eq!(
        (network.allow_local_network.value, network.allow_local_network.origin),
        (false, Origin::CommandLine)
    );
    assert_eq!(
        (network.allowlist.value.len(), network.allowlist.origin),
        (1, Origin::Page)
    );
    assert_eq!(
        (retention.days.value.get(), retention.days.origin),
        (90, Origin::CommandLine)
    );
    assert_eq!(
        (retention.log_size.value.bytes(), retention.log_size.origin),
        (1 << 30, Origin::Page)
    );
    // What is fixed is left alone, here and in the store.
    world
        .engine
        .update_network(&author(), 2, change(true, &[]))
        .await
        .unwrap();
    assert!(!world.engine.network_settings().allow_local_network.value);
    world
        .engine
        .update_retention(&author(), 2, RetentionChange::default())
        .await
        .unwrap();
    let retention = world.engine.retention_settings();
    assert_eq!(
        (retention.days.value.get(), retention.log_size.origin),
        (90, Origin::Default)
    );
    let world = world
        .restart_with(|config| EngineConfig {
            fixed: FixedSettings::default(),
            ..config
        })
        .await;
    assert!(
        world.engine.network_settings().allow_local_network.value,
        "as it was chosen"
    );
    assert_eq!(world.engine.retention_settings().days.value.get(), 7);
}

#[tokio::test]
async fn of_two_who_save_at_once_the_second_is_told() {
    let world = free_world().await;
    let (one, other) = (author(), author());
    let answers = tokio::join!(
        world.engine.update_network(&one, 1, change(true, &[])),
        world.engine.update_network(&other, 1, change(false, &["10.0.0.7"])),
    );
    let refused = [answers.0, answers.1]
        .into_iter()
        .filter(|answer| matches!(answer, Err(AdminError::ChangedMeanwhile)));
    assert_eq!(refused.count(), 1);
    assert_eq!(world.engine.network_settings().version, 2);
}

#[tokio::test]
async fn a_shorter_age_prunes_and_each_change_is_logged() {
    let world = free_world().await;
    let now = world.engine.clock().now();
    let old = Timestamp::from_unix_ms(now.unix_ms() - 10 * 86_400_000);
    let event = domain::event::AuditEvent::parse(
        r#"{"event_type":"old","id":"old"}"#,
        &domain::event::Received {
            received_at: old,
            fresh_id: || unreachable!("it has one"),
        },
    );
    world
        .engine
        .log()
        .append("tests", old, vec![event.unwrap()])
        .await
        .unwrap();
    assert_eq!(world.engine.log().stored().await.unwrap().oldest_received_at, Some(old));
    let limits = RetentionChange {
        days: RetentionDays::new(7),
        log_size: None,
    };
    world.engine.update_retention(&author(), 1, limits).await.unwrap();
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(5));
    let pruned = async {
        while world.engine.log().stored().await.unwrap().oldest_received_at == Some(old) {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), pruned)
        .await
        .unwrap();
    let newest = world
        .engine
        .log()
        .show(world.engine.log().last_seq())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(newest.event_type, "application_setting_updated");
    assert!(
        newest.body.contains("Changed retention_days from 30 to 7"),
        "{}",
        newest.body
    );
}

#[tokio::test]
async fn a_log_that_is_full_takes_events_again_when_it_may_grow() {
    let world = free_world().await;
    world.engine.log().set_size_limit(1);
    let body = || r#"{"event_type":"x"}"#.into();
    assert!(world.engine.ingest("tests", body()).await.is_err());
    let limits = RetentionChange {
        days: None,
        log_size: LogSize::new(1 << 30),
    };
    world.engine.update_retention(&author(), 1, limits).await.unwrap();
    assert!(world.engine.ingest("tests", body()).await.is_ok());
}

/// Leaves the future alone after it has been woken so many times; true if it had ended by then.
async fn driven(future: impl Future, wakes: usize) -> bool {
    let (mut future, mut left) = (pin!(future), wakes);
    poll_fn(|context| {
        if future.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        let Some(fewer) = left.checked_sub(1) else {
            return Poll::Ready(false);
        };
        left = fewer;
        Poll::Pending
    })
    .await
}

#[tokio::test]
async fn whoever_goes_away_in_the_middle_of_a_change_leaves_settings_that_can_be_changed() {
    let world = free_world().await;
    let engine = &world.engine;
    for wakes in 0..30 {
        let (on, version) = (wakes % 2 == 0, engine.network_settings().version);
        driven(engine.update_network(&author(), version, change(on, &[])), wakes).await;
        let version = engine.retention_settings().version;
        let limits = RetentionChange {
            days: RetentionDays::new(if on { 7 } else { 8 }),
            log_size: None,
        };
        driven(engine.update_retention(&author(), version, limits), wakes).await;
        wait_until("what holds is what is stored", async || {
            let (network, retention) = engine.database().read_settings().await.unwrap();
            let held = (engine.network_settings().version, engine.retention_settings().version);
            held == (network.version, retention.version)
        })
        .await;
    }
    wait_until("the network settings can be changed", async || {
        let version = engine.network_settings().version;
        engine
            .update_network(&author(), version, change(true, &[]))
            .await
            .is_ok()
    })
    .await;
    wait_until("the retention settings can be changed", async || {
        let version = engine.retention_settings().version;
        let unlimited = RetentionChange::default();
        engine.update_retention(&author(), version, unlimited).await.is_ok()
    })
    .await;
}
