//! `audit-streams token`: works beside a running server, which takes note within a second.

mod create;
mod list;
mod revoke;

use clap::Subcommand;

use super::error::CommandError;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Create a token and print it on the last line; it is not shown again
    Create(create::CreateArgs),
    /// List all tokens, without the tokens themselves
    List(list::ListArgs),
    /// Revoke a token permanently
    Revoke(revoke::RevokeArgs),
}

pub(super) async fn run(command: TokenCommand) -> Result<(), CommandError> {
    match command {
        TokenCommand::Create(args) => create::run(args).await,
        TokenCommand::List(args) => list::run(args).await,
        TokenCommand::Revoke(args) => revoke::run(args).await,
    }
}
