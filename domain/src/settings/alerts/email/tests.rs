use proptest::prelude::*;

use super::*;

fn draft() -> EmailDraft {
    EmailDraft {
        host: " smtp.example.com ".into(),
        port: String::new(),
        security: String::new(),
        username: "audit".into(),
        password: "s3cret word".into(),
        from: "audit@example.com".into(),
        to: "ops@example.com, sec@example.com\nops@example.com".into(),
    }
}

fn stored() -> EmailSettings {
    draft().parse().unwrap().unwrap().complete(None).unwrap()
}

#[test]
fn what_is_empty_stands_at_its_default() {
    let settings = stored();
    assert_eq!(
        (settings.host.as_str(), settings.port, settings.security),
        ("smtp.example.com", 587, SmtpSecurity::StartTls)
    );
    let to: Vec<&str> = settings.to.iter().map(MailAddress::as_str).collect();
    assert_eq!(to, ["ops@example.com", "sec@example.com"]);
    assert_eq!(EmailDraft::default().parse(), Ok(None), "it is off");
}

#[test]
fn a_password_is_kept_for_the_server_that_it_was_typed_for_alone() {
    let without = || EmailDraft {
        password: String::new(),
        port: "465".into(),
        ..draft()
    };
    let kept = without().parse().unwrap().unwrap().complete(Some(&stored())).unwrap();
    assert_eq!(kept.login.unwrap().password.expose(), "s3cret word");
    for other in [
        EmailDraft {
            host: "elsewhere.example".into(),
            ..without()
        },
        EmailDraft {
            security: "tls".into(),
            ..without()
        },
    ] {
        let error = other.parse().unwrap().unwrap().complete(Some(&stored())).unwrap_err();
        assert_eq!(error.field, Field::EmailPassword);
    }
    let error = without().parse().unwrap().unwrap().complete(None).unwrap_err();
    assert_eq!(error.field, Field::EmailPassword);
}

#[test]
fn a_password_is_never_sent_in_clear() {
    let clear = EmailDraft {
        security: "none".into(),
        ..draft()
    };
    let error = clear.parse().unwrap().unwrap().complete(None).unwrap_err();
    assert_eq!(error.field, Field::EmailSecurity);
    let anonymous = EmailDraft {
        security: "none".into(),
        username: String::new(),
        password: String::new(),
        ..draft()
    };
    assert_eq!(anonymous.parse().unwrap().unwrap().complete(None).unwrap().login, None);
}

#[test]
fn each_mistake_is_told_at_its_field() {
    let wrong = |change: fn(&mut EmailDraft)| {
        let mut draft = draft();
        change(&mut draft);
        draft.parse().unwrap_err()
    };
    for (field, errors) in [
        (
            Field::EmailHost,
            wrong(|draft| draft.host = "smtp.example.com:25".into()),
        ),
        (Field::EmailHost, wrong(|draft| draft.host = String::new())),
        (Field::EmailHost, wrong(|draft| draft.host = "smtp example".into())),
        (Field::EmailPort, wrong(|draft| draft.port = "0".into())),
        (Field::EmailPort, wrong(|draft| draft.port = "65536".into())),
        (Field::EmailSecurity, wrong(|draft| draft.security = "ssl".into())),
        (Field::EmailUsername, wrong(|draft| draft.username = "a\nb".into())),
        (Field::EmailUsername, wrong(|draft| draft.username = String::new())),
        (Field::EmailPassword, wrong(|draft| draft.password = "p".repeat(256))),
        (
            Field::EmailFrom,
            wrong(|draft| draft.from = "Audit <audit@example.com>".into()),
        ),
        (Field::EmailTo, wrong(|draft| draft.to = "ops@example.com, ops".into())),
        (Field::EmailTo, wrong(|draft| draft.to = " , ".into())),
    ] {
        assert!(errors.message_for(field).is_some(), "{field:?}: {errors:?}");
    }
    let many: Vec<String> = (0..21).map(|number| format!("ops{number}@example.com")).collect();
    let errors = EmailDraft {
        to: many.join(","),
        ..draft()
    }
    .parse()
    .unwrap_err();
    assert!(errors.message_for(Field::EmailTo).unwrap().contains("at most 20"));
}

#[test]
fn addresses_of_the_plain_form() {
    for text in ["a@b", "o'neil+audit.x@mail.example.com", "x@1.example"] {
        assert!(MailAddress::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "@b",
        "a@",
        "a@b@c",
        "a b@c",
        ".a@b",
        "a.@b",
        "a@-b",
        "a@b..c",
        "a@b\r\nBcc: x",
        "ä@b",
    ] {
        assert!(MailAddress::parse(text).is_none(), "{text}");
    }
}

#[test]
fn debug_shows_no_password() {
    let shown = format!("{:?} {:?} {:?}", draft(), draft().parse(), stored());
    assert!(!shown.contains("s3cret"), "{shown}");
}

proptest! {
    #[test]
    fn parsing_never_panics(text in ".*") {
        drop(EmailDraft { host: text.clone(), from: text.clone(), to: text, ..EmailDraft::default() }.parse());
    }
}
