//! GitLab's GraphQL API: `POST /api/graphql`, for the same destinations as the page and REST.
//!
//! Every name, argument, global id and message that a script written for GitLab can encounter is GitLab's; our own features
//! (`paused`, `health`, options of S3 objects) are additions. A destination belongs to two families: the family of its kind and the
//! unified family, with the same number.
//!
//! `route` handles requests, `query_limits` rejects queries that are too large, `schema` combines the types. Each family is a
//! module with its types and resolvers, which authorise, parse, make one call of `operations`, and respond; `mutation` declares
//! them. Validation errors are returned as `errors` of the payload with status 200. A call that is not allowed, or an object that
//! does not exist, is a top-level error.

mod access;
mod arguments;
mod basics;
mod brackets;
mod connection;
mod definitions;
mod errors;
mod event_type_list;
mod events;
mod family;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzz;
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
mod rotating;
mod rotation;
mod route;
mod s3;
mod schema;
mod time;
mod tls_fields;
mod unified;
mod unified_config;

pub(crate) use self::route::post_graphql;
pub use self::schema::schema_definition;
