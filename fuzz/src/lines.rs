//! Inputs of several texts.

/// The lines of an input, one after the other; empty after the last one. What is not UTF-8 becomes U+FFFD.
pub(crate) struct Lines {
    lines: Vec<String>,
    next: usize,
}

impl Lines {
    pub(crate) fn of(input: &[u8]) -> Self {
        let text = String::from_utf8_lossy(input);
        Self {
            lines: text.split('\n').map(str::to_owned).collect(),
            next: 0,
        }
    }

    pub(crate) fn take(&mut self) -> String {
        let line = self.lines.get(self.next).cloned().unwrap_or_default();
        self.next += 1;
        line
    }

    pub(crate) fn rest(self) -> Vec<String> {
        self.lines.into_iter().skip(self.next).collect()
    }
}
