//! Certificates for tests, in files.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;

use super::files::TlsFiles;

/// A certificate for `localhost` that vouches for itself.
pub(in crate::serve) struct Made {
    pub(in crate::serve) der: CertificateDer<'static>,
    pub(in crate::serve) certificate: String,
    pub(in crate::serve) key: String,
}

impl Made {
    pub(in crate::serve) fn new() -> Self {
        Self::valid(2_000, 2_100)
    }

    /// From the beginning of one year to that of the other.
    pub(in crate::serve) fn valid(from: i32, until: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            certificate: pem("CERTIFICATE", certificate.der()),
            key: pem("PRIVATE KEY", &key.serialize_der()),
        }
    }

    /// The same files each time for one folder.
    pub(in crate::serve) fn write(&self, folder: &Path) -> TlsFiles {
        write(folder, &self.certificate, &self.key)
    }
}

/// As most programs do: another file takes the place of the old one.
pub(in crate::serve) fn write(folder: &Path, certificate: &str, key: &str) -> TlsFiles {
    let files = TlsFiles {
        certificate: folder.join("cert.pem"),
        key: folder.join("key.pem"),
        client_ca: None,
    };
    for (file, text) in [(&files.certificate, certificate), (&files.key, key)] {
        let new = file.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, file).unwrap();
    }
    files
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .filter_map(|start| text.get(start..text.len().min(start + 64)))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
