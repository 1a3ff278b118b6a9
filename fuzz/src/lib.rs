//! Fuzz targets: each reads what others send with the real code, and checks a property of what came of it.
//!
//! A target is a function of its input that panics if the property does not hold. `cargo xtask fuzz` makes each one a program of
//! libFuzzer (`fuzz_targets/`), which looks for inputs that reach new code; `cargo test` runs them on the inputs in `corpus/`.
//! Inputs are text wherever that is possible, so that a corpus can be read and written by hand.

mod answer;
pub mod bodies;
pub mod exports;
pub mod filters;
pub mod google_responses;
pub mod graphql;
pub mod headers;
pub mod http_responses;
pub mod ingest;
mod lines;
pub mod queries;
pub mod s3_responses;
pub mod times;
pub mod urls;

/// A target: it panics at an input for which its property does not hold.
pub type Target = fn(&[u8]);

/// Every target, by the name of its program.
pub const TARGETS: [(&str, Target); 12] = [
    ("bodies", bodies::run),
    ("exports", exports::run),
    ("filters", filters::run),
    ("google_responses", google_responses::run),
    ("graphql", graphql::run),
    ("headers", headers::run),
    ("http_responses", http_responses::run),
    ("ingest", ingest::run),
    ("queries", queries::run),
    ("s3_responses", s3_responses::run),
    ("times", times::run),
    ("urls", urls::run),
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::TARGETS;

    #[test]
    fn every_target_holds_for_its_corpus() {
        for (name, target) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
            let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
            assert!(!files.is_empty(), "{name} has no corpus");
            for file in files {
                eprintln!("{}", file.display());
                target(&fs::read(file).unwrap());
            }
        }
    }
}
