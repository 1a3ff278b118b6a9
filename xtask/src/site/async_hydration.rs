//! Leaves out of the page's program what only asynchronous hydration would run: every erased view points to its
//! `hydrate_async`, so the compiler keeps them all, and with them a twentieth of the program.
//!
//! `hydrate_async` is called by nothing but itself and Leptos' entry points for lazy routes and islands
//! (`hydrate_lazy`, `hydrate_from_async`, `hydrate_islands`); this page starts with `hydrate_body`, which hydrates
//! synchronously. `checks::whole_hydration` refuses the others. The functions are found by their names, which wasm-opt
//! strips later. Their bodies become a trap. What drops their futures becomes nothing instead: the compiler merges equal
//! functions under one of their names, and should such a drop ever be another type's too, memory leaks and nothing
//! breaks. The others can't be merged with foreign code, since each holds the place in `hydrate_async` that its panic
//! would name, or points to one that does.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::project::Project;
use crate::tools::npm;

/// Writes the program without them beside it.
pub(super) fn leave_out(project: &Project, wasm: &Path) -> Result<PathBuf> {
    let lean = wasm.with_extension("lean.wasm");
    let script = npm::folder(project).join(npm::LEAVE_OUT_ASYNC_HYDRATION);
    process::run(Command::new("node").arg(script).arg(wasm).arg(&lean))?;
    Ok(lean)
}
