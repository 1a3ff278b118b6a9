//! What the fuzz targets call.

use engine::log::BrowseRow;

use super::csv;

/// The first line of an exported CSV file.
pub const CSV_HEADER: &str = csv::HEADER;

/// The line of an event in an exported CSV file.
pub fn csv_line(event: &BrowseRow) -> String {
    let mut line = String::new();
    csv::push_line(&mut line, event);
    line
}
