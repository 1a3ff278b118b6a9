//! Embeds the web assets: turns the manifest that `cargo xtask build` wrote (`xtask/src/site/manifest.rs`) into the table
//! that `src/lib.rs` serves from.
//!
//! Without `AUDIT_STREAMS_SITE` the table is empty, and the server takes its assets from a folder: that is how
//! cargo-leptos and a plain `cargo test` run it.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const SITE_VARIABLE: &str = "AUDIT_STREAMS_SITE";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={SITE_VARIABLE}");
    let site = env::var_os(SITE_VARIABLE)
        .filter(|site| !site.is_empty())
        .map(PathBuf::from);
    let rows = match site {
        Some(site) => rows(&site)?,
        None => String::new(),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(
        out.join("embedded_assets.rs"),
        format!("static EMBEDDED: &[Row] = &[\n{rows}];\n"),
    )?;
    Ok(())
}

/// One row of the table for each line of the manifest.
fn rows(site: &Path) -> Result<String, Box<dyn Error>> {
    let manifest = site.join("manifest.tsv");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("{SITE_VARIABLE}: cannot read {}: {error}", manifest.display()))?;
    let mut rows = String::new();
    for line in text.lines() {
        let [role, path, content_type, hash, caching, brotli, gzip] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("{}: `{line}` has not seven fields", manifest.display()).into());
        };
        let file = |suffix: &str| format!("include_bytes!({:?})", site.join(format!("{path}{suffix}")));
        let form = |kept: &str| match kept {
            "-" => "None".to_owned(),
            extension => format!("Some({})", file(&format!(".{extension}"))),
        };
        writeln!(
            rows,
            "    ({role:?}, {:?}, {content_type:?}, {hash:?}, {caching:?}, {}, {}, {}),",
            format!("/{path}"),
            file(""),
            form(brotli),
            form(gzip)
        )?;
    }
    Ok(rows)
}
