//! Events of about a kilobyte, as a GitLab instance would send them, with ids that differ.

/// Events are about so many entities, in turn.
const ENTITIES: usize = 1_000;

/// Digits of an event's number, so that it can be written over in place.
const DIGITS: usize = 12;

/// The event with this number.
pub(crate) fn event(number: usize) -> String {
    let (entity, filler) = (number % ENTITIES, "x".repeat(420));
    format!(
        r#"{{"id":"bench-{number:0DIGITS$}","author_id":1,"entity_id":{entity},"entity_type":"Project","details":{{"event_name":"project_setting_updated","author_name":"Administrator","author_class":"User","target_id":{entity},"target_type":"Project","target_details":"group/project","custom_message":"{filler}","ip_address":"127.0.0.1","entity_path":"group/project"}},"ip_address":"127.0.0.1","author_name":"Administrator","entity_path":"group/project","target_details":"group/project","created_at":"2026-03-01T12:00:00.000Z","target_type":"Project","target_id":{entity},"event_type":"project_setting_updated"}}"#
    )
}

/// An event of so many bytes as it is posted, at least 200.
pub(crate) fn sized_event(number: usize, bytes: usize) -> String {
    let entity = number % ENTITIES;
    let start = format!(
        r#"{{"id":"bench-{number:0DIGITS$}","author_id":1,"entity_id":{entity},"entity_type":"Project","created_at":"2026-03-01T12:00:00.000Z","event_type":"push","details":{{"custom_message":""#
    );
    let filler = bytes.checked_sub(start.len() + r#""}}"#.len()).unwrap();
    format!(r#"{start}{}"}}}}"#, "x".repeat(filler))
}

/// A whole POST of some events whose numbers can be changed without building it anew.
pub(crate) struct Request {
    bytes: Vec<u8>,
    numbers_at: Vec<usize>,
}

impl Request {
    pub(crate) fn new(token: &str, events: usize) -> Self {
        Self::of(token, &(0..events).map(event).collect::<Vec<_>>())
    }

    /// The same, with these events.
    pub(crate) fn of(token: &str, bodies: &[String]) -> Self {
        let body = if bodies.len() == 1 {
            bodies.concat()
        } else {
            format!("[{}]", bodies.join(","))
        };
        let head = format!(
            "POST /api/v1/audit_events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let bytes = [head, body].concat().into_bytes();
        let marker = b"\"bench-";
        let numbers_at = bytes
            .windows(marker.len())
            .enumerate()
            .filter(|(_, window)| window == marker);
        let numbers_at = numbers_at.map(|(position, _)| position + marker.len()).collect();
        Self { bytes, numbers_at }
    }

    pub(crate) fn events(&self) -> usize {
        self.numbers_at.len()
    }

    /// The request with events numbered from `first` on.
    pub(crate) fn numbered(&mut self, first: usize) -> &[u8] {
        for (offset, at) in self.numbers_at.iter().enumerate() {
            let digits = format!("{:0DIGITS$}", first + offset);
            self.bytes[*at..at + DIGITS].copy_from_slice(digits.as_bytes());
        }
        &self.bytes
    }
}
