//! Exported CSV files.

use api::fuzz::{CSV_HEADER, csv_line};
use domain::{Timestamp, event::EventId, ids::Seq};
use engine::log::{BrowsePosition, BrowseRow};
use serde_json::json;

use crate::lines::Lines;

/// The lines of the input are texts of an event. Its line in the file has the cells of the first line, each of which has the text
/// again, and none is a formula.
pub fn run(input: &[u8]) {
    let mut lines = Lines::of(input);
    let event_type = lines.take();
    let (author, path) = (lines.take(), lines.take());
    // The last text has line breaks.
    let details = lines.rest().join("\n");
    let body = json!({
        "author_id": -1, "author_name": author, "entity_id": author, "entity_path": path, "target_details": details,
        "details": {"custom_message": details, "author_email": path}, "ip_address": path,
    });
    let Some(row) = row(event_type, body.to_string()) else {
        return;
    };
    let cells = cells(&csv_line(&row));
    assert_eq!(cells.len(), CSV_HEADER.split(',').count(), "{cells:?}");
    let summary = row.summary();
    let expected = [
        summary.author_id,
        summary.author_name,
        summary.author_email,
        summary.entity_id,
        summary.entity_type,
        summary.entity_path,
        summary.target_id,
        summary.target_type,
        summary.target_details,
        summary.action,
        summary.ip_address,
    ];
    for (cell, text) in cells.iter().skip(1).zip(&expected) {
        check_cell(cell, text);
    }
}

fn row(event_type: String, body: String) -> Option<BrowseRow> {
    let moment = Timestamp::from_unix_ms(1_760_464_808_677);
    Some(BrowseRow {
        position: BrowsePosition {
            created_at: moment,
            seq: Seq::new(7),
        },
        source: "gitlab".to_owned(),
        id: EventId::parse("a,\"b\"")?,
        event_type,
        received_at: moment,
        body,
    })
}

fn check_cell(cell: &str, text: &str) {
    let text = text.replace('\0', "\u{fffd}");
    let is_escaped = cell.strip_prefix('\'') == Some(text.as_str());
    assert!(is_escaped || cell == text, "{cell:?} is not {text:?}");
    let is_number =
        cell.parse::<i128>().is_ok() || cell.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let starts_a_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    assert!(
        !starts_a_formula || (is_number && !cell.starts_with('+')),
        "{cell:?} is a formula"
    );
}

/// The cells of one record (RFC 4180), read without the code that wrote it.
fn cells(line: &str) -> Vec<String> {
    let Some(line) = line.strip_suffix("\r\n") else {
        panic!("{line:?} has no end");
    };
    let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if is_quoted && rest.peek() == Some(&'"') => {
                rest.next();
                cell.push('"');
            }
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            '\r' | '\n' if !is_quoted => panic!("{line:?} ends within a record"),
            other => cell.push(other),
        }
    }
    assert!(!is_quoted, "{line:?} ends within a cell");
    cells.push(cell);
    cells
}
