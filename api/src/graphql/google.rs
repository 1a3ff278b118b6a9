//! GitLab's family for Google Cloud Logging destinations. The private key is write-only.

use async_graphql::{Context, ID, Object, Result, connection::Connection};
use domain::{
    Field,
    destination::{DestinationKind, TargetDraft},
};
use engine::{DestinationState, admin::Target};
use serde_json::Value;

use super::{
    access::reveals,
    arguments::{arguments_of, write_arguments},
    basics::Basics,
    connection::{Cursor, PageArguments},
    family::Family,
    ids::{GlobalId, GoogleModel, global_id},
    mutation::mutations,
    operations::{create, delete, edit, list_page, set, set_stream_state},
};
use crate::destinations::visible_proxy;

/// GitLab's default.
const LOG_ID: &str = "audit_events";

/// A Google Cloud Logging destination.
pub(super) struct InstanceGoogleCloudLoggingConfigurationType {
    state: DestinationState,
    target: Target,
}

impl InstanceGoogleCloudLoggingConfigurationType {
    /// `None` for a destination of another kind.
    fn of(state: DestinationState) -> Option<Self> {
        let target = state.destination.target.clone();
        (target.kind == DestinationKind::GoogleCloudLogging).then_some(Self { state, target })
    }
}

#[Object]
impl InstanceGoogleCloudLoggingConfigurationType {
    /// ID of the destination.
    pub(super) async fn id(&self) -> ID {
        global_id::<GoogleModel>(self.state.destination.id)
    }

    /// ID of the Google Cloud project that entries are written to.
    pub(super) async fn google_project_id_name(&self) -> &str {
        self.target.values.text(Field::ProjectId)
    }

    /// E-mail address of the service account that writes the entries.
    pub(super) async fn client_email(&self) -> &str {
        self.target.values.text(Field::ClientEmail)
    }

    /// Name of the log.
    pub(super) async fn log_id_name(&self) -> &str {
        self.target.values.text(Field::LogId)
    }

    /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
    async fn tls_ca_certificates(&self) -> &str {
        self.target.values.text(Field::TlsCaCertificates)
    }

    /// Proxy: `default`, `direct` or a URL, with its password as `••••`. Without the scope `admin`, it has no user name either. Not part of GitLab's API.
    async fn proxy(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(visible_proxy(self.target.values.text(Field::Proxy), reveals(ctx)?))
    }

    /// How long to wait for the complete response to a request, in seconds. Not part of GitLab's API.
    async fn request_timeout_seconds(&self) -> Option<u32> {
        self.target.values.text(Field::RequestTimeout).parse().ok()
    }

    /// Upper limit on the requests in flight. Not part of GitLab's API.
    async fn max_concurrent_requests(&self) -> Option<u32> {
        self.target.values.text(Field::MaxConcurrency).parse().ok()
    }

    /// Maximum number of requests per second. Null for no limit. Not part of GitLab's API.
    async fn max_requests_per_second(&self) -> Option<u32> {
        self.target.values.text(Field::MaxRate).parse().ok()
    }

    /// Name of the destination.
    pub(super) async fn name(&self) -> &str {
        self.state.destination.name.as_str()
    }

    /// Whether events are streamed to the destination. Events received while it is inactive are not sent later.
    pub(super) async fn active(&self) -> bool {
        self.state.destination.stream_state.active
    }

    #[graphql(flatten)]
    async fn basics(&self) -> Basics {
        Basics::of(&self.state)
    }
}

/// Queries for Google Cloud Logging destinations.
#[derive(Default)]
pub(super) struct GoogleQueries;

#[Object]
impl GoogleQueries {
    /// Google Cloud Logging destinations of this instance.
    async fn instance_google_cloud_logging_configurations(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Result<Connection<Cursor, InstanceGoogleCloudLoggingConfigurationType>>> {
        let arguments = PageArguments::new(after, before, first, last);
        Some(
            list_page(
                ctx,
                Family::Google,
                arguments,
                InstanceGoogleCloudLoggingConfigurationType::of,
            )
            .await,
        )
    }
}

mutations! {
    GoogleMutations

    /// Adds a Google Cloud Logging destination.
    fn instance_google_cloud_logging_configuration_create(ctx, input: {
        /// Name of the destination. Generated if omitted.
        name: Option<String>,
        /// ID of the Google Cloud project to write to.
        google_project_id_name: String,
        /// E-mail address of the service account.
        client_email: String,
        /// Name of the log. `audit_events` if omitted or empty.
        log_id_name: Option<String>,
        /// Private key of the service account, in PEM format.
        private_key: String,
        /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
        tls_ca_certificates: Option<String>,
        /// Proxy: `default`, `direct` or the URL of an HTTP or SOCKS5 proxy, such as `http://user:password@proxy.example.com:3128` or `socks5h://proxy.example.com`. Not part of GitLab's API.
        proxy: Option<String>,
        /// How long to wait for the complete response to a request, in seconds. Not part of GitLab's API.
        request_timeout_seconds: Option<u32>,
        /// Upper limit on the requests in flight. Not part of GitLab's API.
        max_concurrent_requests: Option<u32>,
        /// Maximum number of requests per second. 0 for no limit. Not part of GitLab's API.
        max_requests_per_second: Option<u32>,
    }) -> {
        /// The new destination.
        instance_google_cloud_logging_configuration: Option<InstanceGoogleCloudLoggingConfigurationType>,
    } {
        let mut target = TargetDraft::new(DestinationKind::GoogleCloudLogging).with([(Field::LogId, LOG_ID)]);
        write(&mut target, &arguments_of(&input)?, Some(&input.private_key));
        let created = create(ctx, Family::Google, input.name, target).await?;
        Ok(InstanceGoogleCloudLoggingConfigurationType::of(created))
    }

    /// Updates a Google Cloud Logging destination.
    fn instance_google_cloud_logging_configuration_update(ctx, input: {
        /// ID of the destination.
        id: GlobalId<GoogleModel>,
        /// Name of the destination.
        name: Option<String>,
        /// ID of the Google Cloud project to write to.
        google_project_id_name: Option<String>,
        /// E-mail address of the service account.
        client_email: Option<String>,
        /// Name of the log. `audit_events` if empty.
        log_id_name: Option<String>,
        /// Private key of the service account, in PEM format.
        private_key: Option<String>,
        /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
        tls_ca_certificates: Option<String>,
        /// Proxy: `default`, `direct` or the URL of an HTTP or SOCKS5 proxy, such as `http://user:password@proxy.example.com:3128` or `socks5h://proxy.example.com`. Not part of GitLab's API.
        proxy: Option<String>,
        /// How long to wait for the complete response to a request, in seconds. Not part of GitLab's API.
        request_timeout_seconds: Option<u32>,
        /// Upper limit on the requests in flight. Not part of GitLab's API.
        max_concurrent_requests: Option<u32>,
        /// Maximum number of requests per second. 0 for no limit. Not part of GitLab's API.
        max_requests_per_second: Option<u32>,
        /// Whether events are streamed to the destination.
        active: Option<bool>,
        /// Whether streaming is paused. Not part of GitLab's API.
        paused: Option<bool>,
    }) -> {
        /// The updated destination.
        instance_google_cloud_logging_configuration: Option<InstanceGoogleCloudLoggingConfigurationType>,
    } {
        let arguments = arguments_of(&input)?;
        let edited = edit(ctx, Family::Google, input.id.parse()?, |_, draft, stream_state| {
            set(&mut draft.name, input.name.as_ref());
            write(&mut draft.target, &arguments, input.private_key.as_ref());
            set_stream_state(stream_state, input.active, input.paused);
            Ok(())
        });
        edited.await.map(InstanceGoogleCloudLoggingConfigurationType::of)
    }

    /// Removes a Google Cloud Logging destination.
    fn instance_google_cloud_logging_configuration_destroy(ctx, input: {
        /// ID of the destination.
        id: GlobalId<GoogleModel>,
    }) -> {} {
        delete(ctx, Family::Google, input.id.parse()?).await
    }
}

fn write(target: &mut TargetDraft, arguments: &Value, private_key: Option<&String>) {
    write_arguments(target, arguments, private_key);
    if target.text(Field::LogId).trim().is_empty() {
        target.set_text(Field::LogId, LOG_ID.to_owned());
    }
}
