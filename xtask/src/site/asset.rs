//! One thing that a browser can ask for.

use crate::fingerprint::short_hash;

/// What an asset is to the page's HTML, which names the first three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Script,
    Wasm,
    Style,
    Other,
}

/// How long a browser may keep an asset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Caching {
    /// Its name changes with its content.
    Forever,
    /// Its name stays, and it never changes in practice (a font).
    Week,
    /// Its name stays, and each use asks whether it changed.
    Revalidate,
}

pub(super) struct Asset {
    pub(super) role: Role,
    /// Without the leading slash, such as `pkg/audit-streams.0123456789abcdef.js`.
    pub(super) path: String,
    pub(super) caching: Caching,
    pub(super) bytes: Vec<u8>,
}

impl Asset {
    /// An asset named after its content: `pkg/<stem>.<hash>.<extension>`.
    pub(super) fn hashed(role: Role, stem: &str, extension: &str, bytes: Vec<u8>) -> Self {
        let path = format!("pkg/{stem}.{}.{extension}", short_hash(&bytes));
        Self {
            role,
            path,
            caching: Caching::Forever,
            bytes,
        }
    }

    /// The last part of its path.
    pub(super) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self.extension() {
            "css" => "text/css; charset=utf-8",
            "html" => "text/html; charset=utf-8",
            "ico" => "image/x-icon",
            "jpeg" | "jpg" => "image/jpeg",
            "js" => "text/javascript; charset=utf-8",
            "json" => "application/json",
            "png" => "image/png",
            "svg" => "image/svg+xml",
            "txt" => "text/plain; charset=utf-8",
            "wasm" => "application/wasm",
            "webmanifest" => "application/manifest+json",
            "webp" => "image/webp",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        }
    }

    /// Whether brotli and gzip can be expected to help; fonts and pictures are compressed already.
    pub(super) fn is_compressible(&self) -> bool {
        matches!(
            self.extension(),
            "css" | "html" | "ico" | "js" | "json" | "svg" | "txt" | "wasm" | "webmanifest"
        )
    }

    fn extension(&self) -> &str {
        self.file_name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_asset_is_named_after_its_content() {
        let asset = Asset::hashed(Role::Script, "audit-streams", "js", Vec::new());
        assert_eq!(asset.path, "pkg/audit-streams.e3b0c44298fc1c14.js");
        assert_eq!(asset.file_name(), "audit-streams.e3b0c44298fc1c14.js");
        assert_eq!(asset.content_type(), "text/javascript; charset=utf-8");
    }

    #[test]
    fn fonts_are_not_compressed_twice() {
        let font = |path: &str| Asset {
            role: Role::Other,
            path: path.to_owned(),
            caching: Caching::Week,
            bytes: Vec::new(),
        };
        assert!(!font("fonts/inter.woff2").is_compressible());
        assert!(font("favicon.svg").is_compressible());
        assert_eq!(font("LICENSE").content_type(), "application/octet-stream");
    }
}
