//! What is shown in the place of a secret.

/// Stands where a secret is left out.
pub const MASK: &str = "••••";
