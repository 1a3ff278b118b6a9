//! Leaves out of the page's program what is in it only because something points to it.
//!
//! **Asynchronous hydration.** Every erased view points to its `hydrate_async`, so the compiler keeps them all. They are
//! called by nothing but each other and Leptos' entry points for lazy routes and islands (`hydrate_lazy`,
//! `hydrate_from_async`, `hydrate_islands`); this page starts with `hydrate_body`, which hydrates at once. Their bodies
//! become a trap. What drops their futures becomes nothing instead: the compiler merges equal functions under one of
//! their names, and should such a drop ever be another type's too, memory leaks and nothing breaks. The others can't be
//! merged with foreign code: each holds the place in `hydrate_async` that its panic would name, or points to one that does.
//!
//! **The writing of floats.** serde can tell of an unexpected float in an error that nobody reads, and for that alone
//! brings the three ways in which Rust writes one. They write nothing instead. The page knows no floats but those of
//! JavaScript's clock, which it turns into whole numbers.
//!
//! **The browser's streams.** wasm-streams exports its classes to JavaScript whether or not anybody makes one. Only server
//! functions that send or answer a stream do.
//!
//! The functions are found by their names, which wasm-opt strips later. `checks::left_out` refuses what would need them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::project::Project;
use crate::tools::npm;

/// Writes the program without them beside it.
pub(super) fn leave_out(project: &Project, wasm: &Path) -> Result<PathBuf> {
    let lean = wasm.with_extension("lean.wasm");
    let script = npm::folder(project).join(npm::LEAVE_OUT);
    process::run(Command::new("node").arg(script).arg(wasm).arg(&lean))?;
    Ok(lean)
}
