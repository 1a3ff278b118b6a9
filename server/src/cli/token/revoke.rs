//! `audit-streams token revoke`.

use domain::event::{Author, OwnEvent};
use engine::{clock::Clock, own_events::Recorded};

use crate::cli::{data_folder::DataFolderArgs, error::CommandError, output::print_line};

#[derive(clap::Args)]
pub(in crate::cli) struct RevokeArgs {
    /// The token's name
    #[arg(long)]
    name: String,
    #[command(flatten)]
    folder: DataFolderArgs,
}

pub(super) async fn run(args: RevokeArgs) -> Result<(), CommandError> {
    let now = Clock::machine().now();
    let database = args.folder.open().await?;
    let event_name = args.name.clone();
    let revoked = |token| {
        Recorded::new(
            OwnEvent::TokenRevoked {
                token,
                name: event_name,
            },
            &Author::command_line(),
            now,
        )
    };
    let stored = database.revoke_token(&args.name, now, revoked).await;
    database.close().await;
    stored?.ok_or_else(|| CommandError::NoSuchToken {
        name: args.name.clone(),
    })?;
    print_line(&format!(
        "Revoked the token {}. A running server refuses it within a second.",
        args.name
    ));
    Ok(())
}
