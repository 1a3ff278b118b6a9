//! The first user of a new data folder.

use domain::{Field, access::NewPassword};
use engine::Engine;

use crate::{
    access::{Passwords, random_text},
    cli::CommandError,
};

/// The variable that may bring the first user's password.
pub(crate) const ROOT_PASSWORD: &str = "AUDIT_STREAMS_ROOT_PASSWORD";

const USERNAME: &str = "root";

/// How the first user signs in.
pub(super) enum FirstPassword {
    /// There was a user already; the variable is of no use any more.
    Known,
    FromVariable,
    /// Made here; shown once.
    Random(NewPassword),
}

/// Makes `root` if nobody could sign in otherwise.
pub(super) async fn make_first_user(
    engine: &Engine,
    passwords: &Passwords,
    given: Option<NewPassword>,
) -> Result<FirstPassword, CommandError> {
    let database = engine.database();
    if database.has_users().await? {
        return Ok(FirstPassword::Known);
    }
    let (password, is_given) = match given {
        Some(password) => (password, true),
        None => (
            NewPassword::parse(random_text::<18>()?, Field::NewPassword).map_err(CommandError::Field)?,
            false,
        ),
    };
    let hash = passwords.hash(&password).await?;
    database.insert_user(USERNAME, &hash, engine.clock().now()).await?;
    Ok(if is_given {
        FirstPassword::FromVariable
    } else {
        FirstPassword::Random(password)
    })
}
