//! The SMTP server that alerts are handed to, and whom they are for.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::Host;

use crate::{Field, FieldError, FieldErrors};

/// Addresses that one alert goes to.
const MAX_RECIPIENTS: usize = 20;

/// Submission, <https://www.rfc-editor.org/rfc/rfc6409>.
const DEFAULT_PORT: u16 = 587;

/// Of a user name and of a password.
const MAX_LOGIN_CHARS: usize = 255;

/// How the connection to the e-mail server is encrypted: by STARTTLS before anything is sent, from the start, or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SmtpSecurity {
    /// It begins in clear and must be encrypted before anything is sent.
    #[default]
    StartTls,
    /// From its first byte on.
    Tls,
    None,
}

impl SmtpSecurity {
    /// Every kind of encryption, the recommended one first.
    pub const ALL: [Self; 3] = [Self::StartTls, Self::Tls, Self::None];

    /// The name in APIs: `starttls`, `tls` or `none`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }

    /// Reads what [`Self::as_str`] returns; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|security| security.as_str() == text)
    }
}

/// A host name or an address, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpHost(String);

impl SmtpHost {
    /// Blanks at either end are dropped.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::EmailHost`].
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let refused = |rule: &str| Err(FieldError::new(Field::EmailHost, rule));
        if text.is_empty() {
            return refused("Server: can't be blank; to send no e-mail, leave Server, From and To empty.");
        }
        let is_name = text.is_ascii() && text.len() <= 253 && Host::parse(text).is_ok();
        if !is_name && text.parse::<IpAddr>().is_err() {
            return refused("Server: a host name or an address without a port, for example smtp.example.com.");
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SmtpHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An e-mail address in ASCII, without a name before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress(String);

impl MailAddress {
    /// None unless it has a mailbox of the plain form and a host name.
    pub fn parse(text: &str) -> Option<Self> {
        let (mailbox, host) = text.split_once('@')?;
        let is_atom = |part: &str| !part.is_empty() && part.bytes().all(is_atom_byte);
        let is_mailbox = mailbox.len() <= 64 && mailbox.split('.').all(is_atom);
        let is_label = |label: &str| {
            let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let is_host = host.len() <= 189 && host.split('.').all(is_label);
        (is_mailbox && is_host).then(|| Self(text.to_owned()))
    }

    /// The text as it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// `atext`, <https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3>.
const fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
        )
}

/// Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpPassword(String);

impl SmtpPassword {
    /// Kept as typed.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::EmailPassword`].
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if text.is_empty() || !is_login_text(text) {
            let rule = "Password: at most 255 characters, none of them a control character.";
            return Err(FieldError::new(Field::EmailPassword, rule));
        }
        Ok(Self(text.to_owned()))
    }

    /// The password itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SmtpPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SmtpPassword(..)")
    }
}

fn is_login_text(text: &str) -> bool {
    text.chars().count() <= MAX_LOGIN_CHARS && !text.chars().any(char::is_control)
}

/// As it was typed. Without server, sender and recipients, no e-mail is sent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailDraft {
    /// As typed. If it is empty, e-mail is turned off.
    pub host: String,
    /// Empty for 587.
    pub port: String,
    /// Empty for STARTTLS.
    pub security: String,
    /// Empty for a server that asks for none.
    pub username: String,
    /// Empty to keep what is stored.
    pub password: String,
    /// Address of the sender, as typed.
    pub from: String,
    /// Parted by commas or lines.
    pub to: String,
}

impl fmt::Debug for EmailDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EmailDraft")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// What is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChange {
    /// Name or address of the SMTP server.
    pub host: SmtpHost,
    /// Port of the SMTP server.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: SmtpSecurity,
    /// `None` for a server without authentication.
    pub username: Option<String>,
    /// None keeps what is stored.
    pub password: Option<SmtpPassword>,
    /// Address of the sender.
    pub from: MailAddress,
    /// Addresses of the recipients; at least one.
    pub to: Vec<MailAddress>,
}

/// As stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailSettings {
    /// Name or address of the SMTP server.
    pub host: SmtpHost,
    /// Port of the SMTP server.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: SmtpSecurity,
    /// `None` for a server without authentication.
    pub login: Option<SmtpLogin>,
    /// Address of the sender.
    pub from: MailAddress,
    /// At least one.
    pub to: Vec<MailAddress>,
}

/// The user name and the password for the e-mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpLogin {
    /// Name at the SMTP server.
    pub username: String,
    /// Password at the SMTP server.
    pub password: SmtpPassword,
}

impl EmailDraft {
    /// None if no e-mail is to be sent.
    ///
    /// # Errors
    /// Every field that breaks its rule.
    pub fn parse(&self) -> Result<Option<EmailChange>, FieldErrors> {
        let is_off = [&self.host, &self.from, &self.to]
            .iter()
            .all(|text| text.trim().is_empty());
        if is_off {
            return Ok(None);
        }
        let mut errors = FieldErrors::default();
        let host = errors.collect(SmtpHost::parse(&self.host));
        let port = errors.collect(parse_port(&self.port));
        let security = errors.collect(parse_security(&self.security));
        let username = errors.collect(parse_username(&self.username));
        let password = errors.collect(self.parse_password());
        let from = errors.collect(parse_from(&self.from));
        let to = errors.collect(parse_to(&self.to));
        let required = host.zip(port).zip(security).zip(from).zip(to);
        match (required, username, password) {
            (Some(((((host, port), security), from), to)), Some(username), Some(password)) => Ok(Some(EmailChange {
                host,
                port,
                security,
                username,
                password,
                from,
                to,
            })),
            _ => Err(errors),
        }
    }

    fn parse_password(&self) -> Result<Option<SmtpPassword>, FieldError> {
        if self.password.is_empty() {
            return Ok(None);
        }
        if self.username.trim().is_empty() {
            let rule = "Username: can't be blank where there is a password, for example audit@example.com.";
            return Err(FieldError::new(Field::EmailUsername, rule));
        }
        SmtpPassword::parse(&self.password).map(Some)
    }
}

impl EmailChange {
    /// With what is kept of `stored`. A password is kept for the server that it was typed for, and for no other: whoever
    /// names a server would receive it.
    ///
    /// # Errors
    /// A [`FieldError`] if a password is missing, or would be sent in clear.
    pub fn complete(self, stored: Option<&EmailSettings>) -> Result<EmailSettings, FieldError> {
        let login = match self.username {
            None => None,
            Some(_) if self.security == SmtpSecurity::None => {
                let rule =
                    "Encryption: a password is not sent in clear; choose STARTTLS or TLS, or leave Username empty.";
                return Err(FieldError::new(Field::EmailSecurity, rule));
            }
            Some(username) => {
                let kept = stored.filter(|stored| stored.host == self.host && stored.security == self.security);
                let kept = kept.and_then(|stored| stored.login.as_ref());
                let password = self.password.or_else(|| kept.map(|login| login.password.clone()));
                let rule = "Password: enter it; none is stored for this server with this encryption.";
                Some(SmtpLogin {
                    username,
                    password: password.ok_or_else(|| FieldError::new(Field::EmailPassword, rule))?,
                })
            }
        };
        Ok(EmailSettings {
            host: self.host,
            port: self.port,
            security: self.security,
            login,
            from: self.from,
            to: self.to,
        })
    }
}

fn parse_port(text: &str) -> Result<u16, FieldError> {
    match text.trim() {
        "" => Ok(DEFAULT_PORT),
        text => text.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
            let rule = "Port: a whole number from 1 to 65535, for example 587.";
            FieldError::new(Field::EmailPort, rule)
        }),
    }
}

fn parse_security(text: &str) -> Result<SmtpSecurity, FieldError> {
    match text.trim() {
        "" => Ok(SmtpSecurity::default()),
        text => SmtpSecurity::parse(text).ok_or_else(|| {
            let rule = "Encryption: must be starttls, tls or none.";
            FieldError::new(Field::EmailSecurity, rule)
        }),
    }
}

fn parse_username(text: &str) -> Result<Option<String>, FieldError> {
    match text.trim() {
        "" => Ok(None),
        text if is_login_text(text) => Ok(Some(text.to_owned())),
        _ => {
            let rule =
                "Username: at most 255 characters, none of them a control character, for example audit@example.com.";
            Err(FieldError::new(Field::EmailUsername, rule))
        }
    }
}

fn parse_from(text: &str) -> Result<MailAddress, FieldError> {
    MailAddress::parse(text.trim()).ok_or_else(|| {
        let rule = "From: one e-mail address, for example audit@example.com.";
        FieldError::new(Field::EmailFrom, rule)
    })
}

/// The same address is kept once.
fn parse_to(text: &str) -> Result<Vec<MailAddress>, FieldError> {
    let refused = |rule: String| FieldError::new(Field::EmailTo, rule);
    let mut addresses = Vec::new();
    for text in text
        .split([',', '\n', ';'])
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        let address = MailAddress::parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            refused(format!(
                "To: “{shown}” is not an e-mail address such as ops@example.com; separate several addresses by commas."
            ))
        })?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.len() {
        0 => Err(refused(
            "To: at least one e-mail address, for example ops@example.com.".to_owned(),
        )),
        1..=MAX_RECIPIENTS => Ok(addresses),
        _ => Err(refused(format!(
            "To: at most {MAX_RECIPIENTS} addresses; use a mailing list for more."
        ))),
    }
}

#[cfg(test)]
mod tests;
