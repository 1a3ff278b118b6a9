//! The page's program must stay small: it is what a first visit waits for. Who only wants to run the product is not kept
//! from it, so this is a test's business and not the build's.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::compress::kilobytes;

/// The most that the program may weigh on the wire, in brotli: 0.8 s at 10 Mbit/s. Pages are rendered on the server, so they can be read
/// before the program has arrived, and the browser caches it. The limit finds accidents, such as a large dependency; it is not a reason
/// to write less plain code.
const WASM_BROTLI_LIMIT: u64 = 1000 * 1024;

/// Weighs the program in a finished folder of web assets.
pub(super) fn check(site: &Path) -> Result<()> {
    let pkg = site.join("pkg");
    let files = fs::read_dir(&pkg).with_context(|| format!("cannot list {}", pkg.display()))?;
    let mut size = 0;
    for file in files {
        let file = file?;
        if file.file_name().to_string_lossy().ends_with(".wasm.br") {
            size += file.metadata()?.len();
        }
    }
    let told = format!(
        "{} in brotli, its budget is {}",
        kilobytes(size),
        kilobytes(WASM_BROTLI_LIMIT)
    );
    ensure!(size > 0, "there is no program in {}", pkg.display());
    ensure!(size <= WASM_BROTLI_LIMIT, "the page's program weighs {told}");
    println!("    the page's program weighs {told}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_size(size: u64) -> Result<()> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("pkg")).unwrap();
        fs::write(dir.path().join("pkg/a_bg.0123.wasm"), vec![0; 1_100_000]).unwrap();
        fs::write(
            dir.path().join("pkg/a_bg.0123.wasm.br"),
            vec![0; size.try_into().unwrap()],
        )
        .unwrap();
        check(dir.path())
    }

    #[test]
    fn the_limit_itself_is_allowed_and_a_byte_more_is_not() {
        assert!(check_size(WASM_BROTLI_LIMIT).is_ok());
        let error = check_size(WASM_BROTLI_LIMIT + 1).unwrap_err().to_string();
        assert!(error.ends_with(&kilobytes(WASM_BROTLI_LIMIT)), "{error}");
    }

    #[test]
    fn no_program_is_no_small_program() {
        assert!(check_size(0).is_err());
    }
}
