//! Handing an e-mail to an SMTP server that a user named.
//!
//! The name is resolved here, each address is checked, and the connection goes to an address that was checked; the server's
//! certificate must be for the name.

use std::{net::SocketAddr, time::Duration};

use domain::settings::{EmailSettings, SmtpSecurity};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};

use super::{
    Blocked, GuardedClients, Unresolved,
    resolver::{ResolveError, resolve},
};

/// No connection within this time is no connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// The whole of one attempt at one address, from connecting to the server's last answer.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(30);

/// An e-mail was not taken by the server.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the network rules forbid it")]
    Blocked(#[source] Blocked),
    #[error("the host has no address")]
    Unresolved(#[source] Unresolved),
    #[error("no whole answer within {} seconds", ATTEMPT_DEADLINE.as_secs())]
    Timeout,
    #[error("no encrypted connection can be set up")]
    Tls(#[source] smtp::Error),
    #[error("the server did not take it")]
    Server(#[source] smtp::Error),
}

/// Where e-mail is handed in.
pub(crate) struct MailServer<'settings>(pub(crate) &'settings EmailSettings);

impl GuardedClients {
    /// Hands the message to the server, at the first of its addresses that can be connected to.
    pub(crate) async fn send_mail(&self, server: MailServer<'_>, message: Message) -> Result<(), MailError> {
        let (host, port) = (server.0.host.as_str(), server.0.port);
        let addresses = resolve(&self.rules(), host, port).await.map_err(|error| match error {
            ResolveError::Blocked(blocked) => MailError::Blocked(blocked),
            ResolveError::Unresolved => MailError::Unresolved(Unresolved),
        })?;
        let mut failed = MailError::Unresolved(Unresolved);
        for address in addresses {
            match server.send_to(address, message.clone()).await {
                Err(error) if error.is_about_the_address() => failed = error,
                answered => return answered,
            }
        }
        Err(failed)
    }
}

impl MailError {
    /// Another address of the same host may do better.
    fn is_about_the_address(&self) -> bool {
        match self {
            Self::Timeout => true,
            Self::Server(error) => {
                error.status().is_none() && !error.is_response() && !error.is_client() && !error.is_tls()
            }
            Self::Blocked(_) | Self::Unresolved(_) | Self::Tls(_) => false,
        }
    }
}

impl MailServer<'_> {
    async fn send_to(&self, address: SocketAddr, message: Message) -> Result<(), MailError> {
        let transport = self.transport(address)?;
        match tokio::time::timeout(ATTEMPT_DEADLINE, transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(MailError::Server(error)),
            Err(_) => Err(MailError::Timeout),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the address has been checked")]
    fn transport(&self, address: SocketAddr) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
        let settings = self.0;
        let parameters = || TlsParameters::new(settings.host.as_str().to_owned()).map_err(MailError::Tls);
        let tls = match settings.security {
            SmtpSecurity::StartTls => Tls::Required(parameters()?),
            SmtpSecurity::Tls => Tls::Wrapper(parameters()?),
            SmtpSecurity::None => Tls::None,
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .timeout(Some(CONNECT_DEADLINE))
            .tls(tls);
        let builder = match &settings.login {
            Some(login) => {
                let password = login.password.expose().to_owned();
                builder.credentials(Credentials::new(login.username.clone(), password))
            }
            None => builder,
        };
        Ok(builder.build())
    }
}
