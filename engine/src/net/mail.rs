//! Handing an e-mail to an SMTP server that a user named.
//!
//! The name is resolved here, each address is checked, and the connection goes to an address that was checked; the server's
//! certificate must be for the name.

use std::{net::SocketAddr, time::Duration};

use domain::settings::{EmailSettings, SmtpSecurity};
use lettre::{
    Message,
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use rustls::pki_types::CertificateDer;

use super::{
    Blocked, GuardedClients, Unresolved,
    resolver::{ResolveError, resolve},
};

/// No connection within this time is no connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// The whole of one attempt at all addresses, from resolving the name to the server's last answer.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(30);

/// For the goodbye after an e-mail was taken.
const QUIT_DEADLINE: Duration = Duration::from_secs(1);

/// An e-mail was not taken by the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("the network rules forbid it")]
    Blocked(#[source] Blocked),
    #[error("the host has no address")]
    Unresolved(#[source] Unresolved),
    #[error("no complete response within {} seconds", ATTEMPT_DEADLINE.as_secs())]
    Timeout,
    #[error("the trusted certificates can't be read")]
    Trust(#[source] rustls::Error),
    #[error("no encrypted connection can be set up")]
    Tls(#[source] smtp::Error),
    #[error("the server did not accept it")]
    Server(#[source] smtp::Error),
}

/// What is trusted beside the certificates of the machine.
type Roots = Vec<CertificateDer<'static>>;

/// Where e-mail is handed in.
pub(crate) struct MailServer<'settings>(pub(crate) &'settings EmailSettings);

impl GuardedClients {
    /// Hands the message to the server, at the first of its addresses that can be connected to.
    pub(crate) async fn send_mail(&self, server: MailServer<'_>, message: Message) -> Result<(), MailError> {
        let handed_in = async {
            let roots = self.extra_roots().map_err(MailError::Trust)?;
            let mut connection = self.connect_to(&server, &roots).await?;
            // From here on the server may have taken it: another address would be given it a second time.
            server.hand_in(&mut connection, &message, &roots).await?;
            Ok(connection)
        };
        let mut connection = match tokio::time::timeout(ATTEMPT_DEADLINE, handed_in).await {
            Ok(handed_in) => handed_in?,
            Err(_) => return Err(MailError::Timeout),
        };
        if tokio::time::timeout(QUIT_DEADLINE, connection.abort()).await.is_err() {
            tracing::debug!("The e-mail server accepted an e-mail but did not end the connection.");
        }
        Ok(())
    }

    async fn connect_to(&self, server: &MailServer<'_>, roots: &Roots) -> Result<AsyncSmtpConnection, MailError> {
        let (host, port) = (server.0.host.as_str(), server.0.port);
        let addresses = resolve(&self.rules(), host, port).await.map_err(|error| match error {
            ResolveError::Blocked(blocked) => MailError::Blocked(blocked),
            ResolveError::Unresolved => MailError::Unresolved(Unresolved),
        })?;
        let mut failed = MailError::Unresolved(Unresolved);
        for address in addresses {
            match server.connect(address, roots).await {
                Err(error) if error.is_about_the_address() => failed = error,
                connected => return connected,
            }
        }
        Err(failed)
    }
}

impl MailError {
    /// No connection could be made: another address of the same host may do better.
    fn is_about_the_address(&self) -> bool {
        match self {
            Self::Server(error) => {
                error.status().is_none() && !error.is_response() && !error.is_client() && !error.is_tls()
            }
            Self::Timeout | Self::Blocked(_) | Self::Unresolved(_) | Self::Trust(_) | Self::Tls(_) => false,
        }
    }
}

impl MailServer<'_> {
    /// Up to the server's greeting.
    #[expect(clippy::disallowed_methods, reason = "the address has been checked")]
    async fn connect(&self, address: SocketAddr, roots: &Roots) -> Result<AsyncSmtpConnection, MailError> {
        let tls = match self.0.security {
            SmtpSecurity::Tls => Some(self.tls(roots)?),
            SmtpSecurity::StartTls | SmtpSecurity::None => None,
        };
        AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT_DEADLINE), &ClientId::default(), tls, None)
            .await
            .map_err(MailError::Server)
    }

    async fn hand_in(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
        roots: &Roots,
    ) -> Result<(), MailError> {
        if self.0.security == SmtpSecurity::StartTls {
            let encrypted = connection.starttls(self.tls(roots)?, &ClientId::default()).await;
            encrypted.map_err(MailError::Server)?;
        }
        if let Some(login) = &self.0.login {
            let credentials = Credentials::new(login.username.clone(), login.password.expose().to_owned());
            let known = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            known.map_err(MailError::Server)?;
        }
        let taken = connection.send(message.envelope(), &message.formatted()).await;
        taken.map_err(MailError::Server)?;
        Ok(())
    }

    fn tls(&self, roots: &Roots) -> Result<TlsParameters, MailError> {
        let mut tls = TlsParameters::builder(self.0.host.as_str().to_owned());
        for root in roots {
            tls = tls.add_root_certificate(Certificate::from_der(root.to_vec()).map_err(MailError::Tls)?);
        }
        tls.build().map_err(MailError::Tls)
    }
}
