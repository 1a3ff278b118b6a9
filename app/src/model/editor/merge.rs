//! What was typed while a save was on its way, laid over what that save stored.

use domain::destination::{DestinationDraft, HeaderDraft, TargetDraft};

/// Every part of `typed` that is no longer as it was sent takes its place in `stored`, where it can still be changed.
pub(super) fn keep_typed(typed: &DestinationDraft, sent: &DestinationDraft, stored: &mut DestinationDraft) {
    keep(&typed.name, &sent.name, &mut stored.name);
    // Names mean nothing without what is done with them.
    if (&typed.event_types, typed.filter_kind) != (&sent.event_types, sent.filter_kind) {
        stored.event_types.clone_from(&typed.event_types);
        stored.filter_kind = typed.filter_kind;
    }
    keep(&typed.namespaces, &sent.namespaces, &mut stored.namespaces);
    // A destination never becomes one of another kind: then there is nothing to keep.
    match &typed.target {
        TargetDraft::Http(typed) => {
            let (TargetDraft::Http(sent), TargetDraft::Http(stored)) = (&sent.target, &mut stored.target) else {
                return;
            };
            // URL and token can't be changed once they were sent.
            if typed.headers != sent.headers {
                stored.headers = headers(&typed.headers, &sent.headers, &stored.headers);
            }
        }
        TargetDraft::GoogleCloudLogging(typed) => {
            let (TargetDraft::GoogleCloudLogging(sent), TargetDraft::GoogleCloudLogging(stored)) =
                (&sent.target, &mut stored.target)
            else {
                return;
            };
            keep(&typed.project_id, &sent.project_id, &mut stored.project_id);
            keep(&typed.client_email, &sent.client_email, &mut stored.client_email);
            keep(&typed.log_id, &sent.log_id, &mut stored.log_id);
            keep(&typed.private_key, &sent.private_key, &mut stored.private_key);
        }
        TargetDraft::AmazonS3(typed) => {
            let (TargetDraft::AmazonS3(sent), TargetDraft::AmazonS3(stored)) = (&sent.target, &mut stored.target)
            else {
                return;
            };
            keep(&typed.access_key_id, &sent.access_key_id, &mut stored.access_key_id);
            keep(
                &typed.secret_access_key,
                &sent.secret_access_key,
                &mut stored.secret_access_key,
            );
            keep(&typed.region, &sent.region, &mut stored.region);
            keep(&typed.bucket, &sent.bucket, &mut stored.bucket);
            keep(&typed.endpoint_url, &sent.endpoint_url, &mut stored.endpoint_url);
            keep(&typed.key_prefix, &sent.key_prefix, &mut stored.key_prefix);
            keep(&typed.layout, &sent.layout, &mut stored.layout);
            keep(&typed.partitions, &sent.partitions, &mut stored.partitions);
            keep(&typed.omit_checksums, &sent.omit_checksums, &mut stored.omit_checksums);
            keep(&typed.encryption, &sent.encryption, &mut stored.encryption);
            keep(&typed.kms_key_id, &sent.kms_key_id, &mut stored.kms_key_id);
            keep(&typed.lock_mode, &sent.lock_mode, &mut stored.lock_mode);
            keep(&typed.lock_days, &sent.lock_days, &mut stored.lock_days);
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
        destination::{FilterKind, GoogleDraft, HttpDraft, ObjectLayout, S3Draft},
        ids::HeaderId,
    };

    use super::*;

    fn draft(target: TargetDraft) -> DestinationDraft {
        DestinationDraft {
            name: "name".into(),
            target,
            event_types: Vec::new(),
            filter_kind: FilterKind::default(),
            namespaces: String::new(),
            start_from: String::new(),
        }
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
        let sent = draft(TargetDraft::AmazonS3(S3Draft {
            bucket: " sent ".into(),
            secret_access_key: Some("s3cret".into()),
            ..S3Draft::default()
        }));
        let mut typed = sent.clone();
        typed.name = "typed".into();
        if let TargetDraft::AmazonS3(typed) = &mut typed.target {
            typed.region = "eu-central-1".into();
            typed.layout = ObjectLayout::Batches;
            typed.encryption = "aws:kms".into();
            typed.lock_days = "30".into();
        }
        let mut stored = draft(TargetDraft::AmazonS3(S3Draft {
            bucket: "sent".into(),
            ..S3Draft::default()
        }));
        keep_typed(&typed, &sent, &mut stored);
        let expected = TargetDraft::AmazonS3(S3Draft {
            bucket: "sent".into(),
            region: "eu-central-1".into(),
            layout: ObjectLayout::Batches,
            encryption: "aws:kms".into(),
            lock_days: "30".into(),
            ..S3Draft::default()
        });
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
            ..draft(TargetDraft::Http(HttpDraft::default()))
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
            draft(TargetDraft::GoogleCloudLogging(GoogleDraft {
                private_key: private_key.map(Into::into),
                ..GoogleDraft::default()
            }))
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
            draft(TargetDraft::Http(HttpDraft {
                headers,
                ..HttpDraft::default()
            }))
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
