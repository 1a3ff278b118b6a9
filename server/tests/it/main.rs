//! The real binary on a folder of its own, spoken to over HTTP as its users do.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails there")]

mod abuse;
mod access;
mod alerts;
#[path = "../../../api/tests/it/answer.rs"]
mod answer;
#[path = "../../../api/tests/it/api_client.rs"]
mod api_client;
mod api_docs;
mod api_instance;
mod backups;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod bad_disk;
mod browser;
mod check;
mod client_certificates;
mod command_line;
mod crash;
mod credentials;
mod delivery;
mod destinations;
mod drill;
mod event_filters;
mod folder_files;
#[path = "../../../api/tests/it/graphql_client.rs"]
mod graphql_client;
mod graphql_requests;
mod help;
mod https;
mod ingest;
mod ingest_limits;
mod instance;
mod known_browsers;
mod log;
mod nesting;
mod odd_events;
mod operations;
mod origin;
mod page;
#[path = "../../../api/tests/it/payloads.rs"]
mod payloads;
mod receive;
mod replays;
mod rotate_key;
mod s3_crash;
mod security_headers;
mod sessions;
mod settings;
mod sign_in;
mod slow_clients;
mod storage;
mod storage_faults;
mod tls;
mod tokens;
