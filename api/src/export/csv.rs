//! Events as lines of CSV (RFC 4180) with GitLab's columns.

use engine::log::BrowseRow;

/// The first line of the file.
pub(super) const HEADER: &str = "ID,Author ID,Author Name,Author Email,Entity ID,Entity Type,Entity Path,Target ID,\
                                 Target Type,Target Details,Action,IP Address,Created At (UTC)\r\n";

/// Appends the line of an event.
pub(super) fn push_line(lines: &mut String, event: &BrowseRow) {
    let summary = event.summary();
    let cells = [
        event.id.to_string(),
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

/// Appends a cell. An apostrophe is added before text that a spreadsheet would read as a formula; numbers are left unchanged. NUL,
/// at which many CSV parsers stop, becomes U+FFFD.
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
    line.push_str(&cell.replace('"', "\"\"").replace('\0', "\u{fffd}"));
    line.push_str(quote);
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
            ("a\0b", "a\u{fffd}b"),
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
