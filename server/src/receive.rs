//! `audit-streams receive`: a small destination to try streaming with. It verifies what arrives and prints a line for
//! each request; it keeps nothing.

mod line;
mod repeats;
mod server;
mod signature;

pub(crate) use self::{
    server::{ReceiveConfig, receive},
    signature::SigningKey,
};
