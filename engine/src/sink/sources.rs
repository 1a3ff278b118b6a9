//! The sources of the events of one request.

use std::{collections::BTreeSet, sync::Arc};

use crate::log::LoggedEvent;

/// The longest list of sources. In S3, all metadata of an object together have at most 2 KB.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
const MAX_SOURCES_BYTES: usize = 1_024;

/// The names of the tokens that posted these events, each once, in alphabetical order and separated by commas. Commas and
/// percent signs in a name are percent-encoded. A list that is too long ends with `...`.
pub(super) fn sources(events: &[Arc<LoggedEvent>]) -> String {
    let names: BTreeSet<&str> = events.iter().map(|event| &*event.source).collect();
    let mut list = String::new();
    for name in names {
        let name = name.replace('%', "%25").replace(',', "%2C");
        let separator = if list.is_empty() { "" } else { "," };
        if list.len() + separator.len() + name.len() > MAX_SOURCES_BYTES {
            list.push_str(",...");
            break;
        }
        list.push_str(separator);
        list.push_str(&name);
    }
    list
}
