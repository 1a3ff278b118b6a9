//! A path within this page to go to after signing in.

use serde::{Deserialize, Serialize};

/// Starts with one `/` and can't lead to another host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalPath(String);

impl LocalPath {
    const MAX_BYTES: usize = 2_000;

    /// The page that a signed-in person sees first.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// None for another host, for the sign-in page itself, and for anything a header could not carry.
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let local = text.starts_with('/') && !text.starts_with("//");
        let sign_in = text.starts_with("/sign_in");
        (local && printable && !sign_in && text.len() <= Self::MAX_BYTES).then(|| Self(text.to_owned()))
    }

    /// The path, with its query if it has one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_query_is_kept() {
        let path = LocalPath::parse("/admin/audit_logs?tab=log&event=7").unwrap();
        assert_eq!(path.as_str(), "/admin/audit_logs?tab=log&event=7");
    }

    #[test]
    fn nothing_leads_to_another_host() {
        for bad in [
            "",
            "admin",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nSet-Cookie: x",
            "/a b",
            "/sign_in",
            "/sign_in?return_to=/",
        ] {
            assert_eq!(LocalPath::parse(bad), None, "{bad:?}");
        }
        assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(2_000))), None);
    }
}
