//! `audit-streams token create`.

use std::time::Duration;

use domain::{
    Timestamp,
    access::{CertificateName, Scope, TokenName, TokenRequest},
};
use engine::clock::Clock;

use crate::cli::{
    data_folder::DataFolderArgs,
    error::CommandError,
    output::print_line,
    settings::{InvalidSettings, Setting},
};

#[derive(clap::Args)]
pub(in crate::cli) struct CreateArgs {
    /// Name of the token. Use one token for each system: events are deduplicated by token name and event id
    #[arg(long)]
    name: String,
    /// What the token allows: ingest (post events), read, or admin (everything). May be given several times
    #[arg(long = "scope", required = true, value_name = "SCOPE")]
    scopes: Vec<Scope>,
    /// Days after which the token expires
    #[arg(long, value_name = "DAYS", conflicts_with = "expires_at")]
    expires_in_days: Option<u32>,
    /// When the token expires, for example 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// Subject (as in RFC 4514), host name, e-mail address or URI of a client certificate that stands for the token
    #[arg(long, value_name = "NAME")]
    client_certificate: Option<String>,
    #[command(flatten)]
    folder: DataFolderArgs,
}

const EXPIRES_AT: Setting = Setting::Variable("--expires-at");
const EXPIRES_IN_DAYS: Setting = Setting::Variable("--expires-in-days");

pub(super) async fn run(args: CreateArgs) -> Result<(), CommandError> {
    let now = Clock::machine().now();
    let name = TokenName::parse(&args.name).map_err(CommandError::Field)?;
    let certificate = args.client_certificate.as_deref().map(CertificateName::parse);
    let client_certificate = certificate.transpose().map_err(CommandError::Field)?;
    let expires_at = expiry(&args, now)?;
    let scopes = in_order(args.scopes);
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let words = words.join(", ");
    let request = TokenRequest {
        name: name.clone(),
        scopes,
        expires_at,
        client_certificate,
    };
    let store = args.folder.open().await?;
    let created = store.create_token(request).await;
    store.close().await;
    let created = created?;
    let until = expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {at}"));
    print_line(&format!("Token {name} ({words}, {until}), shown once:"));
    print_line(&created.token);
    Ok(())
}

fn expiry(args: &CreateArgs, now: Timestamp) -> Result<Option<Timestamp>, InvalidSettings> {
    let mut problems = InvalidSettings::default();
    let at = args
        .expires_at
        .as_deref()
        .and_then(|text| problems.collect(EXPIRES_AT, Timestamp::parse(text)));
    if at.is_some_and(|at| at <= now) {
        problems.note(EXPIRES_AT, "must lie in the future");
    }
    if args.expires_in_days == Some(0) {
        problems.note(
            EXPIRES_IN_DAYS,
            "must be at least 1; leave it out for a token that never expires",
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let in_days = args
        .expires_in_days
        .map(|days| now.plus(Duration::from_secs(u64::from(days) * 86_400)));
    Ok(at.or(in_days))
}

/// Each scope once.
fn in_order(mut scopes: Vec<Scope>) -> Vec<Scope> {
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CreateArgs,
    }

    fn expiry_of(line: &[&str]) -> Result<Option<i64>, String> {
        let line = ["create", "--name", "x", "--scope", "ingest"].iter().chain(line);
        let args = Line::try_parse_from(line).map_err(|error| error.to_string())?.args;
        let expires_at = expiry(&args, Timestamp::from_unix_ms(1_000)).map_err(|error| error.to_string())?;
        Ok(expires_at.map(Timestamp::unix_ms))
    }

    #[test]
    fn a_token_may_expire() {
        assert_eq!(expiry_of(&[]), Ok(None));
        assert_eq!(expiry_of(&["--expires-in-days", "1"]), Ok(Some(86_401_000)));
        assert_eq!(
            expiry_of(&["--expires-at", "1970-01-02T00:00:00Z"]),
            Ok(Some(86_400_000))
        );
    }

    #[test]
    fn an_expiry_that_makes_no_sense_is_refused() {
        assert!(
            expiry_of(&["--expires-in-days", "0"])
                .unwrap_err()
                .contains("at least 1")
        );
        assert!(
            expiry_of(&["--expires-at", "1970-01-01T00:00:01Z"])
                .unwrap_err()
                .contains("in the future")
        );
        assert!(
            expiry_of(&["--expires-at", "tomorrow"])
                .unwrap_err()
                .contains("--expires-at must be an ISO 8601")
        );
        assert!(expiry_of(&["--expires-in-days", "1", "--expires-at", "1970-01-02T00:00:00Z"]).is_err());
    }

    #[test]
    fn scopes_are_kept_once() {
        assert_eq!(
            in_order(vec![Scope::Admin, Scope::Ingest, Scope::Admin]),
            [Scope::Ingest, Scope::Admin]
        );
    }
}
