//! `receivers`: one receiver in a process of its own, for tests that are not written in Rust. It prints one line of JSON
//! that says where it listens, and stays until it is ended; the control path `/_received` (see the library) shows what it received.

use std::{io, io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use receivers::{
    google::{GOOGLE_TOKEN_URI, GoogleServer, Options},
    s3::S3Server,
};
use serde_json::{Value, json};

#[derive(Parser)]
#[command(name = "receivers", about = "A receiver for the tests of Audit Streams")]
#[command(disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// S3 on a folder
    S3(S3Args),
    /// Google's token endpoint and Cloud Logging
    Google(GoogleArgs),
}

#[derive(clap::Args)]
struct S3Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where buckets and objects are kept
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The access key ID that requests must name
    #[arg(long, value_name = "ID")]
    access_key: String,
    /// The secret access key that must have signed them
    #[arg(long, value_name = "SECRET")]
    secret: String,
    /// Buckets to make
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,
}

#[derive(clap::Args)]
struct GoogleArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The project that may be written to
    #[arg(long, value_name = "ID", default_value = "audit-streams-test")]
    project: String,
    /// For how long an access token is good
    #[arg(long, value_name = "SECONDS", default_value_t = 3599)]
    token_lifetime: u64,
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(run(command))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr().lock(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Does not end by itself.
async fn run(command: Command) -> io::Result<()> {
    match command {
        Command::S3(args) => {
            let server = S3Server::start_at(args.listen, args.folder, &args.access_key, &args.secret).await?;
            for bucket in &args.bucket {
                server.make_bucket(bucket)?;
            }
            announce(&json!({"url": server.url(), "buckets": args.bucket}))?;
            std::future::pending::<()>().await;
        }
        Command::Google(args) => {
            let options = Options {
                project_id: args.project,
                token_lifetime: Duration::from_secs(args.token_lifetime),
                ..Options::default()
            };
            let server = GoogleServer::start_at(args.listen, options).await?;
            announce(&json!({
                "url": server.url(),
                "token_url": server.token_url(),
                "write_url": server.write_url(),
                "service_account": server.service_account_json(GOOGLE_TOKEN_URI),
            }))?;
            std::future::pending::<()>().await;
        }
    }
    Ok(())
}

fn announce(line: &Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
