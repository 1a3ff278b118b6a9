//! nginx, as Debian packages it, with a configuration and a folder of its own.

use std::{collections::HashMap, fs, io};

use crate::program::{Installed, Program};

const NGINX: Installed = Installed {
    program: programs::NGINX,
    // In the notice about the system, once its sockets listen.
    ready: Some(" OS: "),
};

/// What a test sets.
pub struct Options<'pem> {
    /// nginx closes a connection after this many requests.
    pub keepalive_requests: u32,
    /// Certificate chain and private key in PEM: HTTPS, with HTTP/2. Plain HTTP/1.1 without them.
    pub tls: Option<(&'pem str, &'pem str)>,
    /// Certificate of a CA in PEM: a client without a certificate that it has issued is answered with 400.
    pub client_ca: Option<&'pem str>,
    /// Such a client is answered with 496 or 495, as a configuration can say, instead of 400.
    pub says_495_and_496: bool,
}

/// A running nginx that answers every request with 200. It ends when it is dropped.
pub struct Nginx(Program);

/// One request, from the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Status of the response.
    pub status: u16,
    /// nginx's number of the connection.
    pub connection: u64,
    /// Version of HTTP, such as `HTTP/2.0`.
    pub protocol: String,
    /// The header `webhook-id` of the request.
    pub webhook_id: String,
}

impl Nginx {
    /// Starts the nginx that `AUDIT_STREAMS_NGINX` names, else the one on PATH or in `/usr/sbin`.
    ///
    /// # Errors
    /// If there is none, or it does not listen in time.
    pub fn start(options: &Options<'_>) -> io::Result<Self> {
        let started = Program::start(&NGINX, |command, folder, port| {
            if let Some((certificate, key)) = options.tls {
                fs::write(folder.join("certificate.pem"), certificate)?;
                fs::write(folder.join("key.pem"), key)?;
            }
            if let Some(client_ca) = options.client_ca {
                fs::write(folder.join("client-ca.pem"), client_ca)?;
            }
            let configuration = folder.join("nginx.conf");
            fs::write(&configuration, configured(port, options))?;
            command.arg("-p").arg(folder).arg("-c").arg(configuration);
            command.args(["-e", "stderr"]);
            Ok(())
        });
        started.map(Self)
    }

    /// The port on which it listens.
    pub const fn port(&self) -> u16 {
        self.0.port()
    }

    /// The requests so far, in the order in which they were answered.
    ///
    /// # Errors
    /// If the access log cannot be read.
    pub fn requests(&self) -> io::Result<Vec<Logged>> {
        let lines = self.0.lines_of("access.log")?;
        lines.iter().map(|line| parse(line)).collect()
    }

    /// How many requests came with each `webhook-id`.
    ///
    /// # Errors
    /// If the access log cannot be read.
    pub fn deliveries(&self) -> io::Result<HashMap<String, usize>> {
        let mut deliveries = HashMap::new();
        for request in self.requests()? {
            *deliveries.entry(request.webhook_id).or_default() += 1;
        }
        Ok(deliveries)
    }
}

/// One process, which needs no rights and writes nothing outside of its folder.
fn configured(port: u16, options: &Options<'_>) -> String {
    let keepalive_requests = options.keepalive_requests;
    let (protocols, tls) = match options.tls {
        Some(_) => (
            " ssl http2",
            "ssl_certificate certificate.pem; ssl_certificate_key key.pem;",
        ),
        None => ("", ""),
    };
    // A failure to verify a certificate begins with FAILED. A status that comes with a text stays as it is.
    let (clients, unless_verified) = match (options.client_ca, options.says_495_and_496) {
        (None, _) => ("", ""),
        (Some(_), false) => ("ssl_client_certificate client-ca.pem; ssl_verify_client on;", ""),
        (Some(_), true) => (
            "ssl_client_certificate client-ca.pem; ssl_verify_client optional;
    error_page 495 = @refused;
    location @refused { return 495 refused; }",
            "if ($ssl_client_verify = NONE) { return 496 missing; }",
        ),
    };
    format!(
        "daemon off;
master_process off;
error_log stderr notice;
pid nginx.pid;
events {{ worker_connections 512; }}
http {{
  log_format requests '$status $connection $server_protocol $http_webhook_id';
  access_log access.log requests;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests {keepalive_requests};
  server {{
    listen 127.0.0.1:{port}{protocols};
    {tls}
    {clients}
    location / {{ {unless_verified} return 200; }}
  }}
}}
"
    )
}

fn parse(line: &str) -> io::Result<Logged> {
    let other = || io::Error::other(format!("not a line of the access log: {line}"));
    let mut parts = line.split(' ');
    let mut next = || parts.next().ok_or_else(other);
    let number = |text: &str| text.parse().map_err(|_| other());
    Ok(Logged {
        status: next()?.parse().map_err(|_| other())?,
        connection: number(next()?)?,
        protocol: next()?.to_owned(),
        webhook_id: next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    const PLAIN: Options<'static> = Options {
        keepalive_requests: 1,
        tls: None,
        client_ca: None,
        says_495_and_496: false,
    };

    #[test]
    fn it_accepts_connections_as_soon_as_it_has_started() {
        let nginx = Nginx::start(&PLAIN).unwrap();
        TcpStream::connect((Ipv4Addr::LOCALHOST, nginx.port())).unwrap();
    }
}
