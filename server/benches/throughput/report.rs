//! Results: printed, and written between marks in `docs/performance.md`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The folder with the document and its images.
pub(crate) struct Report<'docs>(pub(crate) &'docs Path);

impl Report<'_> {
    /// Replaces what is between the marks of this name.
    pub(crate) fn write(&self, name: &str, text: &str) {
        println!("{text}");
        let path = self.0.join("performance.md");
        let document = fs::read_to_string(&path).unwrap();
        let (start, end) = (format!("<!-- bench {name} -->\n"), format!("<!-- /bench {name} -->"));
        let marked = document.split_once(&start).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(&end)?;
            Some(format!("{before}{start}{text}{end}{after}"))
        });
        let Some(marked) = marked else {
            panic!("{} has no marks of `bench {name}`", path.display());
        };
        fs::write(&path, marked).unwrap();
    }

    /// Where an image of this name is.
    pub(crate) fn image(&self, name: &str) -> PathBuf {
        let images = self.0.join("images");
        fs::create_dir_all(&images).unwrap();
        images.join(format!("{name}.svg"))
    }
}

/// A table in Markdown.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let header_cells: Vec<String> = header.iter().map(ToString::to_string).collect();
    let mut text = line(&header_cells);
    text.push_str(&format!("|{}\n", "---|".repeat(header.len())));
    for row in rows {
        text.push_str(&line(row));
    }
    text
}

/// A whole number with its thousands apart.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn count(events: usize) -> String {
    grouped(f64::from(u32::try_from(events).unwrap()))
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// MiB of KiB.
pub(crate) fn mebibytes(kibibytes: usize) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap()) / 1_024.0
}
