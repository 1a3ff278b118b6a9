//! What the APIs look like, as text: written into docs/ by `cargo xtask`, and compared with it by a test.

use api::{document, schema_definition};
use clap::Subcommand;

use super::print_line;

#[derive(Subcommand)]
pub(super) enum SchemaCommand {
    /// The GraphQL schema, in GraphQL's schema definition language
    Graphql,
    /// The OpenAPI document of REST
    Openapi,
}

pub(super) fn run(command: &SchemaCommand) {
    match command {
        SchemaCommand::Graphql => print_line(schema_definition().trim_end()),
        SchemaCommand::Openapi => print_line(document().trim_end()),
    }
}
