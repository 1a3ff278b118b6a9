//! Where destinations may be besides the public internet.

use super::AllowEntry;
use crate::{Field, FieldError, FieldErrors};

/// Entries in an allowlist; each is looked at for each connection.
const MAX_ENTRIES: usize = 500;

/// As it was typed. A field that is set elsewhere is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkDraft {
    /// Whether destinations may be on the local network.
    pub allow_local_network: bool,
    /// One entry a line, or several with commas.
    pub allowlist: String,
}

/// What is to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkChange {
    /// Whether destinations may be on the local network.
    pub allow_local_network: bool,
    /// What destinations may use besides the public internet.
    pub allowlist: Vec<AllowEntry>,
}

impl NetworkDraft {
    /// # Errors
    /// A mistake on [`Field::Allowlist`]: the first entry that is none, with its line, and what one looks like.
    pub fn parse(&self) -> Result<NetworkChange, FieldErrors> {
        Ok(NetworkChange {
            allow_local_network: self.allow_local_network,
            allowlist: parse_allowlist(&self.allowlist)?,
        })
    }
}

/// Reads entries apart by lines and commas; the same one is kept once.
///
/// # Errors
/// A [`FieldError`] on [`Field::Allowlist`].
pub fn parse_allowlist(text: &str) -> Result<Vec<AllowEntry>, FieldError> {
    let mut entries = Vec::new();
    for (line, number) in text.lines().zip(1_u32..) {
        for entry in line.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let parsed: AllowEntry = entry.parse().map_err(|error| {
                let shown: String = entry.chars().take(60).collect();
                FieldError::new(
                    Field::Allowlist,
                    format!("Allowlist: line {number}, “{shown}”, {error}."),
                )
            })?;
            if !entries.contains(&parsed) {
                entries.push(parsed);
            }
        }
    }
    if entries.len() > MAX_ENTRIES {
        let rule =
            format!("Allowlist: at most {MAX_ENTRIES} entries; use a range such as 10.0.0.0/8 for many addresses.");
        return Err(FieldError::new(Field::Allowlist, rule));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Vec<String>, String> {
        let entries = parse_allowlist(text).map_err(|error| error.message)?;
        Ok(entries.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn lines_and_commas_part_entries() {
        assert_eq!(
            parse("siem.internal:8088\n\n 10.0.0.0/8 , 10.0.0.7\r\nSIEM.internal:8088"),
            Ok(vec![
                "siem.internal:8088".into(),
                "10.0.0.0/8".into(),
                "10.0.0.7".into()
            ])
        );
        assert_eq!(parse(" \n "), Ok(Vec::new()));
    }

    #[test]
    fn a_bad_entry_is_quoted_with_its_line() {
        let message = parse("10.0.0.1\n\nsiem.internal, exa mple").unwrap_err();
        assert!(
            message.starts_with("Allowlist: line 3, “exa mple”, must be a host name"),
            "{message}"
        );
        assert!(message.contains("10.0.0.0/8"), "{message}");
    }

    #[test]
    fn an_endless_list_is_refused() {
        let list: Vec<String> = (0..501).map(|number| format!("host{number}.internal")).collect();
        assert!(parse(&list.join("\n")).unwrap_err().contains("at most 500"));
    }

    proptest! {
        #[test]
        fn what_was_read_reads_back(text in "[a-z0-9.:/, \n\\[\\]]{0,60}") {
            if let Ok(entries) = parse(&text) {
                prop_assert_eq!(parse(&entries.join("\n")), Ok(entries));
            }
        }

        #[test]
        fn parsing_never_panics(text in ".*") {
            drop(parse_allowlist(&text));
        }
    }
}
