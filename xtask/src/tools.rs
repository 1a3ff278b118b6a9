//! The programs that the commands need beside cargo: each in `.tools/`, each at a pinned version, each installed once.

mod apt;
pub(crate) mod browser;
pub(crate) mod cargo_deny;
pub(crate) mod cargo_leptos;
mod cargo_tool;
mod lockfile;
pub(crate) mod npm;
pub(crate) mod programs;
pub(crate) mod python;
pub(crate) mod wasm_bindgen;
pub(crate) mod wasm_target;
