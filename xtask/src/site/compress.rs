//! Writes an asset with its brotli and gzip forms beside it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::asset::Asset;

/// What was written of one asset.
pub(super) struct Written {
    pub(super) path: String,
    pub(super) plain: u64,
    /// The size in brotli, if that form was worth keeping.
    pub(super) brotli: Option<u64>,
    pub(super) gzip: Option<u64>,
}

impl Written {
    /// One line for the terminal.
    pub(super) fn sizes(&self) -> String {
        let form = |name: &str, size: Option<u64>| size.map(|size| format!(", {name} {}", kilobytes(size)));
        let brotli = form("brotli", self.brotli).unwrap_or_default();
        let gzip = form("gzip", self.gzip).unwrap_or_default();
        format!("/{}: {}{brotli}{gzip}", self.path, kilobytes(self.plain))
    }
}

/// A size in KiB with one decimal.
pub(super) fn kilobytes(size: u64) -> String {
    let tenths = size * 10 / 1024;
    format!("{}.{} KB", tenths / 10, tenths % 10)
}

/// Writes `<site>/<path>` and, where they are smaller, `.br` and `.gz` beside it.
pub(super) fn write(site: &Path, asset: &Asset) -> Result<Written> {
    let file = site.join(&asset.path);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    save(&file, &asset.bytes)?;
    let mut written = Written {
        path: asset.path.clone(),
        plain: size_of(&asset.bytes)?,
        brotli: None,
        gzip: None,
    };
    if asset.is_compressible() {
        written.brotli = save_if_smaller(&file, "br", &brotli(&asset.bytes)?, written.plain)?;
        written.gzip = save_if_smaller(&file, "gz", &gzip(&asset.bytes)?, written.plain)?;
    }
    Ok(written)
}

fn save_if_smaller(file: &Path, extension: &str, bytes: &[u8], plain: u64) -> Result<Option<u64>> {
    let size = size_of(bytes)?;
    if size >= plain {
        return Ok(None);
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    save(&PathBuf::from(name), bytes)?;
    Ok(Some(size))
}

fn size_of(bytes: &[u8]) -> Result<u64> {
    u64::try_from(bytes.len()).context("larger than any file")
}

fn save(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut out, &params).context("brotli failed")?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish().context("gzip failed")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::site::asset::{Caching, Role};

    fn asset(bytes: &[u8]) -> Asset {
        Asset {
            role: Role::Other,
            path: "a/b.txt".to_owned(),
            caching: Caching::Revalidate,
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn both_forms_hold_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let text = b"the same line again and again\n".repeat(100);
        let written = write(dir.path(), &asset(&text)).unwrap();
        assert_eq!(written.plain, size_of(&text).unwrap());

        let mut unpacked = Vec::new();
        let gz = fs::read(dir.path().join("a/b.txt.gz")).unwrap();
        flate2::read::GzDecoder::new(&*gz).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        assert_eq!(written.gzip, Some(size_of(&gz).unwrap()));

        let mut unpacked = Vec::new();
        let br = fs::read(dir.path().join("a/b.txt.br")).unwrap();
        brotli::BrotliDecompress(&mut &*br, &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        assert_eq!(written.brotli, Some(size_of(&br).unwrap()));
    }

    #[test]
    fn a_form_that_saves_nothing_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let written = write(dir.path(), &asset(b"x")).unwrap();
        assert_eq!((written.brotli, written.gzip), (None, None));
        assert!(!dir.path().join("a/b.txt.gz").exists());
    }

    #[test]
    fn sizes_are_told_in_kilobytes() {
        assert_eq!(kilobytes(1536), "1.5 KB");
    }
}
