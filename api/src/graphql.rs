//! GitLab's GraphQL API: `POST /api/graphql`, over the same destinations as the page and REST.
//!
//! Every name, argument, global id and message that a script written for GitLab can meet is GitLab's; what is ours beyond that
//! (`paused`, `health`, and where S3 objects go) is only added. A destination is in two families at once: in the one of its
//! kind and in the unified one, under the same number.
//!
//! `route` takes requests and answers them, `query_limits` refuses those that ask for too much, `schema` holds the types
//! together. Each family is a module of its own: its types, and resolvers that authorise, parse, make one call of
//! `operations`, and answer. A mutation that breaks a rule answers 200 with its `errors`; who may not call it, or names what is
//! not there, gets a top-level error.

mod access;
mod basics;
mod brackets;
mod connection;
mod definitions;
mod errors;
mod event_type_list;
mod events;
mod family;
mod google;
mod headers;
mod http_destinations;
mod ids;
mod interfaces;
mod mutation;
mod namespace;
mod namespaces;
mod operations;
mod parking;
mod query_limits;
mod request;
mod route;
mod s3;
mod schema;
mod unified;
mod unified_config;

pub(crate) use self::route::post_graphql;
pub use self::schema::schema_definition;
