//! Who may sign in.

pub mod add_user;
pub mod reset_password;
pub mod set_user_enabled;

pub use self::add_user::{AddUser, add_user};
pub use self::reset_password::{ResetPassword, reset_password};
pub use self::set_user_enabled::{SetUserEnabled, set_user_enabled};

use domain::{Field, FieldErrors, access::NewPassword, view::LoginView};

use crate::wire::settings::Done;

/// A field that may be left empty, for a password to be made.
fn optional_password(text: String) -> Result<Option<NewPassword>, FieldErrors> {
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(NewPassword::parse(text, Field::NewPassword)?))
}

/// Shows a password that was made; one that was given is known.
fn shown_once(message: String, login: LoginView) -> Done {
    match login.password {
        Some(password) => Done::new(format!("{message} Copy the password now: it is not shown again."))
            .with_secret(format!("Password of {}", login.username), password),
        None => Done::new(message),
    }
}
