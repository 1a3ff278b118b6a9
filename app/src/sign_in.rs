//! Signing in and out, and who is signed in.

mod message;
mod page;
mod server_fns;
mod session;

pub(crate) use self::{page::SignInPage, server_fns::SignOut, session::Session};
