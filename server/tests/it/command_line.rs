//! The commands that work beside a running server.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::{
    browser::Browser,
    instance::{Instance, PASSWORD, binary, command, folder, last_line},
};

#[tokio::test]
async fn a_token_is_printed_once_alone_on_the_last_line() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest", "read"]);
    assert!(token.starts_with("ast_") && token.len() == 47, "{token}");
    let listed = instance.command(&["token", "list"]);
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(
        text.contains("app") && text.contains("ingest,read") && text.contains("active"),
        "{text}"
    );
    assert!(!text.contains(&token));
    let files = std::fs::read_dir(instance.data_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(
            !bytes.windows(token.len()).any(|window| window == token.as_bytes()),
            "{}",
            file.display()
        );
    }
}

#[tokio::test]
async fn what_can_not_be_done_is_said() {
    let instance = Instance::start();
    instance.token("app", &["ingest"]);
    for (arguments, code, complaint) in [
        (
            &["token", "create", "--name", "app", "--scope", "read"][..],
            1,
            "a token named app already exists",
        ),
        (
            &["token", "create", "--name", "audit-streams", "--scope", "read"],
            2,
            "is reserved for instance events",
        ),
        (
            &["token", "create", "--name", "x", "--scope", "write"],
            2,
            "one of ingest, read, admin",
        ),
        (&["token", "create", "--name", "x"], 2, "--scope"),
        (&["token", "revoke", "--name", "nobody"], 1, "no token named nobody"),
        (
            &["admin", "reset-password", "--username", "nobody"],
            1,
            "no user named nobody",
        ),
    ] {
        let output = instance.command(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(complaint), "{complaint}: {stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn a_misspelt_folder_is_not_made() {
    let parent = folder();
    let missing = parent.path().join("missing");
    let output = command(&missing, &["token", "list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the data folder"));
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_lost_password_is_replaced_and_every_session_ends() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let password = last_line(&instance.command(&["admin", "reset-password"]));
    assert_eq!(password.len(), 24);
    assert_eq!(browser.read("destinations/list").await.status, 401);
    assert_eq!(browser.sign_in("root", PASSWORD).await.status, 403);
    assert_eq!(browser.sign_in("root", &password).await.status, 200);
}

#[tokio::test]
async fn a_secret_that_is_not_unicode_is_refused_and_no_other_is_made() {
    let folder = folder();
    let serve = &["serve", "--listen", "127.0.0.1:0"][..];
    for (variable, commands) in [
        (
            "AUDIT_STREAMS_ENCRYPTION_KEY",
            [serve, &["check"], &["rotate-key"]].as_slice(),
        ),
        ("AUDIT_STREAMS_NEW_ENCRYPTION_KEY", &[&["rotate-key"]]),
        ("AUDIT_STREAMS_ROOT_PASSWORD", &[serve, &["admin", "reset-password"]]),
    ] {
        for arguments in commands {
            let mut program = binary();
            program
                .args(*arguments)
                .env("AUDIT_STREAMS_DATA_DIR", folder.path())
                .env(variable, OsStr::from_bytes(b"s3cret\xff"));
            let output = program.output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
            assert!(stderr.contains(&format!("{variable} is not valid UTF-8")), "{stderr}");
            assert!(!stderr.contains("s3cret"), "{stderr}");
        }
    }
    assert!(!folder.path().join("secret.key").exists());
}

#[tokio::test]
async fn commands_make_no_second_key() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let mut instance = Instance::start_with(&[("AUDIT_STREAMS_ENCRYPTION_KEY", key)]);
    // The shell of whoever runs a command does not have the server's variables.
    let token = instance.token("app", &["ingest"]);
    assert!(!instance.data_dir().join("secret.key").exists());
    assert!(instance.shut_down().await.success());
    instance.restart();
    instance.post(&token, r#"{"event_type":"user_created"}"#).await;
}
