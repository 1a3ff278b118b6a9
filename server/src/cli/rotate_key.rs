//! `audit-streams rotate-key`: encrypts every stored secret again with a new key.

use engine::{admin::rotate_key, clock::Clock};

use super::{
    data_folder::{DataFolderArgs, ENCRYPTION_KEY, KEY_FILE, encryption_key, secret_variable},
    error::CommandError,
    output::print_line,
};

const NEW_ENCRYPTION_KEY: &str = "AUDIT_STREAMS_NEW_ENCRYPTION_KEY";

#[derive(clap::Args)]
pub(super) struct RotateKeyArgs {
    #[command(flatten)]
    folder: DataFolderArgs,
}

pub(super) async fn run(args: RotateKeyArgs) -> Result<(), CommandError> {
    let folder = args.folder.existing()?;
    let (key, new) = (encryption_key()?, secret_variable(NEW_ENCRYPTION_KEY)?);
    let rotated = rotate_key(folder, key.as_deref(), new.as_deref(), &Clock::machine()).await?;
    let secrets = match rotated.secrets {
        1 => "1 secret is".to_owned(),
        secrets => format!("{secrets} secrets are"),
    };
    print_line(&format!(
        "{secrets} encrypted with the key {} now, in place of the key {}.",
        rotated.to, rotated.from
    ));
    if key.is_some() {
        print_line(&format!(
            "Set {ENCRYPTION_KEY} to the new key before you start the server. Keep the previous key as long as you keep backups from \
             before."
        ));
    } else {
        print_line(&format!(
            "{KEY_FILE} contains the new key. The previous key is in {KEY_FILE}.{}: keep it as long as you keep backups from before, \
             then delete it.",
            rotated.from
        ));
    }
    print_line("Make a new backup, and copy the new key, now.");
    Ok(())
}
