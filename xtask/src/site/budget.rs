//! The page's program must stay small: it is what a first visit waits for.

use anyhow::{Result, ensure};

use super::asset::{Asset, Role};
use super::compress::{Written, kilobytes};

/// The most that the program may weigh on the wire, in brotli.
const WASM_BROTLI_LIMIT: usize = 350 * 1024;

pub(super) fn check(asset: &Asset, written: &Written) -> Result<()> {
    if asset.role != Role::Wasm {
        return Ok(());
    }
    let size = written.brotli.unwrap_or(written.plain);
    ensure!(
        size <= WASM_BROTLI_LIMIT,
        "the page's WebAssembly weighs {} in brotli, more than its budget of {}",
        kilobytes(size),
        kilobytes(WASM_BROTLI_LIMIT)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_size(role: Role, brotli: usize) -> Result<()> {
        let asset = Asset::hashed(role, "x", "wasm", Vec::new());
        check(
            &asset,
            &Written {
                path: String::new(),
                plain: 9_000_000,
                brotli: Some(brotli),
                gzip: None,
            },
        )
    }

    #[test]
    fn the_limit_itself_is_allowed_and_a_byte_more_is_not() {
        assert!(check_size(Role::Wasm, WASM_BROTLI_LIMIT).is_ok());
        let error = check_size(Role::Wasm, WASM_BROTLI_LIMIT + 1).unwrap_err().to_string();
        assert!(error.contains("350.0 KB"), "{error}");
    }

    #[test]
    fn only_the_program_has_a_budget() {
        assert!(check_size(Role::Other, WASM_BROTLI_LIMIT * 2).is_ok());
    }
}
