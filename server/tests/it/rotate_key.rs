//! `audit-streams rotate-key` with the real program, killed at any moment.

use std::{fs, path::Path, process::Stdio, time::Duration};

use crate::instance::{Instance, add_destination, binary, command, folder, last_line, open_engine, unlocked};

const URL: &str = "http://127.0.0.1:9/hook?key=secret";

async fn url_in(data_dir: &Path) -> String {
    let engine = open_engine(data_dir).await;
    let destinations = engine.list_destinations().await.unwrap();
    let url = destinations[0]
        .destination
        .target
        .values
        .text(domain::Field::Url)
        .to_owned();
    engine.shutdown(Duration::from_secs(10)).await;
    drop(engine);
    unlocked(data_dir).await;
    url
}

#[tokio::test]
async fn the_key_is_replaced_and_the_server_starts_with_the_new_one() {
    let folder = folder();
    add_destination(folder.path(), "SIEM", URL.to_owned()).await;
    let key = folder.path().join("secret.key");
    let before = fs::read(&key).unwrap();
    let rotated = command(folder.path(), &["rotate-key"]);
    let text = String::from_utf8_lossy(&rotated.stdout).into_owned();
    assert!(
        text.contains("secret.key contains the new key. The previous key is in secret.key."),
        "{text}"
    );
    assert!(last_line(&rotated).starts_with("Make a new backup"), "{text}");
    assert!(text.contains("4 secrets are encrypted with the key"), "{text}");
    assert_ne!(fs::read(&key).unwrap(), before);
    assert_eq!(url_in(folder.path()).await, URL);
    let instance = Instance::start_on(folder, &[]);
    let refused = instance.command(&["rotate-key"]);
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        complaint.contains("another server is running on the data folder"),
        "{complaint}"
    );
}

/// The ciphertext of each field of a destination.
fn ciphertexts(data_dir: &Path) -> Vec<Vec<u8>> {
    let store = rusqlite::Connection::open(data_dir.join("audit-streams.db")).unwrap();
    let sql = "SELECT value_sealed FROM destination_fields WHERE value_sealed IS NOT NULL ORDER BY field";
    let mut statement = store.prepare(sql).unwrap();
    let found = statement.query_map([], |row| row.get(0)).unwrap();
    found.collect::<rusqlite::Result<_>>().unwrap()
}

#[tokio::test]
async fn a_rotation_that_is_killed_leaves_a_folder_that_starts() {
    let folder = folder();
    add_destination(folder.path(), "SIEM", URL.to_owned()).await;
    let key = folder.path().join("secret.key");
    for kill in 0..8_u32 {
        let before = fs::read(&key).unwrap();
        let secrets = ciphertexts(folder.path());
        assert_eq!(secrets.len(), 4);
        let mut program = binary();
        program.arg("rotate-key").env("AUDIT_STREAMS_DATA_DIR", folder.path());
        let mut process = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Once both keys are in the file, and then some way on; or when it has ended.
        while process.try_wait().unwrap().is_none() && fs::read(&key).unwrap() == before {
            std::thread::yield_now();
        }
        for _ in 0..kill * 250 {
            std::thread::yield_now();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        let checked = command(folder.path(), &["check"]);
        assert!(checked.status.success(), "kill {kill}: {checked:?}");
        assert_eq!(url_in(folder.path()).await, URL, "kill {kill}");
        assert_eq!(fs::read_to_string(&key).unwrap().lines().count(), 1, "kill {kill}");
        if ciphertexts(folder.path()) != secrets {
            let store = fs::read(folder.path().join("audit-streams.db")).unwrap();
            let is_left = |secret: &Vec<u8>| store.windows(secret.len()).any(|bytes| bytes == secret);
            assert!(!secrets.iter().any(is_left), "kill {kill}");
        }
    }
}
