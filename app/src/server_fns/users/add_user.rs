//! Adds an administrator.

use domain::{FieldErrors, access::Username};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use super::{optional_password, shown_once};
use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Adds an administrator. Without a password one is made and shown, once.
#[server(prefix = "/api/page", endpoint = "users/add", input = PostUrl)]
pub async fn add_user(
    #[server(default)] username: String,
    #[server(default)] password: String,
) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let username = Username::parse(username.trim()).map_err(FieldErrors::from);
        let (username, password) = both(username, optional_password(password))?;
        let login = port()?.add_user(&admin, username, password).await?;
        Ok(shown_once(format!("Added {}.", login.username), login))
    })
    .await
}

/// The mistakes of both fields, if there are any.
fn both<A, B>(first: Result<A, FieldErrors>, second: Result<B, FieldErrors>) -> Result<(A, B), FieldErrors> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(mut errors), Err(others)) => {
            others.iter().cloned().for_each(|error| errors.push(error));
            Err(errors)
        }
        (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
    }
}
