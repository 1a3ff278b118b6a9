//! Custom headers and event filters: what is stored of them, and what goes over the wire.

use crate::{
    admin::AdminError,
    store::{CursorUpdate, Destination, Header, RefusedEvent, Stored},
};
use domain::{
    Field, Setting,
    destination::{DestinationDraft, DestinationKind, FilterKind, HeaderDraft, Input, TargetDraft},
    ids::{DestinationId, Seq},
    policy::Refusal,
};
use receivers::{Receiver, Request};
use serde_json::Value;

use crate::it::{
    delivery::{ids, numbered},
    replay::own_messages,
    s3::{change, named as s3_destination},
    world::{HttpEdit, World, author, wait_until},
};

fn headers(destination: &Destination) -> &[Header] {
    &destination.target.headers
}

fn header(name: &str, value: &str) -> HeaderDraft {
    HeaderDraft {
        name: name.into(),
        value: Some(value.into()),
        ..HeaderDraft::new()
    }
}

fn named<'requests>(requests: &'requests [Request], id: &str) -> &'requests Request {
    let quoted = format!("\"{id}\"");
    requests
        .iter()
        .find(|request| request.text().contains(&quoted))
        .unwrap()
}

fn messages(requests: &[Request]) -> Vec<String> {
    let own = requests
        .iter()
        .filter(|request| request.headers["x-audit-streams-source"] == "audit-streams");
    own.map(|request| {
        let event: Value = serde_json::from_str(request.text()).unwrap();
        event["details"]["custom_message"].as_str().unwrap().to_owned()
    })
    .collect()
}

async fn arrived(receiver: &Receiver, id: &str) -> Vec<Request> {
    let quoted = format!("\"{id}\"");
    receiver
        .wait_until(id, |requests| {
            requests.iter().any(|request| request.text().contains(&quoted))
        })
        .await
}

#[tokio::test]
async fn active_headers_go_with_every_event_and_may_set_the_content_type() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world
        .edit(id, |edit| {
            edit.headers = vec![
                header("Content-Type", "application/json"),
                header("X-Team", "Grüße"),
                HeaderDraft {
                    active: false,
                    ..header("X-Off", "hidden")
                },
            ];
        })
        .await;
    world.post("1", ["first".to_owned()]).await;
    let requests = arrived(&receiver, "first").await;
    let sent = &named(&requests, "first").headers;
    assert_eq!(sent["content-type"], "application/json");
    assert_eq!(sent.get_all("content-type").iter().count(), 1);
    assert_eq!(sent["x-team"].as_bytes(), b"Gr\xfc\xdfe");
    assert!(!sent.contains_key("x-off"));
    assert_eq!(sent["x-gitlab-audit-event-type"], "test");

    let stored = world.engine.find_destination(id).await.unwrap().unwrap().destination;
    world
        .edit(id, |edit| {
            edit.headers.remove(0);
            edit.headers[0].name = "X-Off".into();
            edit.headers[1].name = "X-Team".into();
            edit.headers[1].active = true;
            edit.headers[1].value = Some("new".into());
        })
        .await;
    world.post("1", ["second".to_owned()]).await;
    let requests = receiver
        .wait_until("the event and what tells of the changes", |requests| {
            ids(requests).iter().any(|id| id == "second") && messages(requests).len() == 7
        })
        .await;
    let sent = &named(&requests, "second").headers;
    assert_eq!(sent["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(
        sent["x-off"].as_bytes(),
        b"Gr\xfc\xdfe",
        "a kept value goes where its name goes"
    );
    assert_eq!(sent["x-team"], "new");
    let renamed = world.engine.find_destination(id).await.unwrap().unwrap().destination;
    let kept: Vec<_> = headers(&renamed).iter().map(|header| header.id).collect();
    let before: Vec<_> = headers(&stored).iter().skip(1).map(|header| header.id).collect();
    assert_eq!(kept, before, "a header keeps its id");
    assert_eq!(
        messages(&requests)[1..],
        [
            "Created custom HTTP header with key Content-Type.",
            "Created custom HTTP header with key X-Team.",
            "Created custom HTTP header with key X-Off.",
            "Destroyed a custom HTTP header with key Content-Type.",
            "Updated a custom HTTP header from key X-Team to have a key X-Off.",
            "Updated a custom HTTP header from key X-Off to have a key X-Team to have a new value activation status \
             changed to true.",
        ]
    );
    let bodies: String = requests.iter().map(Request::text).collect();
    assert!(!bodies.contains("hidden"), "no value is told in an event");
}

#[tokio::test]
async fn header_values_are_not_readable_in_the_file() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world
        .edit(id, |edit| {
            edit.headers = vec![header("X-Key", "tell-nobody-about-this")]
        })
        .await;
    let world = world.restart().await;
    let stored = world.engine.find_destination(id).await.unwrap().unwrap().destination;
    assert_eq!(stored.target.headers[0].value.expose(), "tell-nobody-about-this");
    for file in std::fs::read_dir(world.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let found = bytes.windows(22).any(|window| window == b"tell-nobody-about-this");
        assert!(!found);
    }
}

/// Posts events of the types `wanted` and `unwanted` in turn.
async fn post_in_turn(world: &World, name: &str, rounds: usize) {
    for round in 0..rounds {
        let entity = (round % 7).to_string();
        // When the last wanted one has arrived, every unwanted one was judged, too.
        world
            .post_of_type("unwanted", &entity, [format!("{name}-unwanted-{round}")])
            .await;
        world
            .post_of_type("wanted", &entity, [format!("{name}-wanted-{round}")])
            .await;
    }
}

async fn admit(world: &World, id: DestinationId, types: &[&str]) {
    world
        .edit(id, |edit| {
            edit.event_types = types.iter().map(|name| (*name).to_owned()).collect()
        })
        .await;
}

#[tokio::test]
async fn an_event_that_is_filtered_out_never_leaves_also_while_the_filter_changes() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    post_in_turn(&world, "known", 1).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for round in 0..10 {
        // Nothing is awaited between a change and the next events: whatever is under way stays under way.
        admit(&world, id, &["wanted"]).await;
        post_in_turn(&world, &format!("only{round}"), 20).await;
        arrived(&receiver, &format!("only{round}-wanted-19")).await;
        admit(&world, id, &[]).await;
        post_in_turn(&world, &format!("all{round}"), 20).await;
        if round % 2 == 0 {
            // Else what still waits when the filter is narrowed is judged by the narrower one.
            let all = format!("all{round}-");
            receiver
                .wait_until("everything is admitted", |requests| count(requests, &all) == 40)
                .await;
        }
    }
    let requests = receiver
        .wait_until("every wanted event has arrived", |requests| {
            let wanted = ids(requests).into_iter().filter(|id| id.contains("-wanted-"));
            wanted.count() >= 400
        })
        .await;
    let ids = ids(&requests);
    let leaked: Vec<&String> = ids
        .iter()
        .filter(|id| id.starts_with("only") && id.contains("-unwanted-"))
        .collect();
    assert!(leaked.is_empty(), "{leaked:?}");
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(ids.len(), once.len(), "nothing was sent twice");
}

/// Events that came and whose id starts like this.
fn count(requests: &[Request], start: &str) -> usize {
    ids(requests).iter().filter(|id| id.starts_with(start)).count()
}

#[tokio::test]
async fn a_refused_event_that_the_filter_no_longer_admits_is_not_tried_again() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.post_of_type("unwanted", "1", ["bad".to_owned()]).await;
    world.post_of_type("wanted", "1", ["good".to_owned()]).await;
    arrived(&receiver, "good").await;
    admit(&world, id, &["wanted"]).await;
    // Five tries take ten minutes, so the row is written as it would stand then.
    let events = world.engine.log().read_after(Seq::START, 10, 1 << 20).await.unwrap();
    let bad = events
        .iter()
        .find(|event| event.event_type.as_str() == "unwanted")
        .unwrap();
    let parked = RefusedEvent {
        seq: bad.seq,
        tries: 5,
        reason: "Answered 422.".into(),
        response: String::new(),
        refusal: Refusal::Status(422),
        refused_at: world.engine.clock().now(),
        due_at: None,
        is_first: true,
    };
    let update = CursorUpdate {
        destination: id,
        cursor: world.engine.database().read_cursor(id).await.unwrap().unwrap(),
        refused: vec![parked],
        accepted: Vec::new(),
        failed_attempts: Vec::new(),
        minutes: Vec::new(),
        instance_events: Vec::new(),
    };
    let stored = world.engine.database().commit_cursor(&update).await.unwrap();
    assert_eq!(stored, Stored::All);
    assert!(world.engine.retry_parked(&author(), id, bad.seq).await.unwrap());
    let refused = async || world.engine.database().list_refused(id).await.unwrap();
    wait_until("it is forgotten", async || refused().await.is_empty()).await;
    let sent = ids(&receiver.requests());
    assert_eq!(sent.iter().filter(|sent| *sent == "bad").count(), 1, "{sent:?}");
}

#[tokio::test]
async fn a_type_that_nobody_knows_is_accepted_and_told_until_an_event_of_it_comes() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let unknown = async || {
        let state = world.engine.find_destination(id).await.unwrap().unwrap();
        state.unknown_types.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for filter_kind in FilterKind::ALL {
        let edited = world.edit(id, |edit| {
            edit.event_types = vec!["user_created".into(), "never_heard_of".into(), "nor_of_this".into()];
            edit.filter_kind = filter_kind;
        });
        assert_eq!(edited.await.unknown_types.len(), 2);
        assert_eq!(unknown().await, ["never_heard_of", "nor_of_this"]);
    }
    let draft = DestinationDraft {
        event_types: vec!["never_heard_of".into()],
        ..DestinationDraft::http("Other", "http://127.0.0.1:9/in")
    };
    let new = draft.parse_new().unwrap();
    let created = world.engine.create_destination(&author(), new).await.unwrap();
    assert_eq!(created.unknown_types.len(), 1);
    world.post_of_type("never_heard_of", "1", numbered(0..1)).await;
    assert_eq!(unknown().await, ["nor_of_this"]);
    let types = world.engine.list_event_types().await.unwrap();
    let here = types.iter().find(|known| known.name == "never_heard_of").unwrap();
    assert_eq!((here.category.as_str(), here.last_day), ("Seen on this instance", 1));
    assert!(
        types.iter().all(|known| known.name != "nor_of_this"),
        "a filter makes no type"
    );
}

#[tokio::test]
async fn an_allowlist_of_an_unknown_type_sends_the_first_event_of_it() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    admit(&world, id, &["never_heard_of"]).await;
    world.post_of_type("other", "1", ["no".to_owned()]).await;
    world.post_of_type("never_heard_of", "1", ["yes".to_owned()]).await;
    let sent = ids(&arrived(&receiver, "yes").await);
    assert!(!sent.contains(&"no".to_owned()), "{sent:?}");
}

#[tokio::test]
async fn nothing_is_stored_of_a_change_that_is_refused() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    world.add_destination("Other", "http://127.0.0.1:9/in").await;
    let stored = world.engine.find_destination(id).await.unwrap().unwrap().destination;
    let edit = HttpEdit {
        name: "Other".into(),
        headers: vec![header("X-A", "1")],
        event_types: vec!["user_created".into()],
        filter_kind: FilterKind::default(),
        namespaces: String::new(),
        verification_token: None,
    };
    let change = edit.draft(&receiver.url()).parse_change().unwrap();
    let refused = world
        .engine
        .update_destination(&author(), id, stored.version, change.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "Name has already been taken");
    let outdated = world
        .engine
        .update_destination(&author(), id, stored.version + 1, change)
        .await
        .unwrap_err();
    assert!(matches!(outdated, AdminError::ChangedMeanwhile));
    let after = world.engine.find_destination(id).await.unwrap().unwrap().destination;
    assert_eq!(after, stored);
}

#[tokio::test]
async fn each_option_of_objects_is_stored_and_its_change_recorded() {
    let world = World::new().await;
    let before = TargetDraft::new(DestinationKind::AmazonS3).with([
        (Field::AccessKeyId, "minioadmin"),
        (Field::SecretAccessKey, "s3cret"),
        (Field::Region, "RegionOne"),
        (Field::Bucket, "audit_logs"),
        (Field::EndpointUrl, "http://127.0.0.1:9"),
    ]);
    let id = world.add(&s3_destination(before.clone())).await;
    let mut after = before;
    after.values.remove(Field::SecretAccessKey);
    let after = after.with([
        (Field::Partitions, "hive"),
        (Field::Checksums, Input::ON),
        (Field::Encryption, "aws:kms"),
        (Field::KmsKeyId, "key-1"),
        (Field::LockMode, "COMPLIANCE"),
        (Field::LockDays, "30"),
    ]);
    change(&world, id, after.clone()).await;
    let world = world.restart().await;
    let stored = world.stored(id).await.target;
    assert_eq!(stored.values, after.values.with(Field::SecretAccessKey, "s3cret"));
    let expected = [
        "Changed partitions from dates to hive",
        "Changed omit_checksums from false to true",
        "Changed encryption to aws:kms",
        "Changed kms_key_id to key-1",
        "Changed lock_mode to COMPLIANCE",
        "Changed lock_days to 30",
    ];
    wait_until("each change is on record", async || {
        let messages = own_messages(&world).await;
        expected
            .iter()
            .all(|text| messages.iter().any(|message| message == text))
    })
    .await;
}

#[tokio::test]
async fn every_refused_field_is_reported_at_once() {
    let world = World::new().await;
    let url = "http://127.0.0.1:9/in";
    let id = world.add_destination("Taken", url).await;
    let new = DestinationDraft::http("Taken", url).parse_new().unwrap();
    let AdminError::Invalid(errors) = world.engine.create_destination(&author(), new).await.unwrap_err() else {
        panic!("not invalid")
    };
    let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
    assert_eq!(fields, [Field::Name, Field::Url]);

    // A stored destination is never in its own way; and a change is refused in the same way as an addition.
    world.add_destination("Other", "http://127.0.0.1:9/other").await;
    let stored = world.engine.find_destination(id).await.unwrap().unwrap().destination;
    let change = |name, url| DestinationDraft::http(name, url).parse_change().unwrap();
    let same = world
        .engine
        .update_destination(&author(), id, stored.version, change("Taken", url))
        .await;
    let version = same.unwrap().destination.version;
    let change = change("Other", "http://169.254.169.254/in");
    let refused = world.engine.update_destination(&author(), id, version, change).await;
    let AdminError::Invalid(errors) = refused.unwrap_err() else {
        panic!("not invalid")
    };
    let settings: Vec<(Field, Option<Setting>)> = errors.iter().map(|error| (error.field, error.setting)).collect();
    assert_eq!(settings, [(Field::Name, None), (Field::Url, Some(Setting::Network))]);
}
