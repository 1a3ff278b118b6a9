//! Denylists of event types: what leaves, what is stored, and which audit events tell of it.

use domain::{
    Field,
    destination::{DestinationDraft, EventFilter, FilterKind},
    ids::DestinationId,
    replay::{ReplayState, ReplayWait},
};

use crate::it::{
    delivery::{ids, numbered},
    replay::{old_day, own_messages, post_old, standing, start, wait_until_finished},
    world::{World, author, wait_until},
};
use receivers::{Receiver, Request};

async fn filter(world: &World, id: DestinationId, kind: FilterKind, types: &[&str]) {
    world
        .edit(id, |edit| {
            edit.filter_kind = kind;
            edit.event_types = types.iter().map(|name| (*name).to_owned()).collect();
        })
        .await;
}

async fn stored(world: &World, id: DestinationId) -> EventFilter {
    world
        .engine
        .find_destination(id)
        .await
        .unwrap()
        .unwrap()
        .destination
        .filter
}

async fn arrived(receiver: &Receiver, id: &str) -> Vec<Request> {
    receiver
        .wait_until(id, |requests| ids(requests).iter().any(|sent| sent == id))
        .await
}

/// Posts events of the types `wanted` and `unwanted` in turn, which thereby are known types.
async fn post_in_turn(world: &World, name: &str, rounds: usize) {
    for round in 0..rounds {
        let entity = (round % 7).to_string();
        for event_type in ["wanted", "unwanted"] {
            let id = format!("{name}-{event_type}-{round}");
            world.post_of_type(event_type, &entity, [id]).await;
        }
    }
}

#[tokio::test]
async fn a_denied_event_never_leaves_also_while_the_kind_of_filter_changes() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    post_in_turn(&world, "known", 1).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for round in 0..8 {
        // Nothing is awaited between a change and the next events: whatever is under way stays under way.
        filter(&world, id, FilterKind::Deny, &["unwanted"]).await;
        post_in_turn(&world, &format!("strict-deny{round}"), 20).await;
        filter(&world, id, FilterKind::Allow, &["wanted"]).await;
        post_in_turn(&world, &format!("strict-allow{round}"), 20).await;
        arrived(&receiver, &format!("strict-allow{round}-wanted-19")).await;
        // Without event types, a denylist denies nothing.
        filter(&world, id, FilterKind::Deny, &[]).await;
        world.post_of_type("unwanted", "1", [format!("all{round}")]).await;
        arrived(&receiver, &format!("all{round}")).await;
    }
    let sent = ids(&receiver.requests());
    let leaked: Vec<&String> = sent
        .iter()
        .filter(|id| id.starts_with("strict") && id.contains("-unwanted-"))
        .collect();
    assert!(leaked.is_empty(), "{leaked:?}");
    let wanted = sent.iter().filter(|id| id.contains("-wanted-"));
    assert_eq!(wanted.count(), 8 * 2 * 20, "each wanted event, once");
}

#[tokio::test]
async fn a_type_that_appears_later_passes_a_denylist_also_after_a_restart() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.post_of_type("noise", "1", numbered(0..1)).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    filter(&world, id, FilterKind::Deny, &["noise", "user_created"]).await;
    let expected = stored(&world, id).await;
    assert_eq!(expected.kind(), FilterKind::Deny);
    let world = world.restart().await;
    assert_eq!(stored(&world, id).await, expected);
    world.post_of_type("noise", "1", ["denied".to_owned()]).await;
    world.post_of_type("brand_new", "1", ["later".to_owned()]).await;
    let sent = ids(&arrived(&receiver, "later").await);
    assert!(!sent.contains(&"denied".to_owned()), "{sent:?}");
}

#[tokio::test]
async fn a_new_destination_may_have_a_denylist_from_the_beginning() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.post_of_type("noise", "1", ["denied".to_owned()]).await;
    world.post_of_type("other", "1", ["sent".to_owned()]).await;
    let draft = DestinationDraft {
        event_types: vec!["noise".into()],
        filter_kind: FilterKind::Deny,
        start_from: "beginning".into(),
        ..DestinationDraft::http("SIEM", receiver.url())
    };
    let new = draft.parse_new().unwrap();
    world.engine.create_destination(&author(), new).await.unwrap();
    let sent = ids(&arrived(&receiver, "sent").await);
    assert!(!sent.contains(&"denied".to_owned()), "{sent:?}");
}

#[tokio::test]
async fn audit_events_tell_which_list_was_changed() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for (kind, types) in [
        (FilterKind::Allow, &["user_created", "user_blocked"][..]),
        (FilterKind::Deny, &["user_blocked"]),
        (FilterKind::Deny, &["user_blocked", "add_gpg_key"]),
        (FilterKind::Deny, &[]),
    ] {
        filter(&world, id, kind, types).await;
    }
    let told = async || {
        let mut messages = own_messages(&world).await;
        messages.retain(|message| message.contains("audit event type"));
        messages
    };
    let expected = [
        "Created audit event type filter(s): user_blocked and user_created",
        "Deleted audit event type filter(s): user_blocked and user_created",
        "Created audit event type denylist filter(s): user_blocked",
        "Created audit event type denylist filter(s): add_gpg_key",
        "Deleted audit event type denylist filter(s): add_gpg_key and user_blocked",
    ];
    wait_until("every change is told", async || told().await.len() >= expected.len()).await;
    assert_eq!(told().await, expected);
}

#[tokio::test]
async fn a_replay_leaves_out_what_is_denied_when_it_is_sent() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post_old(&world, 0..600).await;
    receiver
        .wait_until("the stream has sent them", |requests| {
            ids(requests).iter().filter(|id| id.starts_with("old")).count() >= 600
        })
        .await;
    filter(&world, id, FilterKind::Deny, &["other"]).await;
    assert_eq!(world.engine.count_replay(id, &old_day(&[])).await.unwrap(), 500);
    assert_eq!(
        world
            .engine
            .count_replay(id, &old_day(&["old", "other"]))
            .await
            .unwrap(),
        500
    );
    assert_eq!(world.engine.count_replay(id, &old_day(&["other"])).await.unwrap(), 0);
    let replay = start(&world, id, &[]).await.replay.id;
    let progress = wait_until_finished(&world, id, replay).await;
    assert_eq!((progress.total, progress.sent), (500, 500));

    receiver.answer_bodies_with("old100;", 503);
    let replay = start(&world, id, &[]).await.replay.id;
    wait_until("the replay is in trouble", async || {
        let waits = standing(&world, id, replay).await.waits;
        matches!(waits, Some(ReplayWait::Trouble { .. }))
    })
    .await;
    filter(&world, id, FilterKind::Deny, &["old"]).await;
    receiver.accept_bodies_with("old100;");
    let progress = wait_until_finished(&world, id, replay).await;
    let before = (0..100).filter(|number| number % 6 != 5).count();
    let after = (100..600).filter(|number| number % 6 == 5).count();
    assert_eq!(
        (progress.total, progress.sent),
        (500, u64::try_from(before + after).unwrap())
    );
    assert_eq!(standing(&world, id, replay).await.replay.state, ReplayState::Finished);
}

#[tokio::test]
async fn a_name_that_no_type_can_have_is_refused_where_it_was_named() {
    for (filter_kind, field) in [
        (FilterKind::Allow, Field::EventTypes),
        (FilterKind::Deny, Field::EventTypeDenylist),
    ] {
        let draft = DestinationDraft {
            event_types: vec!["ok".into(), " blank".into()],
            filter_kind,
            ..DestinationDraft::http("SIEM", "http://127.0.0.1:9/in")
        };
        let errors = draft.parse_new().unwrap_err();
        assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), [field]);
    }
}

#[tokio::test]
async fn the_database_holds_one_list_for_a_destination() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    filter(&world, id, FilterKind::Deny, &["user_created"]).await;
    world
        .with_store(move |store| {
            let insert = |kind: &str| {
                let sql = "INSERT INTO destination_event_types (destination_id, kind, event_type) VALUES (?, ?, ?)";
                store.execute(sql, rusqlite::params![id.get(), kind, format!("of-{kind}")])
            };
            let refusal = insert("allow").unwrap_err().to_string();
            assert!(refusal.contains("are of one kind"), "{refusal}");
            assert!(insert("exclude").is_err());
            insert("deny").unwrap();
        })
        .await;
    assert_eq!(stored(&world, id).await.list(FilterKind::Deny).count(), 2);
}
