//! Signing in and out.

pub mod show_current_user;
pub mod sign_in;
pub mod sign_out;

pub use self::show_current_user::{ShowCurrentUser, show_current_user};
pub use self::sign_in::{SignIn, sign_in};
pub use self::sign_out::{SignOut, sign_out};
