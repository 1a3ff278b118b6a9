//! How many files and connections the process may have open.
//!
//! Many systems let a process have 1,024 at first and far more on request. A server that runs out of them can neither
//! answer nor deliver, so it asks for all it may have, and keeps half for what is not a connection from outside.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More connections than this are no use to one machine.
const MOST_CONNECTIONS: u64 = 20_000;

/// Raises the limit as far as it goes. Returns how many connections may be taken in at the same time.
pub(super) fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(error = %error, "Could not raise the limit of open files.");
    }
    connections_for(getrlimit(Resource::Nofile).current)
}

/// None means that there is no limit.
fn connections_for(open_files: Option<u64>) -> usize {
    let connections = open_files.map_or(MOST_CONNECTIONS, |files| (files / 2).min(MOST_CONNECTIONS));
    usize::try_from(connections).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_files_are_kept_for_other_things() {
        assert_eq!(connections_for(Some(1_024)), 512);
        assert_eq!(connections_for(Some(1_000_000)), 20_000);
        assert_eq!(connections_for(None), 20_000);
        assert_eq!(connections_for(Some(0)), 1);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        assert!(raise_limit() >= 1);
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
