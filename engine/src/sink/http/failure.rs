//! Why there was no answer.

use std::{error::Error, io, time::Instant};

use domain::policy::{Outcome, Unreached};

use super::super::Report;
use crate::net::{Blocked, SendError, Unresolved};

pub(super) fn failure_report(error: &SendError, started: Instant) -> Report {
    match error {
        SendError::Blocked(blocked) => blocked_report(blocked, started),
        SendError::Request(error) => request_failure_report(error, started),
    }
}

pub(super) fn request_failure_report(error: &reqwest::Error, started: Instant) -> Report {
    if let Some(blocked) = find::<Blocked>(error) {
        return blocked_report(blocked, started);
    }
    let unreached = classify(error);
    let reason = match unreached {
        Unreached::Dns => Unresolved.to_string(),
        Unreached::Connect => format!("No connection: {}.", root_cause(error)),
        Unreached::Tls => format!("The TLS handshake failed: {}.", root_cause(error)),
        Unreached::Timeout => "No whole answer within 10 seconds.".to_owned(),
        Unreached::Interrupted => format!("The connection ended before the answer: {}.", root_cause(error)),
    };
    let outcome = Outcome::Unreached(unreached);
    Report {
        outcome,
        reason,
        response: String::new(),
        duration: started.elapsed(),
    }
}

fn blocked_report(blocked: &Blocked, started: Instant) -> Report {
    let (reason, response) = (format!("{blocked}."), String::new());
    Report {
        outcome: Outcome::Blocked,
        reason,
        response,
        duration: started.elapsed(),
    }
}

fn classify(error: &reqwest::Error) -> Unreached {
    if find::<Unresolved>(error).is_some() {
        Unreached::Dns
    } else if find::<rustls::Error>(error).is_some() {
        Unreached::Tls
    } else if error.is_connect() {
        Unreached::Connect
    } else if error.is_timeout() {
        Unreached::Timeout
    } else {
        Unreached::Interrupted
    }
}

/// The first cause of this type, also inside an `io::Error`, whose `source` passes its own content over.
fn find<'error, E: Error + 'static>(error: &'error (dyn Error + 'static)) -> Option<&'error E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| find::<E>(inner)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The innermost cause. It tells of the connection, never of the request, so it can't hold a secret.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}
