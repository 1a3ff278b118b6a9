//! Addresses below a base URL that the operator or an administrator has given.

use url::Url;

/// The base URL with `path` after its own path and one slash between them. `path` is percent-encoded already.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_put_after_the_path_of_the_base() {
        for (base, expected) in [
            ("https://logging.example", "https://logging.example/v2/entries:write"),
            ("https://logging.example/", "https://logging.example/v2/entries:write"),
            (
                "https://proxy.example:8443/to/google",
                "https://proxy.example:8443/to/google/v2/entries:write",
            ),
            (
                "https://proxy.example/to%20google//",
                "https://proxy.example/to%20google/v2/entries:write",
            ),
        ] {
            assert_eq!(below(&Url::parse(base).unwrap(), "v2/entries:write").as_str(), expected);
        }
        let base = Url::parse("https://s3.example/storage").unwrap();
        assert_eq!(below(&base, "a%40b").as_str(), "https://s3.example/storage/a%40b");
    }
}
