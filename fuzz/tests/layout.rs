//! Each target has its program, and inputs to begin with.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails there")]

use std::{fs, path::Path};

fn names(folder: &str, extension: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<_> = names
        .map(|name| name.into_string().unwrap().replace(extension, ""))
        .collect();
    names.sort();
    names
}

#[test]
fn each_target_has_a_program_a_module_and_a_corpus() {
    let programs = names("fuzz_targets", ".rs");
    assert_eq!(programs, names("corpus", "/"));
    let manifest = include_str!("../Cargo.toml");
    let (library, modules) = (include_str!("../src/lib.rs"), names("src", ".rs"));
    for name in &programs {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
        assert!(library.contains(&format!("(\"{name}\", {name}::run)")), "{name}");
        assert!(modules.contains(name), "{name}");
    }
    for dictionary in names("dict", ".dict") {
        assert!(programs.contains(&dictionary), "{dictionary}");
    }
}
