//! The HTML document around the page, as the server sends it.

use leptos::{hydration::AutoReload, nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::App;

/// URLs of what the document loads; they change with the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetNames {
    pub js: String,
    pub wasm: String,
    pub css: String,
}

/// Runs before the first paint: the theme that was chosen, and the sign that scripts run.
pub const FIRST_SCRIPT: &str = r#"(() => {
const root = document.documentElement;
root.dataset.script = "";
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
} catch {}
})();"#;

const FONTS: [&str; 2] = [
    "/fonts/inter-latin-wght-normal.woff2",
    "/fonts/jetbrains-mono-latin-wght-normal.woff2",
];

/// The whole document. Inline scripts carry the nonce of this answer; there are no inline styles.
pub fn document(options: LeptosOptions, assets: AssetNames) -> impl IntoView {
    let start = format!(
        "import({:?}).then(page => page.default({{ module_or_path: {:?} }}).then(() => {{ page.hydrate(); performance.mark(\"interactive\"); }}));",
        assets.js, assets.wasm
    );
    let fonts =
        FONTS.map(|font| view! { <link rel="preload" href=font r#as="font" r#type="font/woff2" crossorigin="" /> });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <script nonce=use_nonce()>{FIRST_SCRIPT}</script>
                <link rel="stylesheet" href=assets.css />
                {fonts}
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
                <link rel="modulepreload" href=assets.js />
                <link rel="preload" href=assets.wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                <AutoReload options />
                <script r#type="module" nonce=use_nonce()>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
