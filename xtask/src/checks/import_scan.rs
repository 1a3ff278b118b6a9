//! What a Rust file imports, read from its text. Not a parser: it knows `use` declarations, paths, comments and literals, and
//! takes no notice of modules inside a file.

use std::collections::BTreeSet;

/// A name that a `use` declaration brings in.
pub(super) struct Import {
    /// As which it is known here; `*` for everything.
    pub(super) name: String,
    pub(super) path: Vec<String>,
    is_re_export: bool,
}

#[derive(Default)]
pub(super) struct Scan {
    pub(super) imports: Vec<Import>,
    /// Paths outside of `use` declarations.
    pub(super) paths: Vec<Vec<String>>,
    /// Names outside of `use` declarations.
    names: BTreeSet<String>,
}

impl Scan {
    /// Whether the file itself uses the import, and does not just hand it on.
    pub(super) fn uses(&self, import: &Import) -> bool {
        !import.is_re_export || self.names.contains(&import.name)
    }

    pub(super) fn binding(&self, name: &str) -> Option<&Import> {
        self.imports.iter().find(|import| import.name == name)
    }
}

pub(super) fn is_test_module(name: &str) -> bool {
    name == "tests"
}

pub(super) fn scan(text: &str) -> Scan {
    let tokens = tokens(&without_tests(text));
    let mut scan = Scan::default();
    let mut at = 0;
    while at < tokens.len() {
        // `impl Trait + use<>` is no declaration.
        if tokens[at] == "use" && tokens.get(at + 1).is_none_or(|token| token != "<") {
            let is_re_export = at > 0 && ["pub", ")"].contains(&tokens[at - 1].as_str());
            at = read_tree(&tokens, at + 1, &[], &mut |path, name| {
                scan.imports.push(Import {
                    name,
                    path,
                    is_re_export,
                });
            });
        } else if tokens[at] == "mod" {
            at += 2;
        } else {
            at = read_path(&tokens, at, &mut scan);
        }
    }
    scan
}

/// Leaves out what is built for tests only, up to the end of its block, which rustfmt puts at the same depth.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let is_test = ["#[cfg(test)]", "#[cfg(all(test,"]
            .iter()
            .any(|mark| line.trim_start().starts_with(mark));
        let Some(depth) = line.find('#').filter(|_| is_test) else {
            kept.push_str(line);
            kept.push('\n');
            continue;
        };
        let end = format!("{}}}", " ".repeat(depth));
        let mut is_open = false;
        for line in lines.by_ref() {
            is_open |= line.ends_with('{');
            if line.trim_end_matches([';', ',', ')']) == end || (!is_open && line.ends_with([';', ',', '}'])) {
                break;
            }
        }
    }
    kept
}

/// Reads one `use` tree from `at` on, and returns where it ends.
fn read_tree(
    tokens: &[String],
    mut at: usize,
    prefix: &[String],
    found: &mut impl FnMut(Vec<String>, String),
) -> usize {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = read_tree(tokens, at, &path, found);
                    at += usize::from(tokens.get(at).is_some_and(|token| token == ","));
                }
                return at + 1;
            }
            "as" => {
                let name = tokens.get(at + 1).cloned().unwrap_or_default();
                found(path, name);
                return at + 2;
            }
            "," | "}" | ";" => break,
            // `a::{self}` is `a`.
            "self" if !path.is_empty() => at += 1,
            _ => {
                path.push(token.clone());
                at += 1;
            }
        }
    }
    if let Some(name) = path.last().cloned() {
        found(path, name);
    }
    at
}

/// Reads a name, with what follows it after `::`.
fn read_path(tokens: &[String], mut at: usize, scan: &mut Scan) -> usize {
    let is_name = |at: usize| {
        tokens
            .get(at)
            .is_some_and(|token| token.starts_with(|first: char| first.is_alphabetic() || first == '_'))
    };
    let is_member = at > 0 && [".", "::"].contains(&tokens[at - 1].as_str());
    if !is_name(at) || is_member {
        return at + 1;
    }
    scan.names.insert(tokens[at].clone());
    let mut path = vec![tokens[at].clone()];
    while tokens.get(at + 1).is_some_and(|token| token == "::") && is_name(at + 2) {
        path.push(tokens[at + 2].clone());
        at += 2;
    }
    if path.len() > 1 {
        scan.paths.push(path);
    }
    at + 1
}

/// Names, `::`, and every other character by itself; no comments, no literals.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut is_token = false;
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(length) = literal(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            is_token = true;
            rest.find(|other: char| !other.is_alphanumeric() && other != '_')
                .unwrap_or(rest.len())
        } else {
            is_token = !first.is_whitespace();
            if rest.starts_with("::") { 2 } else { first.len_utf8() }
        };
        let (token, after) = rest.split_at(length);
        if is_token {
            tokens.push(token.to_owned());
        }
        rest = after;
    }
    tokens
}

/// The length of the text or character that begins here.
fn literal(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    let skipped = rest.len() - after.len();
    if let Some(raw) = after.strip_prefix('r') {
        let marks = raw.len() - raw.trim_start_matches('#').len();
        let body = raw.trim_start_matches('#').strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(marks));
        let length = body.find(&end).map_or(body.len(), |at| at + end.len());
        return Some(skipped + 1 + marks + 1 + length);
    }
    if let Some(body) = after.strip_prefix('"') {
        return Some(skipped + 1 + closing(body, '"').unwrap_or(body.len()));
    }
    let body = after.strip_prefix('\'')?;
    let length = closing(body, '\'')?;
    // A lifetime has no closing mark, or one that belongs to something else.
    let is_character = body.starts_with('\\') || body.split_at(length).0.chars().count() == 2;
    is_character.then_some(skipped + 1 + length)
}

/// Where the literal ends, after its closing mark.
fn closing(body: &str, mark: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, character) in body.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if character == '\\' {
            is_escaped = true;
        } else if character == mark {
            return Some(at + mark.len_utf8());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(text: &str) -> Vec<(String, String)> {
        let imports = scan(text).imports.into_iter();
        imports.map(|import| (import.path.join("::"), import.name)).collect()
    }

    fn paths(text: &str) -> Vec<String> {
        scan(text).paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn nested_declarations_are_read() {
        let text = "pub use a::{self, b::{C, D as E}, f::*};\nuse g;\n";
        let pairs = [
            ("a", "a"),
            ("a::b::C", "C"),
            ("a::b::D", "E"),
            ("a::f::*", "*"),
            ("g", "g"),
        ];
        assert_eq!(
            imports(text),
            pairs.map(|(path, name)| (path.to_owned(), name.to_owned()))
        );
    }

    #[test]
    fn paths_are_read_with_their_generics() {
        let text = "fn f<'a>(b: &'a c::D) -> Vec<crate::e::F> { g::h::<u8>('\\'', '\"'); b.i::<J>() }";
        assert_eq!(paths(text), ["c::D", "crate::e::F", "g::h"]);
    }

    #[test]
    fn captured_lifetimes_are_no_declaration() {
        let text = "fn f() -> impl A + use<> { a::b(); }\nfn g() -> impl A + use<'_, T> { c::d() }";
        assert_eq!(paths(text), ["a::b", "c::d"]);
        assert!(imports(text).is_empty());
    }

    #[test]
    fn comments_and_literals_are_no_paths() {
        let text = "// a::b\n/// c::d\nf(\"e::f \\\" g::h\", r#\"i::\"j\"#, b\"k::l\", 'm'); n::o();";
        assert_eq!(paths(text), ["n::o"]);
    }

    #[test]
    fn what_is_for_tests_is_left_out() {
        let text = "#[cfg(test)]\nmod tests;\n#[cfg(test)]\nuse x::{\n    y::Y,\n};\nstruct A {\n    #[cfg(test)]\n    b: c::D,\n}\nimpl A {\n    #[cfg(test)]\n    \
                    fn e() {\n        f::g();\n    }\n}\n#[cfg(test)]\nmod more {\n    use h::I;\n}\nfn j() { k::l(); }\n";
        assert_eq!(paths(text), ["k::l"]);
        assert!(imports(text).is_empty());
    }
}
