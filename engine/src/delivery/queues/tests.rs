//! What is given out, and in which order.

use std::collections::HashMap;

use bytes::Bytes;
use domain::{
    Timestamp,
    event::{EventId, EventType},
};
use proptest::prelude::*;

use super::*;

fn event(seq: i64, entity: u8) -> Arc<LoggedEvent> {
    Arc::new(LoggedEvent {
        seq: Seq::new(seq),
        source: "test".into(),
        id: EventId::parse(&seq.to_string()).unwrap(),
        event_type: EventType::parse("x").unwrap(),
        entity_type: "Project".into(),
        entity_id: entity.to_string(),
        entity_path: String::new(),
        created_at: Timestamp::from_unix_ms(0),
        received_at: Timestamp::from_unix_ms(0),
        body: Bytes::from_static(b"{}"),
    })
}

fn unlimited(_: Seq) -> Option<usize> {
    None
}

#[test]
fn one_event_of_an_entity_is_out_at_a_time() {
    let mut queues = EntityQueues::by_entity();
    queues.push(event(1, 7));
    queues.push(event(2, 7));
    let (queue, first) = queues.take(Room::ONE, unlimited).pop().unwrap();
    assert!(queues.take(Room::ONE, unlimited).is_empty());
    queues.put_back(queue, first);
    let (queue, first) = queues.take(Room::ONE, unlimited).pop().unwrap();
    assert_eq!(first.seq, Seq::new(1));
    queues.done(queue);
    assert_eq!(queues.take(Room::ONE, unlimited).pop().unwrap().1.seq, Seq::new(2));
}

#[test]
fn the_oldest_event_that_may_be_given_out_comes_first() {
    let mut queues = EntityQueues::by_entity();
    for (seq, entity) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
        queues.push(event(seq, entity));
    }
    let (first, _) = queues.take(Room::ONE, unlimited).pop().unwrap();
    let (second, _) = queues.take(Room::ONE, unlimited).pop().unwrap();
    assert_ne!(first, second, "the two entities have a queue each");
    queues.done(second);
    queues.done(first);
    assert_eq!(seqs(&queues.take(Room::ONE, unlimited)), [3]);
}

fn seqs(taken: &[Taken]) -> Vec<i64> {
    taken.iter().map(|(_, event)| event.seq.get()).collect()
}

#[test]
fn a_request_takes_what_it_has_room_for() {
    let mut queues = EntityQueues::in_log_order();
    for seq in 1..=9 {
        queues.push(event(seq, u8::try_from(seq).unwrap()));
    }
    let room = Room {
        events: 100,
        bytes: 100,
        last: Some(Seq::new(7)),
        ..Room::ONE
    };
    assert_eq!(
        queues.bounds(room, |_| false, unlimited),
        Some((Seq::new(1), Seq::new(7)))
    );
    let three = queues.take(Room { events: 3, ..room }, unlimited);
    assert_eq!(seqs(&three), [1, 2, 3]);
    assert!(
        queues.take(room, unlimited).is_empty(),
        "what follows waits for what is out"
    );
    for (queue, event) in three.into_iter().rev() {
        queues.put_back(queue, event);
    }
    let two = queues.take(Room { bytes: 5, ..room }, unlimited);
    assert_eq!(seqs(&two), [1, 2], "a body has two bytes");
    two.iter().for_each(|(queue, _)| queues.done(*queue));
    assert_eq!(seqs(&queues.take(room, unlimited)), [3, 4, 5, 6, 7]);
}

#[test]
fn a_blocked_lane_gives_out_only_what_is_asked_for() {
    let mut queues = EntityQueues::by_entity();
    for (seq, entity) in [(1, 1), (2, 2), (3, 1)] {
        queues.push(event(seq, entity));
    }
    let (queue, first) = queues.take(Room::ONE, unlimited).pop().unwrap();
    queues.block(queue);
    queues.put_back(queue, first);
    assert_eq!(
        seqs(&queues.take(
            Room {
                events: 9,
                bytes: 99,
                ..Room::ONE
            },
            unlimited
        )),
        [2]
    );
    assert_eq!(queues.blocked().collect::<Vec<_>>(), [(queue, Seq::new(1))]);
    assert_eq!(queues.later().collect::<Vec<_>>(), [(queue, Seq::new(3))]);
    let later = queues.take_one(queue, Seq::new(3));
    assert_eq!((seqs(&later), queues.take_one(queue, Seq::new(1)).len()), (vec![3], 0));
    queues.done(queue);
    assert_eq!(
        queues.remove(queue, Seq::new(1)).map(|event| event.seq),
        Some(Seq::new(1))
    );
    assert_eq!((queues.waiting(), queues.waiting_bytes()), (0, 0));
    queues.unblock(queue);
    queues.push(event(4, 1));
    assert_eq!(seqs(&queues.take(Room::ONE, unlimited)), [4]);
}

#[test]
fn an_event_limits_the_request_that_it_is_in() {
    let mut queues = EntityQueues::in_log_order();
    for seq in 1..=9 {
        queues.push(event(seq, 1));
    }
    let most = |seq: Seq| match seq.get() {
        3..=7 => Some(2),
        8 => Some(1),
        _ => None,
    };
    let room = Room {
        events: 100,
        bytes: 100,
        ..Room::ONE
    };
    let mut taken = Vec::new();
    while queues.waiting() > 0 {
        let bounds = queues.bounds(room, |_| false, most).unwrap();
        let request = queues.take(room, most);
        request.iter().for_each(|(queue, _)| queues.done(*queue));
        let request = seqs(&request);
        assert_eq!((bounds.0.get(), bounds.1.get()), (request[0], *request.last().unwrap()));
        taken.push(request);
    }
    assert_eq!(taken, [vec![1, 2], vec![3, 4], vec![5, 6], vec![7], vec![8], vec![9]]);
}

proptest! {
    /// Whatever is put back and in whatever order requests end, each entity's events are accepted in log order, each
    /// once, and none is left behind.
    #[test]
    fn entities_keep_their_order(
        entities in proptest::collection::vec(0_u8..12, 1..120),
        fates in proptest::collection::vec((any::<bool>(), any::<usize>()), 400),
        size in 1_usize..8,
    ) {
        let mut queues = EntityQueues::by_entity();
        let of: HashMap<i64, u8> = (1_i64..).zip(entities.iter().copied()).collect();
        for (seq, entity) in (1_i64..).zip(&entities) {
            queues.push(event(seq, *entity));
        }
        let (mut out, mut accepted): (Vec<Vec<Taken>>, Vec<i64>) = (Vec::new(), Vec::new());
        let mut fates = fates.into_iter();
        loop {
            while out.len() < 5 {
                let taken = queues.take(Room { events: size, bytes: 100, ..Room::ONE }, unlimited);
                if taken.is_empty() { break }
                out.push(taken);
            }
            if out.is_empty() {
                break;
            }
            let (fails, which) = fates.next().unwrap_or((false, 0));
            let request = out.remove(which % out.len());
            // Of a request, the later half may fail alone.
            let kept = if fails { which % (request.len() + 1) } else { request.len() };
            accepted.extend(request.iter().take(kept).map(|(_, event)| event.seq.get()));
            for (position, (queue, event)) in request.into_iter().enumerate().rev() {
                if position >= kept {
                    queues.put_back(queue, event);
                } else {
                    queues.done(queue);
                }
            }
        }
        prop_assert_eq!(accepted.len(), entities.len());
        prop_assert_eq!((queues.waiting(), queues.waiting_bytes()), (0, 0));
        let mut last: HashMap<u8, i64> = HashMap::new();
        for seq in accepted {
            let entity = of[&seq];
            prop_assert!(last.insert(entity, seq).is_none_or(|before| before < seq));
        }
    }
}
