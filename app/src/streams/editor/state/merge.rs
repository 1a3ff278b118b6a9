//! What was typed while a save was on its way, laid over what that save stored.

use domain::destination::{DestinationDraft, HeaderDraft};

/// Every part of `typed` that is no longer as it was sent takes its place in `stored`, where it can still be changed.
pub(super) fn keep_typed(typed: &DestinationDraft, sent: &DestinationDraft, stored: &mut DestinationDraft) {
    keep(&typed.name, &sent.name, &mut stored.name);
    // Names mean nothing without what is done with them.
    if (&typed.event_types, typed.filter_kind) != (&sent.event_types, sent.filter_kind) {
        stored.event_types.clone_from(&typed.event_types);
        stored.filter_kind = typed.filter_kind;
    }
    keep(&typed.namespaces, &sent.namespaces, &mut stored.namespaces);
    if typed.target.headers != sent.target.headers {
        let (typed, sent) = (&typed.target.headers, &sent.target.headers);
        stored.target.headers = headers(typed, sent, &stored.target.headers);
    }
    // What is fixed by now was sent as it was typed.
    let fields = typed.kind().spec().given_fields();
    for spec in fields.filter(|spec| spec.fixed_after_create.is_none()) {
        let text = typed.target.values.get(spec.field);
        if text == sent.target.values.get(spec.field) {
            continue;
        }
        match text {
            Some(text) => stored.target.values.set(spec.field, text),
            None => stored.target.values.remove(spec.field),
        }
    }
}

fn keep<T: Clone + PartialEq>(typed: &T, sent: &T, stored: &mut T) {
    if typed != sent {
        stored.clone_from(typed);
    }
}

/// The rows as they are typed, each with the id under which it is stored by now.
fn headers(typed: &[HeaderDraft], sent: &[HeaderDraft], stored: &[HeaderDraft]) -> Vec<HeaderDraft> {
    typed.iter().map(|row| as_stored(row, sent, stored)).collect()
}

fn as_stored(row: &HeaderDraft, sent: &[HeaderDraft], stored: &[HeaderDraft]) -> HeaderDraft {
    let is_same = |sent: &&HeaderDraft| sent.id == row.id && (row.id.is_some() || sent.name == row.name);
    let sent = sent.iter().find(is_same);
    let stored = sent.and_then(|sent| stored.iter().find(|stored| stored.name == sent.name));
    let (Some(sent), Some(stored)) = (sent, stored) else {
        return row.clone();
    };
    HeaderDraft {
        id: stored.id,
        name: row.name.clone(),
        // What was sent is stored, and hidden again.
        value: row.value.clone().filter(|_| row.value != sent.value),
        active: row.active,
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Field,
        destination::{DestinationKind, FilterKind, TargetDraft},
        ids::HeaderId,
    };

    use super::*;

    fn draft(kind: DestinationKind) -> DestinationDraft {
        DestinationDraft::new("name", TargetDraft::new(kind))
    }

    fn row(id: Option<i64>, name: &str, value: Option<&str>) -> HeaderDraft {
        HeaderDraft {
            id: id.map(HeaderId::new),
            name: name.into(),
            value: value.map(Into::into),
            active: true,
        }
    }

    #[test]
    fn only_what_changed_since_it_was_sent_is_kept() {
        let mut sent = draft(DestinationKind::AmazonS3);
        sent.target = sent.target.with([
            (Field::Bucket, " sent "),
            (Field::SecretAccessKey, "s3cret"),
            (Field::KeyPrefix, "a"),
        ]);
        let mut typed = sent.clone();
        typed.name = "typed".into();
        let changes = [
            (Field::Region, "eu-central-1"),
            (Field::ObjectLayout, "batches"),
            (Field::Encryption, "aws:kms"),
            (Field::LockDays, "30"),
            (Field::KeyPrefix, ""),
        ];
        typed.target = typed.target.with(changes);
        let mut stored = draft(DestinationKind::AmazonS3);
        stored.target = stored.target.with([(Field::Bucket, "sent"), (Field::KeyPrefix, "a")]);
        let expected = stored.target.clone().with(changes);
        keep_typed(&typed, &sent, &mut stored);
        assert_eq!(
            (stored.name.as_str(), &stored.target),
            ("typed", &expected),
            "the secret is hidden again"
        );
    }

    #[test]
    fn event_types_are_kept_together_with_what_is_done_with_them() {
        let filter = |filter_kind, names: &[&str]| DestinationDraft {
            event_types: names.iter().map(|name| (*name).to_owned()).collect(),
            filter_kind,
            ..draft(DestinationKind::Http)
        };
        let sent = filter(FilterKind::Allow, &["a"]);
        for typed in [filter(FilterKind::Deny, &["a"]), filter(FilterKind::Deny, &["b"])] {
            let mut stored = sent.clone();
            keep_typed(&typed, &sent, &mut stored);
            assert_eq!(stored, typed);
        }
        // Stored without event types, a denylist is none; nothing was typed since.
        let (sent, mut stored) = (filter(FilterKind::Deny, &[]), filter(FilterKind::Allow, &[]));
        keep_typed(&sent, &sent, &mut stored);
        assert_eq!(stored.filter_kind, FilterKind::Allow);
    }

    #[test]
    fn a_secret_that_is_opened_meanwhile_stays_open() {
        let google = |private_key: Option<&str>| {
            let mut draft = draft(DestinationKind::GoogleCloudLogging);
            draft.target = draft.target.with(private_key.map(|key| (Field::PrivateKey, key)));
            draft
        };
        let mut stored = google(None);
        keep_typed(&google(Some("")), &google(None), &mut stored);
        assert_eq!(stored, google(Some("")));
        let mut stored = google(None);
        keep_typed(&google(Some("new")), &google(Some("new")), &mut stored);
        assert_eq!(stored, google(None));
    }

    #[test]
    fn rows_that_were_sent_are_known_under_their_ids() {
        let http = |headers: Vec<HeaderDraft>| {
            let mut draft = draft(DestinationKind::Http);
            draft.target.headers = headers;
            draft
        };
        let sent = http(vec![
            row(Some(7), "X-A", None),
            row(None, "X-B", Some("b")),
            row(None, "X-C", Some("c")),
        ]);
        let typed = http(vec![
            row(Some(7), "X-Renamed", None),
            row(None, "X-B", Some("b")),
            row(None, "X-D", Some("d")),
        ]);
        let mut stored = http(vec![
            row(Some(7), "X-A", None),
            row(Some(8), "X-B", None),
            row(Some(9), "X-C", None),
        ]);
        keep_typed(&typed, &sent, &mut stored);
        let expected = vec![
            row(Some(7), "X-Renamed", None),
            row(Some(8), "X-B", None),
            row(None, "X-D", Some("d")),
        ];
        assert_eq!(stored, http(expected));
    }
}
