//! The APIs over a real engine and real SQLite files, in this process: requests are calls of the router. What needs a process
//! or a socket is tested in `server`.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails there")]

mod alerts;
mod answer;
mod api_access;
mod api_audit_events;
mod api_client;
mod api_destinations;
mod api_gitlab;
mod api_instance;
mod api_streams;
mod api_test_events;
mod connection_settings;
mod delivery_limits;
mod event_filters;
mod graphql_access;
mod graphql_client;
mod graphql_cloud;
mod graphql_documented;
mod graphql_filters;
mod graphql_headers;
mod graphql_helpers;
mod graphql_http;
mod graphql_requests;
mod graphql_schema;
mod graphql_unified;
mod ingest;
mod ingest_limits;
mod instance;
mod metrics;
mod odd_events;
mod payloads;
mod request;
mod rotation;
