//! What a destination says about its connections: from its values to its clients, and what is wrong with certificates.

use domain::{
    Field, FieldError, FieldErrors, Timestamp,
    alerts::Validity,
    destination::{FieldMap, TlsSettings},
    proxy::ProxyChoice,
};

use super::SinkError;
use crate::net::{GuardedClients, TlsError, TlsOptions, is_of_ca, is_version_3, trusted_root, validity_of};

/// The clients of a destination with these values: whom they trust, and through which proxy they connect. Fields that a kind does not
/// have take their defaults.
///
/// # Errors
/// [`SinkError`] if what is stored can't be used.
pub(super) fn clients_of(values: &FieldMap, clients: &GuardedClients) -> Result<GuardedClients, SinkError> {
    let settings = TlsSettings::parse(values)?;
    let options = TlsOptions::new(&settings, values.text(Field::TlsClientKey))?;
    // Without the proxy that was chosen, events would take a way that nobody has allowed.
    let proxy = ProxyChoice::parse(values.text(Field::Proxy))
        .map_err(|invalid| FieldErrors::from(FieldError::new(Field::Proxy, format!("Proxy {invalid}"))))?;
    Ok(clients.with_tls(options).with_proxy(proxy))
}

/// Finds certificates and keys that would fail with every connection. What is stored already may have expired since: then the stream
/// reports it, and other fields can still be changed.
pub(super) fn check(values: &FieldMap, stored: Option<&FieldMap>, now: Timestamp) -> Result<(), FieldErrors> {
    let settings = TlsSettings::parse(values)?;
    let is_changed = |field| stored.is_none_or(|stored| stored.text(field) != values.text(field));
    let mut errors = FieldErrors::default();
    if is_changed(Field::TlsCaCertificates) {
        errors.collect(check_roots(&settings, now));
    }
    if is_changed(Field::TlsClientCertificate) || is_changed(Field::TlsClientKey) {
        errors.collect(check_client(&settings, values.text(Field::TlsClientKey), now));
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(errors),
    }
}

fn check_roots(settings: &TlsSettings, now: Timestamp) -> Result<(), FieldError> {
    let refused = |problem: String| FieldError::new(Field::TlsCaCertificates, format!("CA certificates {problem}"));
    for (der, number) in settings.ca_certificates.iter().zip(1..) {
        let validity = trusted_root(der).and_then(|()| validity_of(der));
        let validity = validity.ok_or_else(|| refused(format!("can't be read: number {number} is damaged")))?;
        if !is_of_ca(der) {
            return Err(refused(format!(
                "can't be used: number {number} is not the certificate of a CA"
            )));
        }
        if let Some(problem) = out_of_date(validity, now) {
            return Err(refused(format!("can't be used: number {number} {problem}")));
        }
    }
    Ok(())
}

fn check_client(settings: &TlsSettings, key: &str, now: Timestamp) -> Result<(), FieldError> {
    let refused =
        |problem: String| FieldError::new(Field::TlsClientCertificate, format!("Client certificate {problem}"));
    for (der, number) in settings.client_certificate.iter().zip(1..) {
        let validity = validity_of(der);
        let validity = validity.ok_or_else(|| refused(format!("can't be read: number {number} is damaged")))?;
        match (out_of_date(validity, now), number) {
            (None, _) => {}
            (Some(problem), 1) => return Err(refused(problem)),
            (Some(problem), _) => {
                return Err(refused(format!(
                    "can't be used: intermediate certificate {} {problem}",
                    number - 1
                )));
            }
        }
    }
    check_key(settings, key)
}

fn check_key(settings: &TlsSettings, key: &str) -> Result<(), FieldError> {
    let (field, message) = match TlsOptions::new(settings, key) {
        Ok(_) | Err(TlsError::Root | TlsError::ServerName | TlsError::NoProvider) => return Ok(()),
        Err(TlsError::Certificate) => (
            Field::TlsClientCertificate,
            match settings.client_certificate.iter().next().is_none_or(is_version_3) {
                true => "Client certificate can't be used with TLS",
                false => "Client certificate must be an X.509 version 3 certificate",
            },
        ),
        Err(TlsError::Key) => (
            Field::TlsClientKey,
            "Client key can't be used: it must be an RSA key of 2048 bits or more, an ECDSA key (P-256, P-384) or an Ed25519 key",
        ),
        Err(TlsError::Mismatch) => (
            Field::TlsClientKey,
            "Client key does not belong to the client certificate, which must come before its intermediate certificates",
        ),
    };
    Err(FieldError::new(field, message))
}

/// Why it is not valid now; `None` if it is.
fn out_of_date(validity: Validity, now: Timestamp) -> Option<String> {
    if validity.until <= now {
        return Some(format!("expired on {}", validity.until.date()));
    }
    (now < validity.from).then(|| format!("is not valid before {}", validity.from.date()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::NetworkRules;

    #[test]
    fn a_stored_proxy_that_can_not_be_used_is_not_replaced_by_a_direct_connection() {
        let clients = GuardedClients::new(NetworkRules::default());
        let of = |proxy: &str| clients_of(&FieldMap::from([(Field::Proxy, proxy)]), &clients).map(drop);
        for usable in [
            "",
            "default",
            "direct",
            "http://proxy.example:3128",
            "socks5h://proxy.example",
        ] {
            assert!(of(usable).is_ok(), "{usable}");
        }
        for broken in ["http//proxy", "https://proxy.example", "none"] {
            let SinkError::Settings(errors) = of(broken).unwrap_err() else {
                panic!("{broken}")
            };
            let message = errors.message_for(Field::Proxy);
            assert!(
                message.is_some_and(|message| message.starts_with("Proxy must ")),
                "{broken}: {message:?}"
            );
        }
    }
}
