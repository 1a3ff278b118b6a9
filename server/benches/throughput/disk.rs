//! Free space, which is checked before anything is measured.

use std::path::Path;

use crate::args::{Args, Name};

/// What an event of a kilobyte takes up in the log, with its index and what its commit adds to the write-ahead log.
const BYTES_OF_EVENT: u64 = 1_300;

/// Kept free for everything else on the disk.
const RESERVE: u64 = 1_000_000_000;

/// Why the measurements can't be made here, if there is too little space. Parts run one after the other, and each one
/// deletes its folder at its end.
pub(crate) fn shortage(folder: &Path, args: &Args) -> Option<String> {
    let stat = rustix::fs::statvfs(folder).unwrap();
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let needs = |part: &Name| needed(*part, args).saturating_add(RESERVE);
    let short = args.parts().into_iter().find(|part| needs(part) > free)?;
    Some(format!(
        "{short:?} needs {} GB in {}, and {} GB are free. Name a smaller number of events (see --help).",
        gigabytes(needs(&short)),
        folder.display(),
        gigabytes(free),
    ))
}

/// The most bytes that a part has on disk at a time.
fn needed(part: Name, args: &Args) -> u64 {
    let events = match part {
        Name::GrowthStart => args.events,
        // Those that expire, and as many that are posted at most.
        Name::GrowthRetention => args.expired.saturating_mul(2),
        Name::GrowthMemory => args.requests.saturating_mul(crate::growth::EVENTS_OF_REQUEST),
        Name::PlotsDestinations => args
            .deliveries
            .max(crate::plots::MOST_DESTINATIONS * crate::plots::LEAST_EVENTS),
        Name::PlotsBacklog => args.backlog,
        // The log and one copy.
        Name::Backup => args.stored.saturating_mul(2),
        Name::Check => args.stored,
        // Everything else has at most a million events, or a few of up to 64 KB.
        _ => 1_000_000,
    };
    u64::try_from(events).unwrap().saturating_mul(BYTES_OF_EVENT)
}

fn gigabytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000_000, bytes / 100_000_000 % 10)
}
