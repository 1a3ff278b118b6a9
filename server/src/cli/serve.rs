//! `audit-streams serve`: from arguments and variables to a configuration that can be served.

mod parse;
mod tls;

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use api::web::{AddressRanges, PublicUrl, TrustedProxies};
use clap::{ArgAction, builder::BoolishValueParser};
use engine::{CaFile, EngineConfig, FixedSettings, InstanceProxy, SinkServices};

use self::{
    parse::{
        PROXY, check_encryption_key, parse_allowlist, parse_base, parse_days, parse_event_size, parse_log_size,
        parse_proxy, parse_root_password, parse_service,
    },
    tls::TlsArgs,
};
use super::{
    data_folder::{encryption_key, secret_variable},
    error::CommandError,
    settings::{InvalidSettings, Setting},
};
use crate::{
    serve::{ROOT_PASSWORD, ServeConfig, Tls, TlsSetting, serve},
    telemetry::{self, LogFormat, LogLevel},
};

/// Arguments of the command line, and their environment variables.
#[derive(clap::Args)]
pub(super) struct ServeArgs {
    /// Folder for everything the server stores; created if it does not exist
    #[arg(long, env = "AUDIT_STREAMS_DATA_DIR", value_name = "FOLDER", default_value = "data")]
    data_dir: PathBuf,
    /// Address and port to listen on; port 0 picks a free port
    #[arg(
        long,
        env = "AUDIT_STREAMS_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    listen: SocketAddr,
    /// URL under which browsers reach the server, if it differs from the listen address, for example https://audit.example.com
    #[arg(long, env = "AUDIT_STREAMS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    tls: TlsArgs,
    /// Format of the server's own log
    #[arg(
        long,
        env = "AUDIT_STREAMS_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    log_format: LogFormat,
    /// Level of the server's own log: one level, or levels by module such as info,engine=debug
    #[arg(long, env = "AUDIT_STREAMS_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    log_level: String,
    /// Allow destinations on the local network and on this machine. This option and the next three, when set, can't be
    /// changed on the page
    #[arg(long, env = "AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", value_name = "BOOL", action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_parser = BoolishValueParser::new())]
    allow_local_network: Option<bool>,
    /// Comma-separated hosts, addresses and ranges that destinations may use besides the public internet: 10.1.2.3:8088,siem.internal
    #[arg(long, env = "AUDIT_STREAMS_NETWORK_ALLOWLIST", value_name = "LIST")]
    network_allowlist: Option<String>,
    /// Days to keep events in the log; events that are not delivered yet are kept longer. Default: 30, or the value set on the page
    #[arg(long, env = "AUDIT_STREAMS_RETENTION_DAYS", value_name = "DAYS")]
    retention_days: Option<u32>,
    /// Maximum size of the log, such as 10GiB or 500MB. When it is reached, new events are refused. Default: 10GiB, or the
    /// value set on the page
    #[arg(long, env = "AUDIT_STREAMS_LOG_SIZE_LIMIT", value_name = "SIZE")]
    log_size_limit: Option<String>,
    /// Maximum number of destinations
    #[arg(
        long,
        env = "AUDIT_STREAMS_MAX_DESTINATIONS",
        value_name = "COUNT",
        default_value_t = 20
    )]
    max_destinations: u32,
    /// Seconds to finish requests and deliveries in progress when the server stops
    #[arg(
        long,
        env = "AUDIT_STREAMS_SHUTDOWN_DEADLINE",
        value_name = "SECONDS",
        default_value_t = 20
    )]
    shutdown_deadline: u32,
    /// Events per second accepted from each API token; 0 for no limit
    #[arg(long, env = "AUDIT_STREAMS_INGEST_RATE", value_name = "EVENTS", default_value_t = 0)]
    ingest_rate: u32,
    /// Maximum size of an event, 64KiB to 25MiB
    #[arg(
        long,
        env = "AUDIT_STREAMS_EVENT_SIZE_LIMIT",
        value_name = "SIZE",
        default_value = "1MiB"
    )]
    event_size_limit: String,
    /// Requests per minute for each API token and each signed-in user, not counting requests that post events; 0 for no limit
    #[arg(long, env = "AUDIT_STREAMS_API_RATE", value_name = "REQUESTS", default_value_t = 600)]
    api_rate: u32,
    /// URL of the Cloud Logging API; may include a path prefix for a proxy
    #[arg(long, env = "AUDIT_STREAMS_GOOGLE_LOGGING_URL", value_name = "URL", default_value = SinkServices::GOOGLE_LOGGING)]
    google_logging_url: String,
    /// URL that issues Google access tokens for service accounts
    #[arg(long, env = "AUDIT_STREAMS_GOOGLE_TOKEN_URL", value_name = "URL", default_value = SinkServices::GOOGLE_TOKEN)]
    google_token_url: String,
    /// Seconds after which a batch for AWS S3 is uploaded even if it is not full
    #[arg(
        long,
        env = "AUDIT_STREAMS_S3_BATCH_SECONDS",
        value_name = "SECONDS",
        default_value_t = 60
    )]
    s3_batch_seconds: u32,
    /// Start once even though events.db and audit-streams.db do not match, and accept the loss of what the older file lacks.
    /// Not needed if both were restored from the same backup
    #[arg(long)]
    accept_mismatched_files: bool,
    /// PEM file with certificates of CAs that all outgoing connections trust, beside those of this machine
    #[arg(long, env = "AUDIT_STREAMS_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Comma-separated hosts, domains (.example.com), addresses and ranges that are connected to without the proxy in
    /// AUDIT_STREAMS_PROXY
    #[arg(
        long,
        env = "AUDIT_STREAMS_NO_PROXY",
        value_name = "LIST",
        default_value = "",
        hide_default_value = true
    )]
    no_proxy: String,
    /// Comma-separated addresses and ranges of proxies whose X-Forwarded-For header is trusted
    #[arg(
        long,
        env = "AUDIT_STREAMS_TRUSTED_PROXIES",
        value_name = "LIST",
        default_value = "",
        hide_default_value = true
    )]
    trusted_proxies: String,
    /// Comma-separated addresses and ranges that may read /metrics without a token
    #[arg(
        long,
        env = "AUDIT_STREAMS_METRICS_ALLOW",
        value_name = "LIST",
        default_value = "",
        hide_default_value = true
    )]
    metrics_allow: String,
}

/// Settings that are read only from the environment.
#[derive(Default)]
struct Secrets {
    encryption_key: Option<String>,
    root_password: Option<String>,
    /// It may have a password.
    proxy: Option<String>,
}

/// What connections to other servers depend on.
struct Outgoing {
    services: SinkServices,
    ca_file: Option<CaFile>,
    proxy: InstanceProxy,
}

const PUBLIC_URL: Setting = Setting::Flag("--public-url", "AUDIT_STREAMS_PUBLIC_URL");
const LOG_LEVEL: Setting = Setting::Flag("--log-level", "AUDIT_STREAMS_LOG_LEVEL");
const MAX_DESTINATIONS: Setting = Setting::Flag("--max-destinations", "AUDIT_STREAMS_MAX_DESTINATIONS");
const GOOGLE_LOGGING_URL: Setting = Setting::Flag("--google-logging-url", "AUDIT_STREAMS_GOOGLE_LOGGING_URL");
const GOOGLE_TOKEN_URL: Setting = Setting::Flag("--google-token-url", "AUDIT_STREAMS_GOOGLE_TOKEN_URL");
const S3_BATCH_SECONDS: Setting = Setting::Flag("--s3-batch-seconds", "AUDIT_STREAMS_S3_BATCH_SECONDS");
const CA_FILE: Setting = Setting::Flag("--ca-file", "AUDIT_STREAMS_CA_FILE");
const TRUSTED_PROXIES: Setting = Setting::Flag("--trusted-proxies", "AUDIT_STREAMS_TRUSTED_PROXIES");
const METRICS_ALLOW: Setting = Setting::Flag("--metrics-allow", "AUDIT_STREAMS_METRICS_ALLOW");

pub(super) async fn run(args: ServeArgs) -> Result<(), CommandError> {
    let secrets = Secrets {
        encryption_key: encryption_key()?,
        root_password: secret_variable(ROOT_PASSWORD)?,
        proxy: secret_variable(PROXY)?,
    };
    let (log_format, log_level) = (args.log_format, args.log_level.clone());
    let config = args.into_config(secrets)?;
    if let Ok(level) = LogLevel::parse(&log_level) {
        telemetry::start(log_format, &level);
    }
    serve(config).await
}

impl ServeArgs {
    /// # Errors
    /// All problems at once.
    fn into_config(self, secrets: Secrets) -> Result<ServeConfig, InvalidSettings> {
        let mut problems = InvalidSettings::default();
        problems.collect(LOG_LEVEL, LogLevel::parse(&self.log_level));
        let (public_url, tls) = self.parse_listener(&mut problems);
        let fixed = self.parse_fixed(&mut problems);
        let trusted_proxies = problems.collect(TRUSTED_PROXIES, TrustedProxies::parse(&self.trusted_proxies));
        let metrics_allow = problems.collect(METRICS_ALLOW, AddressRanges::parse(&self.metrics_allow));
        let root_password = parse_root_password(secrets.root_password, &mut problems);
        if self.max_destinations == 0 {
            problems.note(MAX_DESTINATIONS, "must be at least 1");
        }
        let outgoing = self.parse_outgoing(secrets.proxy.as_deref(), &mut problems);
        check_encryption_key(&self.data_dir, secrets.encryption_key.as_deref(), &mut problems);
        let Some(outgoing) = outgoing.filter(|_| problems.is_empty()) else {
            return Err(problems);
        };
        Ok(ServeConfig {
            listen: self.listen,
            shutdown_deadline: Duration::from_secs(u64::from(self.shutdown_deadline)),
            ingest_rate: NonZeroU32::new(self.ingest_rate),
            api_rate: NonZeroU32::new(self.api_rate),
            engine: self.engine_config(secrets.encryption_key, public_url.as_ref(), fixed, outgoing),
            public_url,
            tls,
            trusted_proxies: trusted_proxies.unwrap_or_default(),
            metrics_allow: metrics_allow.unwrap_or_default(),
            root_password,
        })
    }

    /// `AUDIT_STREAMS_PUBLIC_URL`, and TLS.
    fn parse_listener(&self, problems: &mut InvalidSettings) -> (Option<PublicUrl>, Option<Tls>) {
        let public_url = self.public_url.as_deref().filter(|url| !url.is_empty());
        let public_url = public_url.and_then(|url| problems.collect(PUBLIC_URL, PublicUrl::parse(url)));
        let tls = self.tls.open(problems);
        if tls.is_some() && public_url.as_ref().is_some_and(|url| !url.is_https()) {
            let rule = format!("must start with https://, because {} is set", TlsSetting::Certificate);
            problems.note(PUBLIC_URL, rule);
        }
        (public_url, tls)
    }

    /// Settings that can't be changed on the page.
    fn parse_fixed(&self, problems: &mut InvalidSettings) -> FixedSettings {
        // An empty variable is one that is not set.
        let allowlist = self.network_allowlist.as_deref().filter(|list| !list.trim().is_empty());
        let allowlist = allowlist.map(|list| parse_allowlist(list, problems));
        let log_size = self.log_size_limit.as_deref();
        FixedSettings {
            allow_local_network: self.allow_local_network,
            network_allowlist: allowlist,
            log_size: log_size.and_then(|text| parse_log_size(text, problems)),
            retention_days: self.retention_days.and_then(|days| parse_days(days, problems)),
            event_size: parse_event_size(&self.event_size_limit, problems),
        }
    }

    /// `None` if an address of a service can't be used.
    fn parse_outgoing(&self, proxy: Option<&str>, problems: &mut InvalidSettings) -> Option<Outgoing> {
        let proxy = parse_proxy(proxy, &self.no_proxy, problems);
        let services = self.parse_services(problems);
        // An empty variable is one that is not set.
        let ca_file = self.ca_file.clone().filter(|file| !file.as_os_str().is_empty());
        let ca_file = ca_file.and_then(|file| problems.collect(CA_FILE, CaFile::open(file)));
        Some(Outgoing {
            services: services?,
            ca_file,
            proxy,
        })
    }

    fn engine_config(
        self,
        encryption_key: Option<String>,
        public_url: Option<&PublicUrl>,
        fixed: FixedSettings,
        outgoing: Outgoing,
    ) -> EngineConfig {
        EngineConfig {
            data_dir: self.data_dir,
            encryption_key,
            fixed,
            destination_limit: self.max_destinations,
            accepts_mismatched_files: self.accept_mismatched_files,
            // Without one, that of the listener, whose port is known once it listens.
            public_url: public_url.map_or_else(String::new, |url| url.as_str().to_owned()),
            services: outgoing.services,
            ca_file: outgoing.ca_file,
            // Known once it listens.
            listener_certificates: None,
            proxy: outgoing.proxy,
        }
    }

    fn parse_services(&self, problems: &mut InvalidSettings) -> Option<SinkServices> {
        let logging = problems.collect(GOOGLE_LOGGING_URL, parse_base(&self.google_logging_url))?;
        let token = problems.collect(GOOGLE_TOKEN_URL, parse_service(&self.google_token_url))?;
        if self.s3_batch_seconds == 0 {
            problems.note(S3_BATCH_SECONDS, "must be at least 1");
        }
        Some(SinkServices {
            google_logging: logging,
            google_token: token,
            batch_age: Duration::from_secs(u64::from(self.s3_batch_seconds)),
            deadline: None,
            restored: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use domain::event::EventSizeLimit;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ServeArgs,
    }

    fn config(line: &[&str]) -> Result<ServeConfig, String> {
        config_with(line, Secrets::default())
    }

    fn config_with(line: &[&str], secrets: Secrets) -> Result<ServeConfig, String> {
        let args = Line::try_parse_from(["serve"].iter().chain(line))
            .map_err(|error| error.to_string())?
            .args;
        args.into_config(secrets).map_err(|error| error.to_string())
    }

    #[test]
    fn without_any_setting_it_serves_this_machine_alone() {
        let config = config(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        let fixed = FixedSettings {
            event_size: Some(EventSizeLimit::default()),
            ..FixedSettings::default()
        };
        assert_eq!(config.engine.fixed, fixed, "the page decides about the rest");
        assert!(config.public_url.is_none() && config.ingest_rate.is_none() && config.trusted_proxies.is_empty());
        assert!(config.metrics_allow.is_empty(), "nobody reads metrics without a token");
    }

    #[test]
    fn every_problem_is_told_at_once_with_both_names_of_its_setting() {
        let line = [
            "--public-url",
            "https://x.example/audit",
            "--retention-days",
            "0",
            "--log-size-limit",
            "1MiB",
        ];
        let rest = [
            "--max-destinations",
            "0",
            "--log-level",
            "a=b=c",
            "--network-allowlist",
            "10.0.0.1,exa mple",
            "--metrics-allow",
            "10.0.0.0/33",
        ];
        let error = config(&[&line[..], &rest[..]].concat()).unwrap_err();
        for expected in [
            "--public-url (AUDIT_STREAMS_PUBLIC_URL) must not have a path",
            "--retention-days (AUDIT_STREAMS_RETENTION_DAYS) must be from 1 to 36500",
            "--log-size-limit (AUDIT_STREAMS_LOG_SIZE_LIMIT) must be at least 64MiB",
            "--max-destinations (AUDIT_STREAMS_MAX_DESTINATIONS) must be at least 1",
            "--log-level (AUDIT_STREAMS_LOG_LEVEL) ",
            "--network-allowlist (AUDIT_STREAMS_NETWORK_ALLOWLIST) entry 2 (exa mple)",
            "--metrics-allow (AUDIT_STREAMS_METRICS_ALLOW) entry 1 (10.0.0.0/33) must be",
        ] {
            assert!(error.contains(expected), "{expected}\n{error}");
        }
    }

    #[test]
    fn cloud_logging_may_be_below_a_path_and_nothing_else() {
        let logging = |url: &str| {
            let config = config(&["--google-logging-url", url]);
            config.map(|config| config.engine.services.google_logging.to_string())
        };
        assert_eq!(
            logging("https://proxy.example/google").unwrap(),
            "https://proxy.example/google"
        );
        for wrong in [
            "https://proxy.example/?a=1",
            "https://a@proxy.example",
            "proxy.example",
            "https://x.example/#a",
        ] {
            let error = logging(wrong).unwrap_err();
            assert!(error.contains("--google-logging-url"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_switch_can_be_set_in_each_way_that_people_try() {
        for line in [
            &["--allow-local-network"][..],
            &["--allow-local-network=yes"],
            &["--allow-local-network=1"],
        ] {
            assert_eq!(
                config(line).unwrap().engine.fixed.allow_local_network,
                Some(true),
                "{line:?}"
            );
        }
        let off = config(&["--allow-local-network=false"]).unwrap();
        assert_eq!(off.engine.fixed.allow_local_network, Some(false));
    }

    #[test]
    fn a_short_root_password_is_refused_without_being_shown() {
        let secrets = Secrets {
            root_password: Some("hunter2".into()),
            ..Secrets::default()
        };
        let error = config_with(&[], secrets).map(|_| ()).unwrap_err();
        assert!(
            error.contains("AUDIT_STREAMS_ROOT_PASSWORD can't be set. Password: at least 12 characters."),
            "{error}"
        );
        assert!(!error.contains("hunter2"));
    }

    #[test]
    fn two_different_keys_stop_the_start() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret.key"), "AAAA\n").unwrap();
        let line = ["--data-dir", folder.path().to_str().unwrap()];
        let with_key = |key: &str| Secrets {
            encryption_key: Some(key.into()),
            ..Secrets::default()
        };
        assert!(config_with(&line, with_key("AAAA")).is_ok());
        let error = config_with(&line, with_key("BBBB")).map(|_| ()).unwrap_err();
        assert!(
            error.contains("AUDIT_STREAMS_ENCRYPTION_KEY and ") && error.contains("secret.key hold different keys")
        );
        assert!(!error.contains("BBBB"));
    }
}
