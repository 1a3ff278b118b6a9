//! `cargo xtask <command>`: everything that is done to this project, from a first start to the whole test run.
//!
//! A command is a short list of steps in `commands/`. What a step needs from outside Rust is installed by `tools/` at a
//! pinned version into `.tools/`, a folder of the project's own; nothing of the user's is replaced. `site/` turns the
//! app crate, `style/` and `public/` into the files that the release binary carries inside itself, and `checks/` guards
//! the architecture where no compiler lint can. Nothing here is part of the product.

#![expect(clippy::print_stdout, reason = "this program talks to the person at the terminal")]
#![expect(clippy::print_stderr, reason = "this program talks to the person at the terminal")]

mod checks;
mod cli;
mod commands;
mod fingerprint;
mod instrument;
mod process;
mod project;
mod site;
mod steps;
mod tools;

use std::process::ExitCode;

fn main() -> ExitCode {
    let result = match instrument::is_compiler() {
        true => instrument::compile(),
        false => cli::run().map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
