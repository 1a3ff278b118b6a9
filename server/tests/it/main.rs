//! The real binary on a folder of its own, spoken to over HTTP as its users do.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails there")]

mod alerts;
mod api_access;
mod api_audit_events;
mod api_client;
mod api_destinations;
mod api_docs;
mod api_gitlab;
mod api_instance;
mod api_test_events;
mod browser;
mod command_line;
mod crash;
mod credentials;
mod delivery;
mod destinations;
mod graphql_access;
mod graphql_client;
mod graphql_cloud;
mod graphql_documented;
mod graphql_filters;
mod graphql_headers;
mod graphql_http;
mod graphql_requests;
mod graphql_schema;
mod graphql_unified;
mod help;
mod ingest;
mod ingest_limits;
mod instance;
mod log;
mod metrics;
mod nesting;
mod odd_events;
mod operations;
mod origin;
mod page;
mod payloads;
mod receive;
mod receiver;
mod replays;
mod s3_crash;
mod settings;
mod sign_in;
mod tokens;
