//! `audit-streams backup`: of a server that may be running, and back into a new data folder.

use std::path::PathBuf;

use clap::Subcommand;
use engine::{
    CreatedBackup, Manifest, RestoreKey, VerifiedBackup, clock::Clock, create_backup, restore_backup, verify_backup,
};

use super::{
    data_folder::{DataFolderArgs, ENCRYPTION_KEY, encryption_key},
    error::CommandError,
    output::print_line,
    settings::{InvalidSettings, Setting},
};

#[derive(Subcommand)]
pub(super) enum BackupCommand {
    /// Back up the data folder of a server, which may be running, to a new folder. The encryption key is not included. The exit
    /// code is 3 if the backup was created, but its events can't be counted because pages of events.db are damaged; `backup
    /// verify` finds other damage
    Create(CreateArgs),
    /// Check that a backup is complete and not damaged
    Verify(VerifyArgs),
    /// Restore a backup to a new or empty data folder, after verifying it
    Restore(RestoreArgs),
}

#[derive(clap::Args)]
pub(super) struct CreateArgs {
    /// Folder to create for the backup
    output: PathBuf,
    #[command(flatten)]
    folder: DataFolderArgs,
}

#[derive(clap::Args)]
pub(super) struct VerifyArgs {
    /// Folder of the backup
    backup: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct RestoreArgs {
    /// Folder of the backup
    backup: PathBuf,
    /// New data folder; it must be empty if it exists
    #[arg(long, value_name = "FOLDER")]
    data_dir: PathBuf,
    /// The secret.key of the server that was backed up; the key is copied to the new data folder. Not needed if
    /// AUDIT_STREAMS_ENCRYPTION_KEY is set to the key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(super) async fn run(command: BackupCommand) -> Result<(), CommandError> {
    match command {
        BackupCommand::Create(args) => create(args).await,
        BackupCommand::Verify(args) => verify(args).await,
        BackupCommand::Restore(args) => restore(args).await,
    }
}

async fn create(args: CreateArgs) -> Result<(), CommandError> {
    let created = create_backup(args.folder.existing()?, &args.output, &Clock::machine()).await?;
    let CreatedBackup { manifest, damage } = &created;
    print_line(&format!(
        "Created the backup {}: {}.",
        args.output.display(),
        summary(manifest)
    ));
    print_line(&format!(
        "To restore it, you need the encryption key {}, which is not included.",
        manifest.encryption_key
    ));
    if manifest.events.is_some() {
        return Ok(());
    }
    print_line("Pages of events.db are damaged, and were copied as they are.");
    for line in damage {
        print_line(&format!("- {line}"));
    }
    print_line(&format!(
        "`audit-streams backup verify {}` examines everything in the backup.",
        args.output.display()
    ));
    Err(CommandError::DamagedBackup)
}

async fn verify(args: VerifyArgs) -> Result<(), CommandError> {
    let VerifiedBackup { manifest, problems } = verify_backup(&args.backup).await?;
    let path = args.backup.display();
    if !problems.is_empty() {
        print_line(&format!(
            "The backup {path} is as it was made, but the data folder already had these problems:"
        ));
        for problem in &problems {
            print_line(&format!("- {}. {}", problem.what, problem.meaning));
        }
        return Err(CommandError::Problems {
            problems: problems.len(),
        });
    }
    print_line(&format!("The backup {path} is valid: {}.", summary(&manifest)));
    print_line(&format!(
        "To restore it, you need the encryption key {}.",
        manifest.encryption_key
    ));
    Ok(())
}

async fn restore(args: RestoreArgs) -> Result<(), CommandError> {
    let key = args.key()?;
    let manifest = restore_backup(&args.backup, &args.data_dir, key, &Clock::machine()).await?;
    let folder = args.data_dir.display();
    print_line(&format!("Restored the data folder {folder}: {}.", summary(&manifest)));
    print_line(&format!(
        "Start the server with: audit-streams serve --data-dir {folder}"
    ));
    Ok(())
}

impl RestoreArgs {
    /// The server uses the variable if it is set, and then not the file: so only one of the two is taken.
    fn key(&self) -> Result<RestoreKey, CommandError> {
        let problem = match (&self.key_file, encryption_key()?) {
            (Some(file), None) => return Ok(RestoreKey::File(file.clone())),
            (None, Some(key)) => return Ok(RestoreKey::Environment(key)),
            (Some(_), Some(_)) => "and the variable are both set; set only one of them",
            (None, None) => {
                "is not set: a backup does not include the encryption key, and can't be restored without it"
            }
        };
        let mut problems = InvalidSettings::default();
        problems.note(KEY_FILE, problem);
        Err(problems.into())
    }
}

const KEY_FILE: Setting = Setting::Flag("--key-file", ENCRYPTION_KEY);

fn summary(manifest: &Manifest) -> String {
    let Manifest {
        events,
        last_seq,
        created_at,
        ..
    } = manifest;
    let events = match events {
        Some(1) => "1 event".to_owned(),
        Some(events) => format!("{events} events"),
        None => "an unknown number of events".to_owned(),
    };
    format!("{events} up to position {last_seq}, as of {created_at}")
}
