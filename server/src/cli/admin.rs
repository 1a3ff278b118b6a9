//! `audit-streams admin`: for whoever has the host but can't sign in.

use clap::Subcommand;
use domain::{Field, access::NewPassword};

use super::{
    data_folder::{DataFolderArgs, secret_variable},
    error::CommandError,
    output::print_line,
};
use crate::serve::ROOT_PASSWORD;
use engine::credentials::random_text;

#[derive(Subcommand)]
pub(super) enum AdminCommand {
    /// Set a new password and end all sessions of a user, and enable the user if it was disabled. The password is printed
    /// alone on the last line, unless it is taken from AUDIT_STREAMS_ROOT_PASSWORD
    ResetPassword(ResetPasswordArgs),
}

#[derive(clap::Args)]
pub(super) struct ResetPasswordArgs {
    /// Name of the user
    #[arg(long, default_value = "root")]
    username: String,
    #[command(flatten)]
    folder: DataFolderArgs,
}

pub(super) async fn run(command: AdminCommand) -> Result<(), CommandError> {
    match command {
        AdminCommand::ResetPassword(args) => reset_password(args).await,
    }
}

async fn reset_password(args: ResetPasswordArgs) -> Result<(), CommandError> {
    let given = secret_variable(ROOT_PASSWORD)?;
    let is_given = given.is_some();
    let text = given.map_or_else(random_text::<18>, Ok)?;
    let password = NewPassword::parse(text, Field::NewPassword).map_err(CommandError::Field)?;
    let store = args.folder.open().await?;
    let stored = store.reset_password(&args.username, &password).await;
    store.close().await;
    stored?;
    if is_given {
        print_line(&format!("{} has the password of {ROOT_PASSWORD} now.", args.username));
    } else {
        print_line(&format!("New password for {} (shown once):", args.username));
        print_line(password.expose());
    }
    Ok(())
}
