//! The settings of TLS.

use std::ffi::OsString;

use engine::clock::Clock;

use crate::{
    cli::settings::{InvalidSettings, Setting},
    serve::{Tls, TlsFiles, TlsSetting},
};

#[derive(clap::Args)]
pub(super) struct TlsArgs {
    /// PEM file with the certificate of this server and its intermediate certificates. With it, the server accepts only https.
    /// It is loaded again when it changes
    #[arg(long, env = "AUDIT_STREAMS_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<OsString>,
    /// PEM file with the private key of the certificate
    #[arg(long, env = "AUDIT_STREAMS_TLS_KEY", value_name = "FILE")]
    tls_key: Option<OsString>,
    /// PEM file with certificates of authorities that vouch for clients. A client can present a certificate, which then stands
    /// for the API token that was created for one of its names
    #[arg(long, env = "AUDIT_STREAMS_CLIENT_CA", value_name = "FILE")]
    client_ca: Option<OsString>,
}

impl TlsArgs {
    /// `None` if there is no certificate, or there are problems.
    pub(super) fn open(&self, problems: &mut InvalidSettings) -> Option<Tls> {
        // An empty variable is one that is not set.
        let given = |file: &Option<OsString>| file.clone().filter(|file| !file.is_empty());
        let client_ca = given(&self.client_ca);
        let files = match (given(&self.tls_cert), given(&self.tls_key)) {
            (Some(certificate), Some(key)) => TlsFiles {
                certificate: certificate.into(),
                key: key.into(),
                client_ca: client_ca.map(Into::into),
            },
            (certificate, key) => {
                note_missing(certificate.is_some(), key.is_some(), client_ca.is_some(), problems);
                return None;
            }
        };
        match Tls::open(files, Clock::machine()) {
            Ok(tls) => Some(tls),
            Err(found) => {
                for problem in found {
                    problems.note(setting(problem.setting), problem);
                }
                None
            }
        }
    }
}

fn note_missing(has_certificate: bool, has_key: bool, has_client_ca: bool, problems: &mut InvalidSettings) {
    let (missing, other) = match (has_certificate, has_key) {
        (true, false) => (TlsSetting::Key, TlsSetting::Certificate),
        (false, true) => (TlsSetting::Certificate, TlsSetting::Key),
        _ if has_client_ca => (TlsSetting::Certificate, TlsSetting::ClientCa),
        _ => return,
    };
    problems.note(setting(missing), format!("must be set, because {other} is set"));
}

fn setting(setting: TlsSetting) -> Setting {
    let (flag, variable) = setting.names();
    Setting::Flag(flag, variable)
}
