//! Compiles the library that is loaded into the processes of the tests. It needs Linux and glibc.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
};

const SOURCE: &str = "shim/bad_disk.c";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    let library = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("libbad_disk.so");
    let is_possible = env::var("CARGO_CFG_TARGET_OS")? == "linux" && env::var("CARGO_CFG_TARGET_ENV")? == "gnu";
    if is_possible {
        compile(&library)?;
        println!("cargo::rustc-env=BAD_DISK_LIBRARY={}", library.display());
    }
    Ok(())
}

fn compile(library: &Path) -> Result<(), Box<dyn Error>> {
    let compiler = cc::Build::new().opt_level(1).warnings(true).try_get_compiler()?;
    let status = compiler
        .to_command()
        .args(["-shared", "-fPIC", "-pthread", "-o"])
        .arg(library)
        .arg(SOURCE)
        .arg("-ldl")
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{SOURCE} could not be compiled ({status})").into()),
    }
}
