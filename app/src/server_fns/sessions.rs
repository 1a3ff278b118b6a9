//! The signed-in browsers of who asks.

pub mod end_session;
pub mod end_sessions;

pub use self::end_session::{EndSession, end_session};
pub use self::end_sessions::{EndSessions, end_sessions};
