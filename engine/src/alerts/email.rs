//! An alert as an e-mail.

use std::time::{Duration, UNIX_EPOCH};

use domain::settings::{EmailSettings, MailAddress};
use lettre::{
    Address, Message,
    message::{Mailbox, header::ContentType},
};

use super::NotSent;
use crate::{
    net::{GuardedClients, MailError, MailServer},
    sink::find_cause,
    store::Notice,
};

/// Under which name the instance writes.
const SENDER: &str = "Audit Streams";

pub(super) async fn send(clients: &GuardedClients, settings: &EmailSettings, notice: &Notice) -> Result<(), NotSent> {
    let message = message(settings, notice)?;
    let sent = clients.send_mail(MailServer(settings), message).await;
    sent.map_err(|error| {
        let words = masked(why_not(&error), settings);
        match &error {
            MailError::Blocked(_) => NotSent::blocked(words),
            error if is_about_the_message(error) => NotSent::refused(words),
            _ => NotSent::trouble(words),
        }
    })
}

fn message(settings: &EmailSettings, notice: &Notice) -> Result<Message, NotSent> {
    let unusable = |_| NotSent::trouble("A stored e-mail address can't be used.".to_owned());
    let address = |address: &MailAddress| address.as_str().parse::<Address>().map_err(unusable);
    let mut message = Message::builder()
        .from(Mailbox::new(Some(SENDER.to_owned()), address(&settings.from)?))
        .subject(format!("[{SENDER}] {}", notice.subject))
        .message_id(Some(message_id(settings, notice)))
        .date(UNIX_EPOCH + Duration::from_secs(u64::try_from(notice.created_at.unix_seconds()).unwrap_or(0)))
        .header(ContentType::TEXT_PLAIN);
    for to in &settings.to {
        message = message.to(Mailbox::new(None, address(to)?));
    }
    message
        .body(notice.body.clone())
        .map_err(|error| NotSent::refused(format!("The e-mail can't be written: {error}.")))
}

/// The same for each try: who gets it twice sees that it is one.
fn message_id(settings: &EmailSettings, notice: &Notice) -> String {
    let host = settings
        .from
        .as_str()
        .split_once('@')
        .map_or("localhost", |(_, host)| host);
    format!("<{}@{host}>", notice.id)
}

/// The server has refused it for good (5yz), and not because it wants a login (530 to 538).
fn is_about_the_message(error: &MailError) -> bool {
    match error {
        MailError::Server(error) => {
            let status = error.status().map(u16::from);
            status.is_some_and(|status| (500..600).contains(&status) && !(530..540).contains(&status))
        }
        _ => false,
    }
}

/// As a sentence.
fn why_not(error: &MailError) -> String {
    match error {
        MailError::Blocked(blocked) => format!("{blocked}."),
        MailError::Unresolved(unresolved) => format!("{unresolved}."),
        MailError::Timeout => "The e-mail server sent no complete response within 30 seconds.".to_owned(),
        MailError::Trust(error) => format!("TLS can't be used: {}.", root_cause(error)),
        MailError::Tls(error) => format!("TLS can't be used: {}.", root_cause(error)),
        MailError::Server(error) => match (error.status(), find_cause::<rustls::Error>(error)) {
            (Some(status), _) => format!("The e-mail server answered {status}: {}.", root_cause(error)),
            (None, Some(tls)) => format!("The TLS handshake with the e-mail server failed: {tls}."),
            (None, None) => format!("The e-mail could not be sent: {}.", root_cause(error)),
        },
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut root = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        root = cause.to_string();
        next = cause.source();
    }
    root.trim_end_matches('.').to_owned()
}

/// Some servers repeat what they were sent.
fn masked(words: String, settings: &EmailSettings) -> String {
    match &settings.login {
        Some(login) => words.replace(login.password.expose(), "••••"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        settings::{EmailChange, SmtpHost, SmtpSecurity},
    };

    use super::*;
    use crate::store::Channel;

    #[test]
    fn every_address_that_is_accepted_can_be_written() {
        for text in [
            "a@b",
            "o'neil+x.y@mail.example.com",
            "x@1.example",
            "!#$%&'*+-/=?^_`{|}~@x.example",
        ] {
            let address = MailAddress::parse(text).unwrap();
            let settings = EmailChange {
                host: SmtpHost::parse("smtp.example.com").unwrap(),
                port: 587,
                security: SmtpSecurity::StartTls,
                username: None,
                password: None,
                from: address.clone(),
                to: vec![address],
            };
            let notice = Notice {
                id: "0199".into(),
                channel: Channel::Email,
                subject: "Stream Bücher\r\nBcc: evil@example.com has been failing".into(),
                body: "Zeile eins\nZeile zwei ü".into(),
                created_at: Timestamp::from_unix_ms(1_760_464_808_677),
                tries: 0,
            };
            let message = message(&settings.complete(None).unwrap(), &notice).unwrap();
            let written = String::from_utf8(message.formatted()).unwrap();
            assert!(written.contains("Message-ID: <0199@"), "{written}");
            assert!(written.contains("Date: Tue, 14 Oct 2025 18:00:08"), "{written}");
            assert!(!written.lines().any(|line| line.starts_with("Bcc:")), "{written}");
        }
    }
}
