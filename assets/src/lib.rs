//! The files that a browser loads beside the page: its program, script and style sheet, the fonts and the icon.
//!
//! A release carries them inside itself, compressed ahead of time (`build.rs`). What is under `/pkg` is then named after
//! its content and may be kept for ever. A binary that carries none serves the folder that cargo-leptos fills, so that a
//! change shows on the next reload. Nothing here knows the rest of the server: [`router`] is merged into its routes, and
//! [`Assets::names`] tells the page's shell what to link.

mod embedded;
mod encoding;
mod folder;

use std::env;
use std::path::PathBuf;

use axum::Router;

use embedded::{Asset, Role, Row};

include!(concat!(env!("OUT_DIR"), "/embedded_assets.rs"));

/// The URLs that the page's HTML names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssetNames {
    /// Address of the JavaScript that loads the program.
    pub js: String,
    /// Address of the WebAssembly program.
    pub wasm: String,
    /// Address of the stylesheet.
    pub css: String,
}

/// The assets of this binary.
pub struct Assets;

impl Assets {
    /// What the page's shell links. The same for the life of the process.
    pub fn names() -> AssetNames {
        let embedded = embedded();
        let named = |role: Role| {
            embedded
                .iter()
                .find(|asset| asset.role == role)
                .map(|asset| asset.path.to_owned())
        };
        let output_name = env::var("LEPTOS_OUTPUT_NAME").unwrap_or_else(|_| "audit-streams".to_owned());
        let in_folder = |extension: &str| format!("/pkg/{output_name}.{extension}");
        AssetNames {
            js: named(Role::Script).unwrap_or_else(|| in_folder("js")),
            wasm: named(Role::Wasm).unwrap_or_else(|| in_folder("wasm")),
            css: named(Role::Style).unwrap_or_else(|| in_folder("css")),
        }
    }
}

/// The routes of all assets.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    match embedded() {
        assets if assets.is_empty() => folder::router(&site_root()),
        assets => embedded::router(&assets),
    }
}

fn embedded() -> Vec<Asset> {
    EMBEDDED.iter().copied().map(Asset::from).collect()
}

/// The folder that cargo-leptos fills. It says where that is when it runs the server.
fn site_root() -> PathBuf {
    env::var_os("LEPTOS_SITE_ROOT").map_or_else(|| PathBuf::from("target/site"), PathBuf::from)
}
