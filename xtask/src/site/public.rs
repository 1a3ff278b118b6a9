//! The files of `public/`, served under the names they have.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::asset::{Asset, Caching, Role};
use crate::fingerprint::files_below;

pub(super) fn collect(public: &Path) -> Result<Vec<Asset>> {
    let mut assets = Vec::new();
    for file in files_below(public)? {
        let relative = file.strip_prefix(public).context("a file outside its own folder")?;
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        if parts.iter().any(|part| part.starts_with('.')) {
            continue;
        }
        let path = parts.join("/");
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        assets.push(Asset {
            role: Role::Other,
            caching: caching_of(&path),
            path,
            bytes,
        });
    }
    Ok(assets)
}

/// A new version of a font comes under a new name, so nobody has to ask for it again on every page.
fn caching_of(path: &str) -> Caching {
    if path.ends_with(".woff2") {
        Caching::Week
    } else {
        Caching::Revalidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_paths_and_hidden_ones_stay_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("fonts")).unwrap();
        fs::write(dir.path().join("fonts/a.woff2"), "font").unwrap();
        fs::write(dir.path().join("favicon.svg"), "<svg/>").unwrap();
        fs::write(dir.path().join(".hidden"), "").unwrap();
        let found: Vec<_> = collect(dir.path())
            .unwrap()
            .into_iter()
            .map(|asset| (asset.path, asset.caching))
            .collect();
        assert_eq!(
            found,
            [
                ("favicon.svg".to_owned(), Caching::Revalidate),
                ("fonts/a.woff2".to_owned(), Caching::Week)
            ]
        );
    }
}
