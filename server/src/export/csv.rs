//! Events as lines of CSV (RFC 4180) with GitLab's columns.

use domain::event::describe_action;
use engine::log::BrowseRow;
use serde_json::Value;

pub(super) const HEADER: &str = "ID,Author ID,Author Name,Author Email,Entity ID,Entity Type,Entity Path,Target ID,\
                                 Target Type,Target Details,Action,IP Address,Created At (UTC)\r\n";

/// Adds the line of one event.
pub(super) fn push_line(lines: &mut String, event: &BrowseRow) {
    // What is in the log was parsed before it was stored.
    let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
    let details = body.get("details").unwrap_or(&Value::Null);
    let text = |field: &str| plain(body.get(field));
    let cells = [
        event.id.to_string(),
        text("author_id"),
        text("author_name"),
        plain(details.get("author_email")),
        text("entity_id"),
        text("entity_type"),
        text("entity_path"),
        text("target_id"),
        text("target_type"),
        text("target_details"),
        describe_action(details, &event.event_type),
        text("ip_address"),
        event.position.created_at.to_string(),
    ];
    for (position, cell) in cells.iter().enumerate() {
        if position > 0 {
            lines.push(',');
        }
        push_cell(lines, cell);
    }
    lines.push_str("\r\n");
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe before it. Numbers are none.
fn push_cell(line: &mut String, cell: &str) {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_formula = !is_number && cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_quoted = cell.contains(['"', ',', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ');
    let quote = if is_quoted { "\"" } else { "" };
    line.push_str(quote);
    if is_formula {
        line.push('\'');
    }
    line.push_str(&cell.replace('"', "\"\""));
    line.push_str(quote);
}

/// A string as it is, a number in its digits; nothing for `null` and what is not there.
pub(crate) fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut line = String::new();
        push_cell(&mut line, text);
        line
    }

    #[test]
    fn cells_are_quoted_when_they_have_to_be() {
        for (text, expected) in [
            ("", ""),
            ("root", "root"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" blank", "\" blank\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            ("+1", "'+1"),
            ("-1", "-1"),
            ("--1+2", "'--1+2"),
            ("-", "'-"),
            ("-cmd", "'-cmd"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
        ] {
            assert_eq!(cell(text), expected, "{text}");
        }
    }
}
