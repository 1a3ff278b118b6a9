//! The kinds of destination, as the page names them, and where one of each sends events.

use domain::destination::{DestinationKind, TargetDraft};

/// Name in the menu.
pub const fn menu_label(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Http => "HTTP endpoint",
        DestinationKind::GoogleCloudLogging => "Google Cloud Logging",
        DestinationKind::AmazonS3 => "AWS S3",
    }
}

/// Words on the badge in the list.
pub const fn badge_label(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Http => "HTTP",
        DestinationKind::GoogleCloudLogging | DestinationKind::AmazonS3 => menu_label(kind),
    }
}

/// Where it sends events, in one line.
pub fn target_line(target: &TargetDraft) -> String {
    match target {
        TargetDraft::Http(draft) => without_query(&draft.url),
        TargetDraft::GoogleCloudLogging(draft) => ["projects/", &draft.project_id, "/logs/", &draft.log_id].concat(),
        TargetDraft::AmazonS3(draft) => {
            let slash = if draft.key_prefix.is_empty() { "" } else { "/" };
            let host = host(&draft.endpoint_url);
            let separator = if host.is_empty() { "" } else { " · " };
            ["s3://", &draft.bucket, slash, &draft.key_prefix, separator, host].concat()
        }
    }
}

/// A URL whose query, which may hold a key, is masked.
fn without_query(url: &str) -> String {
    url.split_once('?')
        .map_or_else(|| url.to_owned(), |(front, _)| [front, "?***"].concat())
}

/// Host and port of a URL; empty if there is none.
fn host(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::destination::{GoogleDraft, HttpDraft, S3Draft};

    use super::*;

    #[test]
    fn each_kind_says_where_its_events_go() {
        let http = TargetDraft::Http(HttpDraft {
            url: "https://siem.example/in?token=s3cret&x=?".into(),
            ..HttpDraft::default()
        });
        let google = TargetDraft::GoogleCloudLogging(GoogleDraft {
            project_id: "my-project".into(),
            log_id: "audit/events".into(),
            ..GoogleDraft::default()
        });
        let s3 = |key_prefix: &str, endpoint_url: &str| {
            TargetDraft::AmazonS3(S3Draft {
                bucket: "audit".into(),
                key_prefix: key_prefix.into(),
                endpoint_url: endpoint_url.into(),
                ..S3Draft::default()
            })
        };
        for (target, line) in [
            (http, "https://siem.example/in?***"),
            (google, "projects/my-project/logs/audit/events"),
            (s3("", ""), "s3://audit"),
            (s3("eu/prod", ""), "s3://audit/eu/prod"),
            (s3("", "https://minio.example:9000/"), "s3://audit · minio.example:9000"),
            (s3("eu", "http://10.0.0.7"), "s3://audit/eu · 10.0.0.7"),
        ] {
            assert_eq!(target_line(&target), line);
        }
    }
}
