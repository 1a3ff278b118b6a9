//! S3 by its real protocol: s3s, which verifies the signature of every request, over s3s-fs, which keeps objects as files.
//!
//! Added to it: a bucket that does not exist is refused (s3s-fs would make it), every request is kept, and faults come
//! on demand. Path-style addresses only. A key of more than about 150 bytes does not fit into the file name under which
//! s3s-fs keeps what belongs to an object, and is answered with 500.

mod buckets;
mod chunked;
mod refusal;
mod request;

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use rustls::ServerConfig;
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

use self::buckets::ExistingBuckets;
pub use self::{
    refusal::Refusal,
    request::{KeyPuts, Put, SeenRequest},
};
use crate::{
    control::{self, ControlRequest, Controlled},
    fault::{Abort, Answer, Fault, Faults, serve_with},
    listener::{ANY_PORT, Listener, Serve},
    record::Record,
};

/// A running S3 server. Stops when dropped; its folder stays.
pub struct S3Server {
    listener: Listener,
    bench: Arc<Bench>,
}

struct Bench {
    folder: PathBuf,
    service: S3Service,
    faults: Faults,
    denies_reading: AtomicBool,
    seen: Record<Vec<SeenRequest>>,
}

impl S3Server {
    /// On a free port. The folder is made if there is none; requests must be signed by this pair.
    ///
    /// # Errors
    /// The folder cannot be used, or no port can be listened on.
    pub async fn start(folder: impl AsRef<Path>, access_key_id: &str, secret_access_key: &str) -> io::Result<Self> {
        Self::start_at(ANY_PORT, folder, access_key_id, secret_access_key).await
    }

    /// The same by TLS.
    ///
    /// # Errors
    /// As [`S3Server::start`].
    pub async fn start_tls(
        config: ServerConfig,
        folder: impl AsRef<Path>,
        access_key_id: &str,
        secret_access_key: &str,
    ) -> io::Result<Self> {
        let tls = Some(Arc::new(config).into());
        Self::start_with(ANY_PORT, tls, folder, (access_key_id, secret_access_key)).await
    }

    /// On this address; port 0 for a free one.
    ///
    /// # Errors
    /// As [`S3Server::start`].
    pub async fn start_at(
        address: SocketAddr,
        folder: impl AsRef<Path>,
        access_key_id: &str,
        secret_access_key: &str,
    ) -> io::Result<Self> {
        Self::start_with(address, None, folder, (access_key_id, secret_access_key)).await
    }

    async fn start_with(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        folder: impl AsRef<Path>,
        (access_key_id, secret_access_key): (&str, &str),
    ) -> io::Result<Self> {
        let folder = folder.as_ref().to_owned();
        fs::create_dir_all(&folder)?;
        let files = FileSystem::new(&folder).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(access_key_id, secret_access_key));
        builder.set_access(ExistingBuckets::of(folder.clone()));
        let bench = Arc::new(Bench {
            folder,
            service: builder.build(),
            faults: Faults::default(),
            denies_reading: AtomicBool::new(false),
            seen: Record::default(),
        });
        let listener = Listener::start_with(address, tls, Arc::clone(&bench)).await?;
        Ok(Self { listener, bench })
    }

    /// `http://127.0.0.1:<port>`, or `https://localhost:<port>`.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// # Errors
    /// The folder cannot be written to.
    pub fn make_bucket(&self, name: &str) -> io::Result<()> {
        fs::create_dir_all(self.bench.folder.join(name))
    }

    /// Every object of the bucket by its key, read from disk.
    ///
    /// # Errors
    /// There is no such bucket, or it cannot be read.
    pub fn objects(&self, bucket: &str) -> io::Result<BTreeMap<String, Vec<u8>>> {
        buckets::objects(&self.bench.folder.join(bucket))
    }

    /// The next requests are answered so, after those for which this was called before.
    pub fn answer_next(&self, times: usize, fault: impl Into<Fault>) {
        self.bench.faults.fail_next(times, fault.into());
    }

    /// Every request is answered so until [`S3Server::serve_again`].
    pub fn answer_all(&self, fault: impl Into<Fault>) {
        self.answer_next(usize::MAX, fault);
    }

    /// From now on, this function of the object chooses the answer to every upload, until [`S3Server::serve_again`].
    pub fn script_objects(&self, script: impl Fn(&Bytes) -> Option<Fault> + Send + Sync + 'static) {
        self.bench.faults.choose_by_body(Arc::new(script));
    }

    /// From now on, the access key may put objects, and not read them.
    pub fn deny_reading(&self) {
        self.bench.denies_reading.store(true, Ordering::SeqCst);
    }

    /// Removes all faults. Requests that hang already go on hanging.
    pub fn serve_again(&self) {
        self.bench.faults.clear();
    }

    /// Every request so far, in the order in which their bodies were complete.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.bench.seen.look(Clone::clone)
    }

    /// How many times an object was put, whatever the result.
    pub fn put_count(&self) -> usize {
        self.bench.seen.look(|seen| puts(seen).count())
    }

    /// For every key that was put, whatever the result: how many times, and with which bodies.
    pub fn puts_by_key(&self) -> BTreeMap<String, KeyPuts> {
        self.bench.seen.look(|seen| {
            let mut keys = BTreeMap::<String, KeyPuts>::new();
            for put in puts(seen) {
                keys.entry(put.key.clone()).or_default().add(put);
            }
            keys
        })
    }

    /// Returns whether the requests satisfied the condition within this time. Checked whenever a request arrives or was served.
    pub async fn wait_until(&self, patience: Duration, mut is_enough: impl FnMut(&[SeenRequest]) -> bool) -> bool {
        self.bench.seen.wait_until(patience, |seen| is_enough(seen)).await
    }
}

fn puts(seen: &[SeenRequest]) -> impl Iterator<Item = &Put> {
    seen.iter().filter_map(|request| request.put.as_ref())
}

impl Serve for Bench {
    async fn serve(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Abort> {
        if let Some(request) = ControlRequest::parse(&request) {
            return Ok(control::answer(request, self));
        }
        let by_body = || self.faults.for_body(&SeenRequest::of(&request, None).put?.body);
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let denied = (reads && self.denies_reading.load(Ordering::SeqCst)).then(|| Refusal::AccessDenied.into());
        let fault = denied.or_else(|| self.faults.next()).or_else(by_body);
        let number = self.seen.change(|seen| {
            seen.push(SeenRequest::of(&request, fault.clone()));
            seen.len() - 1
        });
        serve_with(fault, self.pass_on(number, request)).await
    }
}

impl Bench {
    async fn pass_on(&self, number: usize, request: Request<Bytes>) -> Response<Bytes> {
        let response = match self.service.call(request.map(s3s::Body::from)).await {
            Ok(response) => collected(response).await,
            Err(error) => failed(&format!("{error:?}")),
        };
        self.seen.change(|seen| {
            if let Some(request) = seen.get_mut(number) {
                request.served = Some(response.status());
            }
        });
        response
    }
}

async fn collected(response: Response<s3s::Body>) -> Response<Bytes> {
    let (head, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(head, body.to_bytes()),
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(why: &str) -> Response<Bytes> {
    Answer::new(500, "text/plain", why.to_owned()).into_response()
}

impl Controlled for Bench {
    fn received(&self) -> io::Result<Value> {
        let bodies = |objects: BTreeMap<String, Vec<u8>>| -> Value {
            let encoded = objects.into_iter().map(|(key, body)| {
                (
                    key,
                    json!({"bytes": body.len(), "base64": BASE64_STANDARD.encode(body)}),
                )
            });
            Value::Object(encoded.collect())
        };
        let names = buckets::names(&self.folder)?;
        let buckets = names.into_iter().map(|name| {
            let objects = buckets::objects(&self.folder.join(&name))?;
            Ok((name, bodies(objects)))
        });
        Ok(json!({
            "buckets": Value::Object(buckets.collect::<io::Result<_>>()?),
            "requests": self.seen.look(|seen| seen.iter().map(SeenRequest::to_json).collect::<Vec<_>>()),
        }))
    }

    fn fault(&self, name: &str) -> Option<Fault> {
        Fault::parse(name).or_else(|| Refusal::parse(name).map(Fault::from))
    }

    fn fail_next(&self, times: usize, fault: Fault) {
        self.faults.fail_next(times, fault);
    }

    fn serve_again(&self) {
        self.faults.clear();
    }
}

#[cfg(test)]
mod tests;
