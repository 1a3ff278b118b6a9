//! `audit-streams admin`: for whoever has the host but can't sign in.

use clap::Subcommand;
use domain::{
    Field,
    access::NewPassword,
    event::{Author, OwnEvent},
};
use engine::{
    clock::Clock,
    own_events::Recorded,
    store::{Database, StoreError, StoredUser, UserError},
};

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
    /// Set a new password and end all sessions of a user, and enable the user if it was disabled. The password is printed
    /// alone on the last line, unless AUDIT_STREAMS_ROOT_PASSWORD brings it
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
    let given = secret_variable(ROOT_PASSWORD)?;
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
    let stored = let_in(&database, &user, &hash).await;
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

async fn let_in(database: &Database, user: &StoredUser, hash: &str) -> Result<(), StoreError> {
    let now = Clock::machine().now();
    let record = |event| Recorded::new(event, &Author::command_line(), now);
    let (id, username) = (user.id, user.username.clone());
    let reset = record(OwnEvent::PasswordReset { user: id, username });
    database.update_password(id, hash, &reset).await?;
    let enabled = |username: &str| {
        let username = username.to_owned();
        record(OwnEvent::UserEnabled { user: id, username })
    };
    match database.set_user_enabled(id, true, now, enabled).await {
        Err(UserError::Store(error)) => Err(error),
        // It was enabled all along.
        Ok(_) | Err(_) => Ok(()),
    }
}
