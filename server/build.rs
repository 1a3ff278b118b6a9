//! Puts the guide's pictures (`docs/images/guide-*.png`) into the binary, for `src/help.rs`.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let folder =
        Path::new(&env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?).join("../docs/images");
    fs::write(out.join("guide_pictures.rs"), pictures(&folder)?)?;
    Ok(())
}

/// The table of the guide's pictures: name and bytes.
fn pictures(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names = Vec::new();
    for file in fs::read_dir(folder)? {
        let name = file?
            .file_name()
            .into_string()
            .map_err(|_| "a picture's name is not text")?;
        if name.starts_with("guide-") && name.ends_with(".png") {
            names.push(name);
        }
    }
    names.sort();
    let mut rows = String::new();
    for name in names {
        writeln!(rows, "    ({name:?}, include_bytes!({:?})),", folder.join(&name))?;
    }
    Ok(format!("static PICTURES: &[(&str, &[u8])] = &[\n{rows}];\n"))
}
