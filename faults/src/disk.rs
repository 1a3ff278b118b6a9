//! A disk that can be filled, and slowed down.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use crate::server::Server;

/// Large enough for the longest run; it takes only the room that is used.
const IMAGE_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// SQLite can't do without 32 KiB.
const FILE_LIMIT: u64 = 48 * 1024;
const LOAD_BYTES: usize = 1024 * 1024;
const BALLAST_PIECE: usize = 4 * 1024;

/// Where the data folder is.
pub(crate) struct Disk {
    /// Filled and emptied; `None` without a filesystem of its own.
    mounted: Option<PathBuf>,
    folder: PathBuf,
    load: Option<Load>,
}

struct Load {
    is_over: Arc<AtomicBool>,
    writing: JoinHandle<()>,
}

impl Disk {
    /// A filesystem in a file, if the process may mount one and `may_mount`, or else a part of the folder.
    pub(crate) fn open(work: &Path, may_mount: bool) -> io::Result<Self> {
        let folder = work.join("disk");
        fs::create_dir(&folder)?;
        let mounted = may_mount && mount(work, &folder)?;
        Ok(Self {
            mounted: mounted.then(|| folder.clone()),
            folder,
            load: None,
        })
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// How a full disk is made.
    pub(crate) const fn mechanism(&self) -> &'static str {
        match self.mounted {
            Some(_) => "an ext4 filesystem that is filled",
            None => "a limit on the size of files (RLIMIT_FSIZE)",
        }
    }

    /// Nothing more can be written.
    pub(crate) fn fill(&self, server: &Server) -> io::Result<()> {
        let Some(mounted) = &self.mounted else {
            return server.limit_files(Some(FILE_LIMIT));
        };
        let path = ballast(mounted);
        let stat = rustix::fs::statvfs(mounted)?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        let mut file = File::create(path)?;
        // What the server writes meanwhile can take the room first.
        let reserved = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, free.max(1));
        match reserved.map_err(io::Error::from) {
            Err(error) if error.kind() != io::ErrorKind::StorageFull => return Err(error),
            _ => {}
        }
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        let piece = [0; BALLAST_PIECE];
        loop {
            match file.write_all(&piece) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// There is room again.
    pub(crate) fn empty(&self, server: Option<&Server>) -> io::Result<()> {
        match (&self.mounted, server) {
            (Some(mounted), _) => match fs::remove_file(ballast(mounted)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            // The limit ended with its process.
            (None, None) => Ok(()),
            (None, Some(server)) => server.limit_files(None),
        }
    }

    /// Something else writes to the same filesystem and waits for it.
    pub(crate) fn slow_down(&mut self) {
        if self.load.is_some() {
            return;
        }
        let is_over = Arc::<AtomicBool>::default();
        let path = self.folder.join("load");
        let ends = Arc::clone(&is_over);
        let writing = std::thread::spawn(move || {
            let piece = vec![0; LOAD_BYTES];
            // A disk that is full is slow enough.
            while !ends.load(Ordering::Relaxed) {
                let written = File::create(&path).and_then(|mut file| {
                    file.write_all(&piece)?;
                    file.sync_all()
                });
                if written.is_err() {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
            drop(fs::remove_file(path));
        });
        self.load = Some(Load { is_over, writing });
    }

    pub(crate) fn speed_up(&mut self) {
        if let Some(load) = self.load.take() {
            load.is_over.store(true, Ordering::Relaxed);
            drop(load.writing.join());
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.speed_up();
        if let Some(mounted) = &self.mounted {
            // Lazily: what is still open keeps it until it is closed.
            drop(quiet("umount").arg("--lazy").arg(mounted).status());
        }
    }
}

fn ballast(mounted: &Path) -> PathBuf {
    mounted.join("ballast")
}

/// Returns whether the filesystem could be made and mounted.
fn mount(work: &Path, folder: &Path) -> io::Result<bool> {
    let image = work.join("disk.img");
    File::create(&image)?.set_len(IMAGE_BYTES)?;
    let mut make = quiet("mkfs.ext4");
    make.args(["-q", "-F", "-m", "0"]).arg(&image);
    let mut mount = quiet("mount");
    mount.args(["-o", "loop"]).arg(&image).arg(folder);
    let is_mounted = succeeds(&mut make) && succeeds(&mut mount);
    if !is_mounted {
        fs::remove_file(image)?;
    }
    Ok(is_mounted)
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A program that is missing does not succeed either.
fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
