//! A whole run: start, rounds, quiet phases, and the comparison at the end.

use std::{
    io,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use drill::{Api, Dice, Oracle, Plan, PostError, Producer, Verdict};
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
    moment::{self, Moment},
    options::{FaultsError, Options},
    places::{EVENT_TYPES, Places, Receivers},
    plan::Round,
    quiet::drain,
    report::Report,
    server::{Launch, Server},
    start::{launch, start_ms, token, wait_until_ready},
    story::Story,
    targets::Targets,
};

const PRODUCERS: u32 = 6;
/// The longest wait for the moment of a kill.
const ROUND: Duration = Duration::from_millis(1_500);
const STEP_MS: i64 = 1_000;
/// Events after the last fault, which must arrive everywhere.
const LAST_EVENTS: u64 = 100;
const MINUTE: Duration = Duration::from_secs(60);

struct Run {
    options: Options,
    dice: Dice,
    /// Of its own: how many writes can be lost does not follow from the seed.
    power: Dice,
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
    // What has been received is compared even if the run can't go on.
    if let Err(error) = run.all_rounds(started).await {
        run.problem(error.to_string());
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
        let oracle = Arc::new(Oracle::new(plan));
        let receivers = Receivers::start(&options.work, &oracle, options.request_timeout).await?;
        let disk = Disk::open(&options.work, options.uses_the_machine)?;
        let clock = ServerClock::open(&options.work, options.uses_the_machine)?;
        let launch = launch(&options, &disk, &clock, &receivers)?;
        let mut server = launch.start()?;
        let url = launch.url();
        wait_until_ready(&mut server, &Api::new(&url, "", None)?).await?;
        let admin_api = Api::new(&url, &token(&launch, "administrator", "admin")?, None)?;
        let producer_token = token(&launch, "producer", "ingest")?;
        let places = receivers.add(&admin_api, &oracle).await.map_err(FaultsError::SetUp)?;
        let admin = Admin {
            places: Arc::clone(&places.all),
            oracle: Arc::clone(&oracle),
            story: Arc::clone(&story),
            visitors_url: places.visitors.url(),
            requested: watch::Sender::new(0),
            problems: Arc::default(),
            killed: std::sync::Mutex::new(Instant::now()),
            api: admin_api.clone(),
        };
        Ok(Self {
            dice: Dice::new(options.seed),
            power: Dice::new(options.seed),
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

    async fn all_rounds(&mut self, started: Instant) -> Result<(), FaultsError> {
        self.post();
        let mut next_quiet = self.options.quiet_every;
        while self.kills < self.options.kills && started.elapsed() < self.options.at_most {
            self.round().await?;
            if self.kills >= next_quiet {
                next_quiet += self.options.quiet_every;
                // After a loss, the data folder is left as it is.
                if !self.quiet().await? {
                    return Ok(());
                }
                self.post();
            }
        }
        match self.quiet().await? {
            true => self.last_events().await,
            false => Ok(()),
        }
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
                Ok(Err(error)) => self.problem(error.to_string()),
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
        let moment = match self.wait_for(&round.moment, requests).await {
            true => round.moment.kind(),
            false => moment::AT_RANDOM,
        };
        self.kill(moment, round.loses_power)?;
        let killed = Instant::now();
        if round.heals_while_down {
            let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
            self.active.end_round(&mut scene, None)?;
        }
        if let Moment::Starting { .. } = round.moment {
            self.server = self.launch.start()?;
            sleep(round.moment.pause()).await;
            self.kill(round.moment.kind(), round.loses_power)?;
        }
        self.start().await?;
        if !round.heals_while_down {
            let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
            self.active.end_round(&mut scene, Some(&self.server))?;
        }
        self.recover(killed).await;
        Ok(())
    }

    /// Waits for the moment, but not longer than a round. Returns whether it came.
    async fn wait_for(&self, moment: &Moment, requests: u64) -> bool {
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
        // A fault can prevent it, and a round without a change has no request for one.
        let came = timeout(ROUND, waiting).await.is_ok_and(|came| came);
        if !matches!(moment, Moment::Starting { .. }) {
            sleep(moment.pause()).await;
        }
        came
    }

    fn kill(&mut self, moment: &str, loses_power: bool) -> Result<(), FaultsError> {
        if let Some(end) = self.server.ended()?
            && !self.active.prevent_storing()
        {
            self.problem(format!("the server ended by itself: {end}"));
        }
        self.server.kill()?;
        self.kills += 1;
        self.admin.note_kill();
        self.story.tell(&format!("kill {} {moment}", self.kills));
        self.story.count(&format!("kill {moment}"));
        if loses_power && self.disk.can_be_bad() {
            let lost = self.disk.cut_power(&mut self.power)?;
            self.story.tell(&format!("power cut: {lost} writes are lost"));
            self.story.count("power cut");
        }
        Ok(())
    }

    /// Until it is ready. It can't start while nothing can be stored.
    async fn start(&mut self) -> Result<(), FaultsError> {
        let api = Api::new(&self.launch.url(), "", None)?;
        loop {
            self.server = self.launch.start()?;
            match wait_until_ready(&mut self.server, &api).await {
                Ok(()) => {
                    self.story.tell("ready");
                    return Ok(());
                }
                Err(error) if self.active.prevent_storing() => {
                    self.story
                        .tell(&format!("can't start while nothing can be stored: {error}"));
                    let mut scene = scene(&self.places, &mut self.disk, &self.clock, &self.story);
                    self.active.let_store(&mut scene)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Measures how long it takes until events are acknowledged again.
    async fn recover(&mut self, killed: Instant) {
        if self.active.prevent_storing() {
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
        } else {
            for place in self.places.all.iter() {
                self.oracle.settle(&place.history, self.posting.next_number);
            }
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
        let last_look = self.last_look();
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
        problems.extend(last_look);
        if let (1.., Some(last)) = self.oracle.rejections() {
            problems.push(format!("events were rejected: {last}"));
        }
        if self.oracle.conflicts() > 0 {
            problems.push(format!("{} events were called conflicting", self.oracle.conflicts()));
        }
        if let Some(verdict) = verdicts.iter().find(|verdict| verdict.delivered == 0) {
            problems.push(format!("{} received nothing", verdict.name));
        }
        let mut findings = findings(&verdicts, &self.oracle, &self.story);
        if !problems.is_empty() || !findings.is_empty() {
            findings.push(format!(
                "the last minute:\n    {}",
                self.story.latest(MINUTE).join("\n    ")
            ));
        }
        let bad_disk = match self.disk.can_be_bad() {
            true => "power cuts lost what was not synchronised, and fsync failed, by a preloaded library",
            false => "no power cuts and no failing fsync: libraries can't be preloaded here",
        };
        let clock = match self.clock.can_be_set() {
            true => "the clock was set by libfaketime",
            false => "the clock was not set: libfaketime is not installed, or not to be used",
        };
        Report {
            seed: self.options.seed,
            kills: self.kills,
            acknowledged: self.oracle.acknowledged(),
            findings,
            problems,
            longest_recovery: self.longest_recovery,
            longest_drain: self.longest_drain,
            counts: self.story.counts(),
            mechanisms: vec![
                format!("full disk: {}", self.disk.mechanism()),
                bad_disk.to_owned(),
                clock.to_owned(),
            ],
            verdicts,
            took: Duration::ZERO,
        }
    }

    /// Reads what came after the last quiet phase, and the buckets once more from the start.
    fn last_look(&self) -> Vec<String> {
        let places = &self.places;
        let observed = places.observe();
        let mut problems = match observed.and_then(|()| places.read_buckets_again(&self.oracle)) {
            Ok(problems) => problems,
            Err(error) => vec![error.to_string()],
        };
        if places.visitors_witness.wrong() > 0 {
            problems.push("a destination that was added during the run got wrong bodies".to_owned());
        }
        problems
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
