//! Internal errors: logged once, with their error chain. A client gets only a code.

use std::error::Error;

use crate::{credentials::random_text, error_chain};

/// Logs the failure and returns its code.
pub fn report_incident(operation: &'static str, error: &dyn Error) -> String {
    // Without random numbers the log line is found by its time.
    let code = random_text::<6>().unwrap_or_else(|_| "none".to_owned());
    tracing::error!(code, operation, error = error_chain(error), "An operation failed.");
    code
}
