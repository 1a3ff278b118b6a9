//! The list of the assets, from which `assets/build.rs` makes its table. One line an asset, its fields between tabs:
//! role, path, content type, hash, caching, whether there is a `.br`, whether there is a `.gz`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::asset::{Asset, Caching, Role};
use super::compress::Written;
use crate::fingerprint::short_hash;

const NAME: &str = "manifest.tsv";

pub(super) fn entry(asset: &Asset, written: &Written) -> String {
    let role = match asset.role {
        Role::Script => "script",
        Role::Wasm => "wasm",
        Role::Style => "style",
        Role::Other => "other",
    };
    let caching = match asset.caching {
        Caching::Forever => "forever",
        Caching::Week => "week",
        Caching::Revalidate => "revalidate",
    };
    let form = |kept: Option<u64>, name: &'static str| kept.map_or("-", |_| name);
    [
        role,
        &asset.path,
        asset.content_type(),
        &short_hash(&asset.bytes),
        caching,
        form(written.brotli, "br"),
        form(written.gzip, "gz"),
    ]
    .join("\t")
}

pub(super) fn write(site: &Path, entries: &[String]) -> Result<()> {
    let file = site.join(NAME);
    fs::write(&file, entries.join("\n") + "\n").with_context(|| format!("cannot write {}", file.display()))
}

pub(super) fn exists(site: &Path) -> bool {
    site.join(NAME).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_all_the_server_must_know() {
        let asset = Asset::hashed(Role::Style, "audit-streams", "css", Vec::new());
        let written = Written {
            path: asset.path.clone(),
            plain: 0,
            brotli: Some(1),
            gzip: None,
        };
        assert_eq!(
            entry(&asset, &written),
            "style\tpkg/audit-streams.e3b0c44298fc1c14.css\ttext/css; charset=utf-8\te3b0c44298fc1c14\tforever\tbr\t-"
        );
    }
}
