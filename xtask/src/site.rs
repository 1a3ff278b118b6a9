//! The web assets of a release: from the app crate, `style/` and `public/` to the folder that the build script
//! of the crate `assets` embeds (`target/site-release`, see `assets/build.rs`).
//!
//! What is made under `/pkg` carries a hash of its content in its name and may be cached for ever; `public/` keeps its
//! names. Every text-like asset lies beside its brotli and gzip forms, so that the server does not compress them. The
//! folder is replaced only when an input has changed, so an unchanged page costs no server rebuild.

mod asset;
mod budget;
mod compress;
mod manifest;
mod public;
mod script;
mod style;
mod wasm;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::fingerprint::{Fingerprint, stamp_matches};
use crate::project::Project;
use crate::steps::{Ending, Step, Steps};
use crate::tools::{npm, wasm_bindgen, wasm_target};

const COMPILE: Step = Step {
    name: "page",
    what: "compile the page to WebAssembly",
    usually: "3 min, seconds when unchanged",
};

const PACK: Step = Step {
    name: "web assets",
    what: "bind, shrink, name and compress what the browser loads",
    usually: "1 min, no time when unchanged",
};

/// Makes `target/site-release` current, installing the tools it needs.
pub(crate) fn build(project: &Project, steps: &mut Steps) -> Result<()> {
    wasm_target::ensure(project, steps)?;
    wasm_bindgen::ensure(project, steps)?;
    npm::ensure(project, steps)?;
    steps.run(&COMPILE, || wasm::compile(project))?;
    steps.run(&PACK, || pack(project))?;
    Ok(())
}

/// Whether the page that `build` made is small enough.
pub(crate) fn check_budget(project: &Project) -> Result<Ending> {
    budget::check(&project.site())?;
    Ok(Ending::Done)
}

fn pack(project: &Project) -> Result<Ending> {
    let site = project.site();
    let print = inputs(project)?;
    let stamp = project.target().join("site-release.stamp");
    if manifest::exists(&site) && stamp_matches(&stamp, &print) {
        return Ok(Ending::UpToDate);
    }
    let work = project.target().join("site-work");
    for folder in [&work, &site] {
        replace_with_empty(folder)?;
    }

    let bound = wasm::bind(project, &work)?;
    let wasm = wasm::shrink(project, &bound)?;
    let script = script::bundle(project, &bound, &wasm)?;
    let style = style::bundle(project, &work)?;
    let mut assets = vec![wasm, script, style];
    assets.extend(public::collect(&project.root().join("public"))?);

    let mut entries = Vec::new();
    for asset in &assets {
        let written = compress::write(&site, asset)?;
        println!("    {}", written.sizes());
        entries.push(manifest::entry(asset, &written));
    }
    manifest::write(&site, &entries)?;
    fs::write(&stamp, print).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(Ending::Done)
}

/// Everything that decides what the folder holds: what was compiled, what was written by hand, and what packs it.
fn inputs(project: &Project) -> Result<String> {
    let root = project.root();
    let print = Fingerprint::default()
        .file(&wasm::compiled(project))?
        .folder(&root.join("style"))?
        .folder(&root.join("public"))?
        .folder(&root.join("xtask/src/site"))?
        .folder(&root.join("xtask/tools"))?
        .text(&wasm_bindgen::binary(project)?.to_string_lossy());
    Ok(print.finish())
}

fn replace_with_empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
