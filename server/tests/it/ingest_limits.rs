//! What is too much, and what a client is told then.

use crate::instance::{Answer, Instance};

const MIB: usize = 1024 * 1024;

/// One event of exactly this size.
fn event_of(bytes: usize) -> String {
    let frame = r#"{"event_type":"user_created","details":{"note":""}}"#;
    frame.replace(
        r#""note":"""#,
        &format!(r#""note":"{}""#, "x".repeat(bytes - frame.len())),
    )
}

#[tokio::test]
async fn a_request_has_at_most_25_mebibytes_however_it_is_sent() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let almost = vec![event_of(MIB - 1); 25].join("\n");
    assert_eq!(almost.len(), 25 * MIB - 1);
    assert_eq!(instance.post(&token, almost.clone()).await.len(), 25);
    let too_large = (413, "body_too_large".to_owned());
    let plain = format!("{almost}{}", " ".repeat(2));
    assert_eq!(
        Answer::of(instance.ingest(&token).body(plain.clone())).await.error(),
        too_large
    );
    let zstd = zstd::encode_all(plain.as_bytes(), 1).unwrap();
    assert!(zstd.len() < MIB);
    let compressed = instance.ingest(&token).header("content-encoding", "zstd").body(zstd);
    assert_eq!(Answer::of(compressed).await.error(), too_large);
    let large = vec![b' '; 60 * MIB];
    assert_eq!(
        Answer::of(instance.ingest(&token).body(large.clone())).await.error(),
        too_large,
        "far too large"
    );
    let unauthorised = Answer::of(instance.ingest("nobody's").body(large)).await;
    assert_eq!(
        unauthorised.error(),
        (401, "unknown_token".into()),
        "the answer arrives although the body was not wanted"
    );
}
