//! A whole run: start, rounds, quiet phases, and the comparison at the end.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use drill::{Api, ApiError, Dice, Oracle, Plan, PostError, Producer, Verdict};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::{
    admin::{Admin, PATIENCE},
    clock::ServerClock,
    disk::Disk,
    faults::{Active, Scene},
    findings::findings,
    moment::Moment,
    places::{EVENT_TYPES, Places, Receivers},
    plan::Round,
    quiet::drain,
    report::Report,
    server::{Launch, Server},
    story::{Output, Story},
    targets::Targets,
};

const PRODUCERS: u32 = 6;
/// The longest wait for the moment of a kill.
const ROUND: Duration = Duration::from_millis(1_500);
const LOOK: Duration = Duration::from_millis(5);
/// The moment before the receivers' own: events are not in the future, wherever the clock is set to.
const AGE: time::Duration = time::Duration::days(15);
const STEP_MS: i64 = 1_000;
/// Events after the last fault, which must arrive everywhere.
const LAST_EVENTS: u64 = 100;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's binary.
    pub binary: PathBuf,
    /// Ends after so many kills.
    pub kills: u32,
    /// Ends after this time, if it comes first.
    pub at_most: Duration,
    /// Repeats the rounds of another run.
    pub seed: u64,
    /// A folder for everything; it must exist.
    pub work: PathBuf,
    /// Events per second of all producers.
    pub rate: f64,
    /// All faults end for a while after so many kills.
    pub quiet_every: u32,
    /// A filesystem may be mounted, and the clock set.
    pub uses_the_machine: bool,
    /// What is printed meanwhile.
    pub output: Output,
}

/// A run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// A file, a process or a socket.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No client.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The server could not be set up.
    #[error("the server can't be set up: {0}")]
    SetUp(String),
    /// Events were rejected for good.
    #[error(transparent)]
    Post(#[from] PostError),
}

struct Run {
    options: Options,
    dice: Dice,
    launch: Launch,
    server: Server,
    places: Places,
    disk: Disk,
    clock: ServerClock,
    story: Arc<Story>,
    oracle: Arc<Oracle>,
    admin: Arc<Admin>,
    posting: Posting,
    active: Active,
    change: Option<JoinHandle<()>>,
    kills: u32,
    longest_recovery: Duration,
    longest_drain: Duration,
}

/// The producers of a phase.
struct Posting {
    api: Api,
    next_number: u32,
    stop: watch::Sender<bool>,
    producers: JoinSet<Result<usize, PostError>>,
}

/// Runs, and compares.
///
/// # Errors
/// [`FaultsError`]. Broken promises are in the report.
pub async fn run(options: Options) -> Result<Report, FaultsError> {
    let started = Instant::now();
    let mut run = Run::set_up(options).await?;
    let deadline = started + run.options.at_most;
    run.post();
    let mut is_intact = true;
    let mut next_quiet = run.options.quiet_every;
    while is_intact && run.kills < run.options.kills && Instant::now() < deadline {
        run.round().await?;
        if run.kills >= next_quiet {
            next_quiet += run.options.quiet_every;
            is_intact = run.quiet().await?;
            run.post();
        }
    }
    // After a loss, the data folder is left as it is.
    if is_intact && run.quiet().await? {
        run.last_events().await?;
    }
    let mut report = run.judge();
    report.took = started.elapsed();
    Ok(report)
}

impl Run {
    async fn set_up(options: Options) -> Result<Self, FaultsError> {
        let story = Arc::new(Story::new(options.output));
        let start_ms = start_ms();
        let plan = Arc::new(Plan::new(
            &format!("f{}", options.seed),
            start_ms,
            STEP_MS,
            "faults",
            &EVENT_TYPES,
        ));
        let receivers = Receivers::start(&options.work, &plan).await?;
        let disk = Disk::open(&options.work, options.uses_the_machine)?;
        let clock = ServerClock::open(&options.work, options.uses_the_machine)?;
        let launch = launch(&options, &disk, &clock, &receivers)?;
        let mut server = launch.start()?;
        let url = launch.url();
        wait_until_ready(&mut server, &Api::new(&url, "", None)?).await?;
        let admin_api = Api::new(&url, &token(&launch, "administrator", "admin")?, None)?;
        let producer_token = token(&launch, "producer", "ingest")?;
        let oracle = Arc::new(Oracle::new(plan));
        let places = receivers.add(&admin_api, &oracle).await.map_err(FaultsError::SetUp)?;
        let admin = Admin {
            places: Arc::clone(&places.all),
            oracle: Arc::clone(&oracle),
            story: Arc::clone(&story),
            visitors_url: places.visitors.url(),
            requested: watch::Sender::new(0),
            problems: Arc::default(),
            api: admin_api.clone(),
        };
        Ok(Self {
            dice: Dice::new(options.seed),
            posting: Posting {
                api: admin_api.with_token(&producer_token),
                next_number: 0,
                stop: watch::Sender::new(false),
                producers: JoinSet::new(),
            },
            admin: Arc::new(admin),
            active: Active::default(),
            change: None,
            kills: 0,
            longest_recovery: Duration::ZERO,
            longest_drain: Duration::ZERO,
            options,
            launch,
            server,
            places,
            disk,
            clock,
            story,
            oracle,
        })
    }

    /// Starts producers with new numbers.
    fn post(&mut self) {
        self.posting.stop = watch::Sender::new(false);
        for _ in 0..PRODUCERS {
            let number = self.posting.next_number;
            self.posting.next_number += 1;
            let producer = Producer {
                number,
                oracle: Arc::clone(&self.oracle),
                api: self.posting.api.clone(),
                rate: self.options.rate / f64::from(PRODUCERS),
                dice: Dice::new(self.options.seed.wrapping_add(u64::from(number))),
                patience: PATIENCE,
            };
            let is_stopped = self.posting.stop.subscribe();
            self.posting.producers.spawn(producer.run(is_stopped));
        }
    }

    /// Until every event that was posted is acknowledged.
    async fn stop_posting(&mut self) -> Result<(), FaultsError> {
        self.posting.stop.send_replace(true);
        while let Some(ended) = self.posting.producers.join_next().await {
            match ended {
                Ok(Ok(0)) => {}
                Ok(Ok(in_doubt)) => self.problem(format!("{in_doubt} events were not acknowledged for {PATIENCE:?}")),
                Ok(Err(error)) => return Err(error.into()),
                Err(error) => return Err(io::Error::other(error).into()),
            }
        }
        Ok(())
    }

    /// Faults, a moment, a kill, and a start.
    async fn round(&mut self) -> Result<(), FaultsError> {
        let targets = Targets {
            endpoints: self.places.endpoints.len(),
            buckets: self.places.buckets.len(),
            all: self.places.all.len(),
        };
        let round = Round::next(&mut self.dice, targets);
        for (fault, rounds) in round.faults {
            let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
            self.active.begin(fault, rounds, &mut scene, &self.server).await?;
        }
        let change = round
            .change
            .filter(|_| self.change.as_ref().is_none_or(JoinHandle::is_finished));
        let requests = *self.admin.requested.borrow();
        if let Some(change) = change {
            let admin = Arc::clone(&self.admin);
            self.change = Some(tokio::spawn(async move { admin.make(change).await }));
        }
        self.wait_for(&round.moment, requests).await;
        self.kill(&round.moment)?;
        let killed = Instant::now();
        if round.heals_while_down {
            let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
            self.active.end_round(&mut scene, None)?;
        }
        if let Moment::Starting { .. } = round.moment {
            self.server = self.launch.start()?;
            sleep(round.moment.pause()).await;
            self.kill(&round.moment)?;
        }
        self.start().await?;
        if !round.heals_while_down {
            let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
            self.active.end_round(&mut scene, Some(&self.server))?;
        }
        self.recover(killed).await;
        Ok(())
    }

    /// Waits for the moment, but not longer than a round.
    async fn wait_for(&self, moment: &Moment, requests: u64) {
        let next = |mut counts: watch::Receiver<u64>| {
            let now = *counts.borrow_and_update();
            async move { counts.wait_for(|count| *count > now).await.is_ok() }
        };
        let endpoint = |number: &usize| self.places.endpoints.get(*number);
        let waiting = async {
            match moment {
                Moment::Acknowledged { events, .. } => {
                    self.oracle.wait_for(self.oracle.acknowledged() + events, ROUND).await
                }
                Moment::RequestArrived { endpoint: number, .. } => match endpoint(number) {
                    Some(endpoint) => next(endpoint.arrivals()).await,
                    None => false,
                },
                Moment::Answered { endpoint: number, .. } => match endpoint(number) {
                    Some(endpoint) => next(endpoint.answers()).await,
                    None => false,
                },
                Moment::ChangeRequested { .. } => {
                    let mut requested = self.admin.requested.subscribe();
                    requested.wait_for(|count| *count > requests).await.is_ok()
                }
                Moment::Starting { .. } => true,
            }
        };
        // A moment that does not come, because of a fault or without a change, is any other one.
        drop(timeout(ROUND, waiting).await);
        if !matches!(moment, Moment::Starting { .. }) {
            sleep(moment.pause()).await;
        }
    }

    fn kill(&mut self, moment: &Moment) -> Result<(), FaultsError> {
        if let Some(end) = self.server.ended()?
            && !self.active.has_full_disk()
        {
            self.problem(format!("the server ended by itself: {end}"));
        }
        self.server.kill()?;
        self.kills += 1;
        self.story.tell(&format!("kill {} {moment}", self.kills));
        self.story.count(&format!("kill {moment}"));
        Ok(())
    }

    /// Until it is ready. With a full disk, it may need room first.
    async fn start(&mut self) -> Result<(), FaultsError> {
        let api = Api::new(&self.launch.url(), "", None)?;
        loop {
            self.server = self.launch.start()?;
            match wait_until_ready(&mut self.server, &api).await {
                Ok(()) => {
                    self.story.tell("ready");
                    return Ok(());
                }
                Err(error) if self.active.has_full_disk() => {
                    self.story.tell(&format!("can't start while the disk is full: {error}"));
                    let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
                    self.active.end_full_disk(&mut scene)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Measures how long it takes until events are acknowledged again.
    async fn recover(&mut self, killed: Instant) {
        if self.active.has_full_disk() {
            return;
        }
        let next = self.oracle.acknowledged() + 1;
        if !self.oracle.wait_for(next, PATIENCE).await {
            self.problem(format!(
                "no event was acknowledged for {PATIENCE:?} after kill {}",
                self.kills
            ));
        }
        self.longest_recovery = self.longest_recovery.max(killed.elapsed());
    }

    /// Ends all faults and waits until everything has arrived. Returns whether it has.
    async fn quiet(&mut self) -> Result<bool, FaultsError> {
        let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
        self.active.end_all(&mut scene, Some(&self.server))?;
        if let Some(change) = self.change.take() {
            change.await.map_err(io::Error::other)?;
        }
        self.stop_posting().await?;
        self.story.tell("quiet");
        let began = Instant::now();
        self.admin.calm().await;
        let missing = drain(&self.places, &self.oracle, &self.admin).await?;
        if missing > 0 {
            self.problem(format!("{missing} events have not arrived, and no more come"));
        }
        self.longest_drain = self.longest_drain.max(began.elapsed());
        let (kills, acknowledged) = (self.kills, self.oracle.acknowledged());
        self.story.progress(&format!(
            "{kills} kills, {acknowledged} events acknowledged, {missing} missing"
        ));
        Ok(missing == 0)
    }

    /// New events must arrive everywhere.
    async fn last_events(&mut self) -> Result<(), FaultsError> {
        let enough = self.oracle.acknowledged() + LAST_EVENTS;
        self.post();
        if !self.oracle.wait_for(enough, PATIENCE).await {
            self.problem("new events are not acknowledged".to_owned());
        }
        self.stop_posting().await?;
        if drain(&self.places, &self.oracle, &self.admin).await? > 0 {
            self.problem("new events do not arrive".to_owned());
        }
        if !self.server.shut_down()? {
            self.problem("the server did not shut down cleanly".to_owned());
        }
        Ok(())
    }

    fn judge(self) -> Report {
        let places = self.places.all.iter();
        let verdicts: Vec<Verdict> = places
            .map(|place| self.oracle.judge(&place.witness, &place.history))
            .collect();
        let mut problems = self
            .admin
            .problems
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if self.oracle.conflicts() > 0 {
            problems.push(format!("{} events were called conflicting", self.oracle.conflicts()));
        }
        if let Some(verdict) = verdicts.iter().find(|verdict| verdict.delivered == 0) {
            problems.push(format!("{} received nothing", verdict.name));
        }
        let clock = match self.clock.can_be_set() {
            true => "the clock was set by libfaketime",
            false => "the clock was not set: libfaketime is not installed, or not to be used",
        };
        Report {
            seed: self.options.seed,
            kills: self.kills,
            acknowledged: self.oracle.acknowledged(),
            findings: findings(&verdicts, &self.oracle, &self.story),
            problems,
            longest_recovery: self.longest_recovery,
            longest_drain: self.longest_drain,
            counts: self.story.counts(),
            mechanisms: vec![format!("full disk: {}", self.disk.mechanism()), clock.to_owned()],
            verdicts,
            took: Duration::ZERO,
        }
    }

    fn problem(&self, problem: String) {
        self.admin.problem(problem);
    }
}

fn scene<'run>(
    places: &'run Places,
    disk: &'run mut Disk,
    clock: &'run ServerClock,
    story: &'run Story,
) -> Scene<'run> {
    Scene {
        places,
        disk,
        clock,
        story,
    }
}

fn launch(options: &Options, disk: &Disk, clock: &ServerClock, receivers: &Receivers) -> Result<Launch, FaultsError> {
    let settings = [
        ("AUDIT_STREAMS_LOG_LEVEL", "warn"),
        ("AUDIT_STREAMS_ROOT_PASSWORD", "correct horse battery"),
        ("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "true"),
        ("AUDIT_STREAMS_S3_BATCH_SECONDS", "1"),
        ("AUDIT_STREAMS_API_RATE", "0"),
        ("AUDIT_STREAMS_INGEST_RATE", "0"),
    ];
    let mut variables = clock.variables();
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

async fn wait_until_ready(server: &mut Server, api: &Api) -> Result<(), FaultsError> {
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
fn token(launch: &Launch, name: &str, scope: &str) -> Result<String, FaultsError> {
    let output = launch.command(&["token", "create", "--name", name, "--scope", scope])?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().filter(|_| output.status.success());
    let failed = || FaultsError::SetUp(String::from_utf8_lossy(&output.stderr).into_owned());
    last.map(str::to_owned).ok_or_else(failed)
}

#[expect(clippy::disallowed_methods, reason = "the server's own clock is set by faults")]
fn start_ms() -> i64 {
    let start = time::OffsetDateTime::now_utc() - AGE;
    start.unix_timestamp() * 1_000
}
