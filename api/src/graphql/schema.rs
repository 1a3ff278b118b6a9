//! The schema, which combines the families.

use std::sync::LazyLock;

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions};

use super::{
    definitions::DefinitionQueries,
    events::EventMutations,
    google::{GoogleMutations, GoogleQueries},
    headers::HeaderMutations,
    http_destinations::{HttpMutations, HttpQueries},
    interfaces::{
        AmazonS3ConfigurationInterface, AuditEventStreamingDestinationInterface, BaseHeaderInterface,
        ExternalAuditEventDestinationInterface, GoogleCloudLoggingConfigurationInterface,
    },
    namespaces::NamespaceMutations,
    parking::ParkingMutations,
    rotating::RotationMutations,
    s3::{S3Mutations, S3Queries},
    unified::{UnifiedMutations, UnifiedQueries},
};

/// The queries.
#[derive(MergedObject, Default)]
pub(super) struct Query(DefinitionQueries, HttpQueries, GoogleQueries, S3Queries, UnifiedQueries);

/// The mutations.
#[derive(MergedObject, Default)]
pub(super) struct Mutation(
    HttpMutations,
    HeaderMutations,
    EventMutations,
    GoogleMutations,
    S3Mutations,
    UnifiedMutations,
    NamespaceMutations,
    ParkingMutations,
    RotationMutations,
);

type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The one schema. It has no limits of its own: `query_limits` looks at a query before it comes here.
pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .register_output_type::<AuditEventStreamingDestinationInterface>()
        .register_output_type::<ExternalAuditEventDestinationInterface>()
        .register_output_type::<GoogleCloudLoggingConfigurationInterface>()
        .register_output_type::<AmazonS3ConfigurationInterface>()
        .register_output_type::<BaseHeaderInterface>()
        .finish()
});

/// The schema as text (SDL), always the same for the same program.
pub fn schema_definition() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items();
    let text = SCHEMA.sdl_with_options(options.use_space_ident().prefer_single_line_descriptions());
    format!("{}\n", text.trim())
}
