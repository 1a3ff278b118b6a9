//! No two files of a crate import each other, neither directly nor through others.
//!
//! What a file imports is read from its text: the `use` declarations, and paths that begin with `crate`, `super`, `self` or the
//! name of a module. A name belongs to the file that defines it: a module that only declares and re-exports imports nothing,
//! and a name taken from it leads to the file behind it. A module by itself ties nothing, only what is taken from it does.
//! Tests don't count.

use std::collections::{BTreeMap, BTreeSet};

use super::import_scan::{Import, Scan, is_test_module, scan};
use super::source::Source;

/// The crates that are checked.
const CRATES: [&str; 13] = [
    "api",
    "app",
    "assets",
    "bad_disk",
    "domain",
    "drill",
    "engine",
    "faults",
    "fuzz",
    "programs",
    "receivers",
    "server",
    "xtask",
];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    CRATES.iter().flat_map(|name| check_crate(name, sources)).collect()
}

fn check_crate(name: &str, sources: &[Source]) -> Vec<String> {
    let folder = format!("{name}/src/");
    let root = |name: &str| format!("{folder}{name}.rs");
    let has_lib = sources.iter().any(|source| source.path == root("lib"));
    let modules = sources
        .iter()
        .filter(|source| source.is_rust_in(&folder))
        // A crate of its own, beside the library.
        .filter(|source| !(has_lib && source.path == root("main")))
        .filter_map(|source| Some((module_path(source.path.strip_prefix(&folder)?), source)))
        .filter(|(module, _)| !module.iter().any(|segment| is_test_module(segment)))
        .map(|(module, source)| {
            let scan = scan(&source.text);
            (
                module,
                Module {
                    path: &source.path,
                    scan,
                },
            )
        })
        .collect();
    Modules(modules).circles()
}

/// `a/b.rs` is `a::b`; `lib.rs` and `main.rs` are the crate itself.
fn module_path(file: &str) -> Vec<String> {
    let name = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if ["lib", "main"].contains(&name) {
        return Vec::new();
    }
    name.split('/').map(str::to_owned).collect()
}

struct Module<'source> {
    path: &'source str,
    scan: Scan,
}

/// The files of a crate by the modules that they are.
struct Modules<'source>(BTreeMap<Vec<String>, Module<'source>>);

/// For each file those that it imports, and a name that it takes from each.
type Graph<'source> = BTreeMap<&'source str, BTreeMap<&'source str, String>>;

impl<'source> Modules<'source> {
    fn circles(&self) -> Vec<String> {
        let graph = self.graph();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            graph.keys().map(|file| (*file, reached_from(&graph, file))).collect();
        let mut findings = Vec::new();
        let mut reported = BTreeSet::new();
        for (file, onward) in &reached {
            if !onward.contains(file) || reported.contains(file) {
                continue;
            }
            let circle: BTreeSet<&str> = onward
                .iter()
                .copied()
                .filter(|other| reached[other].contains(file))
                .collect();
            findings.push(describe(file, &circle, &graph));
            reported.extend(circle);
        }
        findings
    }

    fn graph(&self) -> Graph<'source> {
        let edges_of = |(module, file): (&Vec<String>, &Module<'source>)| {
            let mut edges = BTreeMap::new();
            let used = file.scan.imports.iter().filter(|import| file.scan.uses(import));
            for path in used.map(|import| &import.path).chain(&file.scan.paths) {
                let target = self.definition(module, path, 0).map(|target| self.0[&target].path);
                if let Some(target) = target.filter(|target| *target != file.path) {
                    edges.entry(target).or_insert_with(|| path.join("::"));
                }
            }
            (file.path, edges)
        };
        self.0.iter().map(edges_of).collect()
    }

    /// The module whose file defines what this path names, as `module` sees it. `None` if it is of another crate, or a module.
    fn definition(&self, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        /// Re-exports of re-exports that are followed, so that two that name each other don't go on forever.
        const MOST: usize = 16;
        if depth > MOST {
            return None;
        }
        let mut place = module.to_vec();
        for (index, segment) in path.iter().enumerate() {
            let (is_first, is_last) = (index == 0, index + 1 == path.len());
            let child = [place.as_slice(), std::slice::from_ref(segment)].concat();
            let bound = self.0.get(&place).and_then(|file| file.scan.binding(segment));
            match segment.as_str() {
                "crate" => place = Vec::new(),
                "self" => {}
                "super" => {
                    place.pop()?;
                }
                _ if self.0.contains_key(&child) && !(is_last && bound.is_some()) => place = child,
                _ => {
                    let Some(Import { path: from, .. }) = bound else {
                        return (!is_first).then_some(place);
                    };
                    if from.as_slice() == path {
                        // `pub use name;` hands on a crate, or a macro of this file.
                        return (depth > 0).then_some(place);
                    }
                    return self.definition(&place, &[from.as_slice(), &path[index + 1..]].concat(), depth + 1);
                }
            }
        }
        None
    }
}

fn reached_from<'source>(graph: &Graph<'source>, start: &str) -> BTreeSet<&'source str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        for next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}

fn describe(file: &str, circle: &BTreeSet<&str>, graph: &Graph<'_>) -> String {
    let arrows = circle.iter().flat_map(|from| {
        let inside = graph[from].iter().filter(|(to, _)| circle.contains(*to));
        inside.map(move |(to, name)| format!("{from} -> {to} ({name})"))
    });
    let arrows: Vec<String> = arrows.collect();
    format!(
        "{file}: {} files import each other: {}",
        circle.len(),
        arrows.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| source(&format!("engine/src/{path}"), text))
            .collect();
        check(&sources)
    }

    #[test]
    fn two_files_that_import_each_other_are_found() {
        assert_eq!(
            found(&[
                ("lib.rs", "mod a;\nmod b;\n"),
                ("a.rs", "use crate::b::{C, D};\n"),
                ("b.rs", "use super::a::E;\nuse std::fmt;\n"),
            ]),
            [
                "engine/src/a.rs: 2 files import each other: engine/src/a.rs -> engine/src/b.rs (crate::b::C), \
                 engine/src/b.rs -> engine/src/a.rs (super::a::E)"
            ]
        );
    }

    #[test]
    fn a_circle_over_three_files_is_one_finding() {
        let found = found(&[
            ("a.rs", "use crate::b::B;\n"),
            ("b.rs", "fn f() { crate::c::g(); }\n"),
            ("c.rs", "use crate::{a::{self}};\nfn g() { a::f(); }\n"),
            ("d.rs", "use crate::a::A;\n"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("engine/src/a.rs: 3 files"), "{found:?}");
    }

    #[test]
    fn a_parent_that_only_re_exports_imports_nothing() {
        let child = ("a/b.rs", "use super::C;\nuse crate::A;\n");
        let lib = ("lib.rs", "mod a;\npub use self::a::A;\n");
        let re_exported = "mod b;\npub(crate) use self::b::B;\nstruct A;\nstruct C;\n";
        assert!(found(&[lib, ("a.rs", re_exported), child]).is_empty());
        let used = [re_exported, "fn f() -> B {}\n"].concat();
        assert_eq!(found(&[lib, ("a.rs", &used), child]).len(), 1);
        let called = "mod b;\nstruct A;\nstruct C;\nfn f() { b::f(); }\n";
        assert_eq!(found(&[lib, ("a.rs", called), child]).len(), 1);
    }

    #[test]
    fn a_re_exported_name_leads_to_the_file_that_defines_it() {
        let files = [
            ("lib.rs", "mod a;\nmod d;\npub use a::B;\n"),
            ("a.rs", "mod b;\nmod c;\npub use self::{b::B, c::C as Other};\n"),
            ("a/b.rs", "use crate::d::D;\n"),
            ("a/c.rs", ""),
        ];
        let with = |text| found(&[&files[..], &[("d.rs", text)]].concat()).len();
        assert_eq!(with("use crate::B;\n"), 1);
        assert_eq!(with("use crate::a;\nfn f() -> a::B {}\n"), 1);
        assert_eq!(with("use crate::a::Other;\n"), 0);
        assert_eq!(with("use crate::a;\n"), 0);
    }

    #[test]
    fn a_function_of_the_name_of_its_module_is_found() {
        let found = found(&[
            ("a.rs", "mod b;\nmod c;\npub use b::b;\n"),
            ("a/b.rs", "use super::c::C;\n"),
            ("a/c.rs", "use super::b;\nfn f() { b::<3>(); }\n"),
        ]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_macro_belongs_to_the_file_that_hands_it_on() {
        let found = found(&[
            (
                "a.rs",
                "macro_rules! make { () => { super::b::B } }\npub(super) use make;\n",
            ),
            ("b.rs", "use super::a::make;\nmake! {}\n"),
        ]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn tests_and_other_crates_are_left_out() {
        let test = "#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}\n";
        assert!(found(&[("a.rs", test), ("b.rs", "use crate::a::A;\n")]).is_empty());
        let of_its_own = [
            ("a.rs", ""),
            ("a/tests.rs", "use crate::b::B;\nuse super::A;\n"),
            ("b.rs", "use crate::a::A;\n"),
        ];
        assert!(found(&of_its_own).is_empty());
        let of_a_feature = "#[cfg(all(test, feature = \"ssr\"))]\nmod tests {\n    use crate::b::B;\n}\n";
        assert!(found(&[("a.rs", of_a_feature), ("b.rs", "use crate::a::A;\n")]).is_empty());
        let circle = [("lib.rs", "use self::a::A;\n"), ("a.rs", "use crate::B;\n")];
        let sources = circle.map(|(path, text)| source(&format!("elsewhere/src/{path}"), text));
        assert!(check(&sources).is_empty());
    }
}
