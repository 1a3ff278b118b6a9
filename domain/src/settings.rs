//! What administrators choose for the whole instance.

mod allow_entry;
mod byte_size;
mod network;
mod retention;

pub use self::{
    allow_entry::{AllowEntry, InvalidAllowEntry},
    byte_size::{ByteSize, InvalidByteSize},
    network::{NetworkChange, NetworkDraft, parse_allowlist},
    retention::{LogSize, RetentionChange, RetentionDays, RetentionDraft},
};
