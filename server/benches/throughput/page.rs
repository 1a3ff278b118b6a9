//! Asking for what the page asks for, as a browser that has signed in.

use std::time::{Duration, Instant};

use crate::{instance::Instance, runtime};

/// Each page is asked for so often; the median is told.
const TIMES: usize = 9;

/// The page's own requests, as a browser that has signed in makes them.
pub(crate) struct Page {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    origin: String,
    cookie: String,
}

impl Page {
    #[expect(clippy::disallowed_methods, reason = "the client asks our own server")]
    pub(crate) fn sign_in(instance: &Instance) -> Self {
        let runtime = runtime();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let origin = format!("http://{}", instance.address);
        let form = "username=root&password=a+password+for+the+bench&return_to=";
        let request = client
            .post(format!("{origin}/api/page/session/sign_in"))
            .header("origin", &origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = runtime.block_on(request.send()).unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self {
            runtime,
            client,
            origin,
            cookie,
        }
    }

    fn get(&self, path: &str) -> reqwest::Response {
        let request = self
            .client
            .get(format!("{}{path}", self.origin))
            .header("cookie", &self.cookie);
        let answer = self.runtime.block_on(request.send()).unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer
    }

    /// The middle of several times in which an answer came, whole.
    pub(crate) fn median(&self, path: &str) -> Duration {
        let mut times: Vec<Duration> = (0..TIMES)
            .map(|_| {
                let started = Instant::now();
                let answer = self.get(path);
                self.runtime.block_on(answer.bytes()).unwrap();
                started.elapsed()
            })
            .collect();
        times.sort();
        times[TIMES / 2]
    }

    /// Bytes of an answer, and how long it took.
    pub(crate) fn read(&self, path: &str) -> (usize, Duration) {
        let started = Instant::now();
        let mut answer = self.get(path);
        let mut bytes = 0;
        while let Some(part) = self.runtime.block_on(answer.chunk()).unwrap() {
            bytes += part.len();
        }
        (bytes, started.elapsed())
    }
}
