//! Buckets as they lie on disk: a folder each, a file for an object. What else s3s-fs writes lies beside the buckets.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use s3s::{S3Request, S3Result, access::S3Access, dto::PutObjectInput, s3_error};

/// Lets nobody put an object into a bucket that was not made.
pub(super) struct ExistingBuckets {
    folder: PathBuf,
}

impl ExistingBuckets {
    pub(super) fn of(folder: PathBuf) -> Self {
        Self { folder }
    }
}

/// That a request is signed at all is asked by the trait's own `check`.
#[async_trait::async_trait]
impl S3Access for ExistingBuckets {
    async fn put_object(&self, request: &mut S3Request<PutObjectInput>) -> S3Result<()> {
        if self.folder.join(&request.input.bucket).is_dir() {
            return Ok(());
        }
        Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }
}

pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

pub(super) fn objects(bucket: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut objects = BTreeMap::new();
    let mut open = vec![(bucket.to_owned(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let key = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                open.push((entry.path(), format!("{key}/")));
            } else {
                objects.insert(key, fs::read(entry.path())?);
            }
        }
    }
    Ok(objects)
}
