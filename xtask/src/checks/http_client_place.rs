//! Only `engine::net` makes a client for hosts that a user named: every other connection would escape the address policy.
//! The drill has a client for the server that the operator names on the command line.

use super::source::{Source, code_of};

const MAKES_A_CLIENT: [&str; 5] = [
    "reqwest::Client::",
    "reqwest::ClientBuilder",
    "reqwest::get(",
    "Client::builder()",
    "ClientBuilder::new(",
];

/// Shipped code only: tests talk to servers of their own.
pub(super) fn check(source: &Source) -> Vec<String> {
    let is_shipped = [
        "api/src/",
        "app/src/",
        "assets/src/",
        "domain/src/",
        "drill/src/",
        "engine/src/",
        "server/src/",
    ];
    let concerned = is_shipped.iter().any(|folder| source.is_rust_in(folder));
    let is_net = source.path.starts_with("engine/src/net/") || source.path == "engine/src/net.rs";
    if !concerned || is_net || source.path == "drill/src/api.rs" {
        return Vec::new();
    }
    let makes_a_client = |line: &str| MAKES_A_CLIENT.iter().any(|call| code_of(line).contains(call));
    source.wrong_lines(makes_a_client, "an HTTP client is made outside engine::net")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::source::source;

    #[test]
    fn only_the_guarded_network_may() {
        let text = "let client = reqwest::Client::builder().build();\nfn send(client: &reqwest::Client) {}\n";
        assert_eq!(
            check(&source("engine/src/sinks/http.rs", text)),
            ["engine/src/sinks/http.rs:1: an HTTP client is made outside engine::net"]
        );
        assert!(check(&source("engine/src/net/client.rs", text)).is_empty());
        assert!(check(&source("drill/src/api.rs", text)).is_empty());
        assert_eq!(check(&source("drill/src/run.rs", text)).len(), 1);
        assert!(check(&source("server/tests/it/main.rs", text)).is_empty());
    }
}
