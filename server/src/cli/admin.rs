//! `audit-streams admin`: for whoever has the host but can't sign in.

use clap::Subcommand;
use domain::{
    Field,
    access::NewPassword,
    event::{Author, OwnEvent},
};
use engine::{clock::Clock, own_events::Recorded};

use super::{
    data_folder::{DataFolderArgs, secret_variable},
    error::CommandError,
    output::print_line,
};
use crate::{
    access::{Passwords, random_text},
    serve::ROOT_PASSWORD,
};

#[derive(Subcommand)]
pub(super) enum AdminCommand {
    /// Set a new password and end all sessions of a user. The password is printed alone on the last line, unless
    /// AUDIT_STREAMS_ROOT_PASSWORD brings it
    ResetPassword(ResetPasswordArgs),
}

#[derive(clap::Args)]
pub(super) struct ResetPasswordArgs {
    /// Who can't sign in any more
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
    let given = secret_variable(ROOT_PASSWORD);
    let is_given = given.is_some();
    let text = given.map_or_else(random_text::<18>, Ok)?;
    let password = NewPassword::parse(text, Field::NewPassword).map_err(CommandError::Field)?;
    let hash = Passwords::new()?.hash(&password).await?;
    let database = args.folder.open().await?;
    let username = args.username.clone();
    let user = database
        .find_user(&username)
        .await?
        .ok_or(CommandError::NoSuchUser { username })?;
    let event = OwnEvent::PasswordReset {
        user: user.id,
        username: user.username,
    };
    let recorded = Recorded::new(event, &Author::command_line(), Clock::machine().now());
    let stored = database.update_password(user.id, &hash, None, &recorded).await;
    database.close().await;
    stored?;
    if is_given {
        print_line(&format!("{} has the password of {ROOT_PASSWORD} now.", args.username));
    } else {
        print_line(&format!("The new password of {} is shown only now:", args.username));
        print_line(password.expose());
    }
    Ok(())
}
