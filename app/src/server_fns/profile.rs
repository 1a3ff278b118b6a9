//! What a person changes about themselves.

pub mod change_password;

pub use self::change_password::{ChangePassword, change_password};
