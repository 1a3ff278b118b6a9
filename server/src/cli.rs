//! The command line. Each command turns its raw arguments into settings that can be used, or says everything that is
//! wrong with them; then it does its one thing.

mod admin;
mod backup;
mod check;
mod data_folder;
mod drill;
mod error;
mod output;
mod receive;
mod rotate_key;
mod schema;
mod serve;
mod settings;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use self::{error::CommandError, output::print_line};

#[derive(Parser)]
#[command(
    name = "audit-streams",
    version,
    about = "Receives audit events, stores them durably, and streams them to destinations"
)]
#[command(disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<serve::ServeArgs>),
    /// Run a small receiver that verifies and prints the events that it receives
    Receive(receive::ReceiveArgs),
    /// Post marked events to a running server while you stop, kill or disconnect parts of it, and check that each one arrives
    Drill(drill::DrillArgs),
    /// Create, list and revoke API tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Reset the password of an administrator
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Check the data folder of a stopped server: its files, events, streams and secrets. Nothing is changed. Exits with 1 if there
    /// is a problem
    Check(check::CheckArgs),
    /// Encrypt all stored secrets again with a new key, while the server is stopped. The key is taken from
    /// AUDIT_STREAMS_NEW_ENCRYPTION_KEY, or else generated and stored in secret.key
    RotateKey(rotate_key::RotateKeyArgs),
    /// Back up a data folder, verify a backup, and restore one
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Print the schema of an API, as committed under docs/
    #[command(subcommand, hide = true)]
    Schema(schema::SchemaCommand),
}

/// Runs the command of this process's own command line.
pub(crate) fn run() -> ExitCode {
    let command = Cli::parse().command;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = match builder.enable_all().thread_stack_size(engine::THREAD_STACK).build() {
        Ok(runtime) => runtime,
        Err(error) => return CommandError::Runtime(error).report(),
    };
    let ended = runtime.block_on(execute(command));
    // Nothing that still runs has promised anything to anybody.
    runtime.shutdown_background();
    ended.map_or_else(|error| error.report(), |()| ExitCode::SUCCESS)
}

async fn execute(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Serve(args) => serve::run(*args).await,
        Command::Receive(args) => receive::run(args).await,
        Command::Drill(args) => drill::run(args).await,
        Command::Token(command) => token::run(command).await,
        Command::Admin(command) => admin::run(command).await,
        Command::Check(args) => check::run(args).await,
        Command::RotateKey(args) => rotate_key::run(args).await,
        Command::Backup(command) => backup::run(command).await,
        Command::Schema(command) => {
            schema::run(&command);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
