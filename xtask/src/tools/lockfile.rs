//! Reads the version of one package out of Cargo.lock.

use anyhow::{Result, bail};

/// The version of the only package of this name in a Cargo.lock.
pub(crate) fn version_of(lockfile: &str, package: &str) -> Result<String> {
    let mut versions = lockfile
        .split("[[package]]")
        .filter(|block| field(block, "name") == Some(package));
    match (
        versions.next().and_then(|block| field(block, "version")),
        versions.next(),
    ) {
        (Some(version), None) => Ok(version.to_owned()),
        (Some(_), Some(_)) => bail!("Cargo.lock has more than one {package}"),
        (None, _) => bail!("Cargo.lock has no {package}"),
    }
}

fn field<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    block
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::version_of;

    const LOCK: &str = r#"version = 4

[[package]]
name = "two"
version = "1.0.0"

[[package]]
name = "two"
version = "2.0.0"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = [
 "wasm-bindgen-macro",
]

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.129"
"#;

    #[test]
    fn the_version_of_exactly_this_package_is_found() {
        assert_eq!(version_of(LOCK, "wasm-bindgen").unwrap(), "0.2.130");
    }

    #[test]
    fn an_absent_or_ambiguous_package_is_an_error() {
        assert!(version_of(LOCK, "wasm").is_err());
        assert!(version_of(LOCK, "two").is_err());
    }
}
