//! What server functions use on the server: the engine, who is signed in, and how an error is answered.
//!
//! The server provides [`Backend`] as a Leptos context of every page and every server function. Its session layer puts
//! `SignedIn` and `Visitor` into the extensions of the request. A server function authorises, parses its input, makes one
//! call of `engine::admin`, and answers.

mod context;
mod error;
mod request;

pub use self::context::Backend;
pub(crate) use self::{
    context::{backend, engine},
    request::{answer, answer_form, expect_admin, leave_for, report, set_cookie, visitor},
};
