//! `audit-streams receive`: from arguments to a receiver.

use std::net::SocketAddr;

use super::{
    error::CommandError,
    settings::{InvalidSettings, Setting},
};
use crate::receive::{ReceiveConfig, SigningKey, receive};

#[derive(clap::Args)]
pub(super) struct ReceiveArgs {
    /// Address and port to listen on; port 0 picks a free port
    #[arg(
        long,
        env = "AUDIT_STREAMS_RECEIVE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:9000"
    )]
    listen: SocketAddr,
    /// Accepted verification token. Can be given several times. Without it, every token is accepted. In the variable, separate tokens
    /// with spaces.
    #[arg(
        long,
        env = "AUDIT_STREAMS_RECEIVE_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    token: Vec<String>,
    /// Accepted signing secret (whsec_…). Can be given several times. Without it, signatures are not checked. In the variable, separate
    /// secrets with spaces.
    #[arg(
        long,
        env = "AUDIT_STREAMS_RECEIVE_SIGNING_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    signing_secret: Vec<String>,
    /// Print the body of each request too
    #[arg(long)]
    show_body: bool,
    /// Respond with this status instead of 200, to see how a failing destination looks
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..=599))]
    status: Option<u16>,
}

const TOKEN: Setting = Setting::Flag("--token", "AUDIT_STREAMS_RECEIVE_TOKEN");
const SIGNING_SECRET: Setting = Setting::Flag("--signing-secret", "AUDIT_STREAMS_RECEIVE_SIGNING_SECRET");

pub(super) async fn run(args: ReceiveArgs) -> Result<(), CommandError> {
    receive(args.into_config()?).await
}

impl ReceiveArgs {
    fn into_config(self) -> Result<ReceiveConfig, InvalidSettings> {
        let mut problems = InvalidSettings::default();
        let secrets = values(&self.signing_secret);
        let signing_keys = secrets.filter_map(|secret| problems.collect(SIGNING_SECRET, SigningKey::parse(secret)));
        let signing_keys = signing_keys.collect();
        for (setting, given) in [(TOKEN, &self.token), (SIGNING_SECRET, &self.signing_secret)] {
            if is_blank(given) {
                problems.note(setting, "is blank; without a value, nothing is checked");
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(ReceiveConfig {
            listen: self.listen,
            tokens: values(&self.token).map(str::to_owned).collect(),
            signing_keys,
            show_body: self.show_body,
            status: self.status.unwrap_or(200),
        })
    }
}

/// Neither tokens nor secrets contain spaces.
fn values(given: &[String]) -> impl Iterator<Item = &str> {
    given.iter().flat_map(|given| given.split_whitespace())
}

/// Whether something was given, but no value. An empty text is nothing.
fn is_blank(given: &[String]) -> bool {
    given.iter().any(|given| !given.is_empty()) && values(given).next().is_none()
}
