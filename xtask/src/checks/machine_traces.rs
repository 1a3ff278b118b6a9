//! Nothing in the project names the machine it was written on, or the host a package was fetched from.

use super::source::Source;

/// Split, so that this file does not find itself.
const TRACES: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("registry.", "npmjs.org"),
    concat!("static.", "crates.io"),
    concat!("files.", "pythonhosted.org"),
];

pub(super) fn check(source: &Source) -> Vec<String> {
    let has_trace = |line: &str| TRACES.iter().any(|trace| starts_a_path(line, trace));
    source.wrong_lines(has_trace, "names one machine's folder or a download host")
}

/// Whether the trace stands in the line and is not the tail of a longer path: `/api/home/` is a path of ours.
fn starts_a_path(line: &str, trace: &str) -> bool {
    line.match_indices(trace).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !trace.starts_with('/') || !before.is_some_and(|char| char.is_alphanumeric() || "-_.~}*$".contains(char))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn a_folder_of_one_machine_is_found() {
        let text = format!("fine\ncd {}somebody/project\n", concat!("/ho", "me/"));
        assert_eq!(check(&source("README.md", &text)).len(), 1);
    }

    #[test]
    fn a_download_host_in_a_lock_file_is_found() {
        let text = format!("\"resolved\": \"https://{}/x.tgz\"", concat!("registry.", "npmjs.org"));
        assert_eq!(check(&source("end2end/package-lock.json", &text)).len(), 1);
    }

    #[test]
    fn the_same_word_inside_a_longer_path_is_not() {
        let text = format!("GET /api{}x, $HOME{}y", concat!("/ho", "me/"), concat!("/wo", "rk/"));
        assert!(check(&source("a.md", &text)).is_empty());
    }
}
