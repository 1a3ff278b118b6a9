//! A disk that can be filled and slowed down, that fails to synchronise, and that loses its power.

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

use bad_disk::BadDisk;
use drill::Dice;

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
    bad: Option<BadDisk>,
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
            bad: BadDisk::below(&folder.join("data"), work)?,
            folder,
            load: None,
        })
    }

    /// A library for the server, with which it can be made to fail.
    pub(crate) fn library(&self) -> Option<&'static str> {
        self.bad.as_ref().map(BadDisk::library)
    }

    /// What else the server needs for it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let variables = self.bad.iter().flat_map(BadDisk::variables);
        variables.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Whether it can fail to synchronise, and lose its power.
    pub(crate) const fn can_be_bad(&self) -> bool {
        self.bad.is_some()
    }

    /// Nothing can be synchronised, or it can again.
    pub(crate) fn fail_syncs(&self, fails: bool) -> io::Result<()> {
        self.bad.as_ref().map_or(Ok(()), |bad| bad.fail_syncs(fails))
    }

    /// After the server was killed: loses what was not synchronised, or only a last part of it. Returns how many writes are lost.
    pub(crate) fn cut_power(&self, dice: &mut Dice) -> io::Result<usize> {
        let survivors = |writes: usize| {
            let sides = u64::try_from(writes).unwrap_or(u64::MAX).saturating_add(1);
            match dice.chance(50) {
                true => 0,
                false => usize::try_from(dice.roll(sides)).unwrap_or(0),
            }
        };
        self.bad.as_ref().map_or(Ok(0), |bad| bad.cut_power(survivors))
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
