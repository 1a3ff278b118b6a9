//! The clock of the server: libfaketime reads its offset from a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const LIBRARIES: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
];

/// A clock that can be set, if libfaketime is installed.
pub(crate) struct ServerClock {
    file: Option<PathBuf>,
    library: &'static str,
}

impl ServerClock {
    pub(crate) fn open(work: &Path, may_be_set: bool) -> io::Result<Self> {
        let library = LIBRARIES.into_iter().find(|library| Path::new(library).exists());
        let clock = Self {
            file: library.filter(|_| may_be_set).map(|_| work.join("clock")),
            library: library.unwrap_or_default(),
        };
        clock.set(0)?;
        Ok(clock)
    }

    pub(crate) const fn can_be_set(&self) -> bool {
        self.file.is_some()
    }

    /// The library with which a server reads this clock.
    pub(crate) fn library(&self) -> Option<&'static str> {
        self.file.as_ref().map(|_| self.library)
    }

    /// What else a server needs for it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let Some(file) = &self.file else {
            return Vec::new();
        };
        let file = file.display().to_string();
        let variables = [
            ("FAKETIME_TIMESTAMP_FILE", file.as_str()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("FAKETIME_DONT_RESET", "1"),
        ];
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        owned.into()
    }

    /// Sets it so many seconds ahead of, or behind, that of the machine.
    pub(crate) fn set(&self, seconds: i64) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        // The server never sees a half-written file.
        let new = file.with_extension("new");
        fs::write(&new, format!("{seconds:+}\n"))?;
        fs::rename(new, file)
    }
}
