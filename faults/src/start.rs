//! Starts the server for a run.

use std::time::{Duration, Instant};

use drill::Api;
use tokio::time::sleep;

use crate::{
    admin::PATIENCE,
    clock::ServerClock,
    disk::Disk,
    options::{FaultsError, Options},
    places::Receivers,
    server::{Launch, Server},
};

const LOOK: Duration = Duration::from_millis(5);
/// The moment before the receivers' own: events are not in the future, wherever the clock is set to.
const AGE: time::Duration = time::Duration::days(15);

pub(crate) fn launch(
    options: &Options,
    disk: &Disk,
    clock: &ServerClock,
    receivers: &Receivers,
) -> Result<Launch, FaultsError> {
    let settings = [
        ("AUDIT_STREAMS_LOG_LEVEL", "warn"),
        ("AUDIT_STREAMS_ROOT_PASSWORD", "correct horse battery"),
        ("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "true"),
        ("AUDIT_STREAMS_S3_BATCH_SECONDS", "1"),
        ("AUDIT_STREAMS_API_RATE", "0"),
        ("AUDIT_STREAMS_INGEST_RATE", "0"),
    ];
    let mut variables = clock.variables();
    variables.extend(disk.variables());
    let libraries: Vec<&str> = clock.library().into_iter().chain(disk.library()).collect();
    if !libraries.is_empty() {
        variables.push(("LD_PRELOAD".to_owned(), libraries.join(":")));
    }
    variables.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
    variables.extend(receivers.variables());
    Ok(Launch {
        binary: options.binary.clone(),
        data_dir: disk.data_dir(),
        log: options.work.join("server.log"),
        address: receivers::unused_address()?,
        variables,
    })
}

pub(crate) async fn wait_until_ready(server: &mut Server, api: &Api) -> Result<(), FaultsError> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let answer = api.send(reqwest::Method::GET, "/healthz", None).await;
        if answer.is_ok_and(|answer| answer.is_success()) {
            return Ok(());
        }
        if let Some(end) = server.ended()? {
            return Err(FaultsError::SetUp(format!("it did not start: {end}")));
        }
        sleep(LOOK).await;
    }
    Err(FaultsError::SetUp("it did not become ready".to_owned()))
}

/// The last line of the command's output.
pub(crate) fn token(launch: &Launch, name: &str, scope: &str) -> Result<String, FaultsError> {
    let output = launch.command(&["token", "create", "--name", name, "--scope", scope])?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().filter(|_| output.status.success());
    let failed = || FaultsError::SetUp(String::from_utf8_lossy(&output.stderr).into_owned());
    last.map(str::to_owned).ok_or_else(failed)
}

#[expect(clippy::disallowed_methods, reason = "the server's own clock is set by faults")]
pub(crate) fn start_ms() -> i64 {
    let start = time::OffsetDateTime::now_utc() - AGE;
    start.unix_timestamp() * 1_000
}
