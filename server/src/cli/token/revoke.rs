//! `audit-streams token revoke`.

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
    let store = args.folder.open().await?;
    let revoked = store.revoke_token(&args.name).await;
    store.close().await;
    revoked?;
    print_line(&format!(
        "Revoked the token {}. A running server rejects it within a second.",
        args.name
    ));
    Ok(())
}
