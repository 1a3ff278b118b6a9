//! Printed on stdout when the server has started: its URL and how to sign in. Never part of the log.

use std::{net::SocketAddr, path::Path};

use api::web::PublicUrl;
use engine::admin::FirstUser;

use crate::cli::print_line;

/// Environment variable with the password of the first user.
pub(crate) const ROOT_PASSWORD: &str = "AUDIT_STREAMS_ROOT_PASSWORD";

/// Facts about the start.
pub(super) struct Announcement<'start> {
    pub(super) address: SocketAddr,
    /// Whether the listener speaks TLS.
    pub(super) is_tls: bool,
    pub(super) public_url: &'start PublicUrl,
    pub(super) data_dir: &'start Path,
    pub(super) first_user: FirstUser,
}

impl Announcement<'_> {
    pub(super) fn print(&self) {
        for line in self.lines() {
            print_line(&line);
        }
    }

    /// Programs look for the first line that starts with `Listening on`.
    fn lines(&self) -> Vec<String> {
        let data_dir = self.data_dir.display();
        let scheme = if self.is_tls { "https" } else { "http" };
        let mut lines = vec![
            format!("Audit Streams {}", env!("CARGO_PKG_VERSION")),
            format!("Listening on {scheme}://{}", self.address),
            format!("  Page     {}", self.public_url.as_str()),
        ];
        match &self.first_user {
            FirstUser::Exists => {
                lines.push("  Sign in  with your password; lost? audit-streams admin reset-password".into())
            }
            FirstUser::Given => lines.push(format!("  Sign in  as root with the password of {ROOT_PASSWORD}")),
            FirstUser::Generated(password) => {
                lines.push("  Sign in  as root with this password (shown once):".into());
                lines.push(format!("           {}", password.expose()));
            }
        }
        lines.push(format!(
            "  Tokens   audit-streams token create --name my-app --scope ingest --data-dir {data_dir}"
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use domain::{Field, access::NewPassword};

    use super::*;

    fn lines(first_user: FirstUser, is_tls: bool) -> Vec<String> {
        let address: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        let public_url = PublicUrl::of_listener(address, is_tls);
        Announcement {
            address,
            is_tls,
            public_url: &public_url,
            data_dir: Path::new("data"),
            first_user,
        }
        .lines()
    }

    #[test]
    fn programs_find_the_address_on_a_line_of_its_own() {
        for (is_tls, url) in [(false, "http://127.0.0.1:4711"), (true, "https://127.0.0.1:4711")] {
            let lines = lines(FirstUser::Exists, is_tls);
            assert!(lines.contains(&format!("Listening on {url}")), "{lines:?}");
            assert!(lines.contains(&format!("  Page     {url}")), "{lines:?}");
        }
    }

    #[test]
    fn only_a_password_made_here_is_shown() {
        let password = || NewPassword::parse("correct horse battery".into(), Field::NewPassword).unwrap();
        assert!(
            lines(FirstUser::Generated(password()), false)
                .iter()
                .any(|line| line.trim() == "correct horse battery")
        );
        assert!(
            lines(FirstUser::Given, false)
                .concat()
                .contains("AUDIT_STREAMS_ROOT_PASSWORD")
        );
    }
}
