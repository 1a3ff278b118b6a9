//! API tokens.

pub mod create_token;
pub mod revoke_token;

pub use self::create_token::{CreateToken, create_token};
pub use self::revoke_token::{RevokeToken, revoke_token};
