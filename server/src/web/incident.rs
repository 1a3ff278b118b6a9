//! Failures of this server itself: logged once, with their causes; the client gets a code to ask about and nothing else.

use std::error::Error;

use crate::access::random_text;

/// Logs the failure and returns its code.
pub(crate) fn report_incident(operation: &'static str, error: &dyn Error) -> String {
    // Without random numbers the log line is found by its time.
    let code = random_text::<6>().unwrap_or_else(|_| "none".to_owned());
    tracing::error!(code, operation, error = causes(error), "An operation failed.");
    code
}

/// The error and what caused it, in one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the store failed")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn every_cause_is_told_once() {
        assert_eq!(
            causes(&Outer(std::io::Error::other("disk gone"))),
            "the store failed: disk gone"
        );
    }

    #[test]
    fn each_incident_has_its_own_code() {
        let error = std::io::Error::other("disk gone");
        let (one, other) = (report_incident("test", &error), report_incident("test", &error));
        assert_eq!(one.len(), 8);
        assert_ne!(one, other);
    }
}
