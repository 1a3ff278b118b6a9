//! GitLab's family for Google Cloud Logging destinations. The private key is write-only.

use async_graphql::{Context, ID, Object, Result, connection::Connection};
use domain::destination::{GoogleDraft, TargetDraft};
use engine::{
    DestinationState,
    admin::{GoogleTarget, Target},
};

use super::{
    basics::Basics,
    connection::{Cursor, PageArguments},
    family::Family,
    ids::{GlobalId, GoogleModel, global_id},
    mutation::mutations,
    operations::{create, delete, edit, list_page, set, set_flow},
};

/// GitLab's default.
const LOG_ID: &str = "audit_events";

/// A Google Cloud Logging destination.
pub(super) struct InstanceGoogleCloudLoggingConfigurationType {
    state: DestinationState,
    target: GoogleTarget,
}

impl InstanceGoogleCloudLoggingConfigurationType {
    /// `None` for a destination of another kind.
    fn of(state: DestinationState) -> Option<Self> {
        match &state.destination.target {
            Target::GoogleCloudLogging(target) => Some(Self {
                target: target.clone(),
                state,
            }),
            Target::Http(_) | Target::AmazonS3(_) => None,
        }
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
        self.target.settings.project_id()
    }

    /// E-mail address of the service account that writes the entries.
    pub(super) async fn client_email(&self) -> &str {
        self.target.settings.client_email()
    }

    /// Name of the log.
    pub(super) async fn log_id_name(&self) -> &str {
        self.target.settings.log_id()
    }

    /// Name of the destination.
    pub(super) async fn name(&self) -> &str {
        self.state.destination.name.as_str()
    }

    /// Whether events are streamed to the destination. Events received while it is inactive are not sent later.
    pub(super) async fn active(&self) -> bool {
        self.state.destination.flow.active
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
    }) -> {
        /// The new destination.
        instance_google_cloud_logging_configuration: Option<InstanceGoogleCloudLoggingConfigurationType>,
    } {
        let target = TargetDraft::GoogleCloudLogging(GoogleDraft {
            project_id: input.google_project_id_name,
            client_email: input.client_email,
            log_id: log_id_or_default(input.log_id_name.unwrap_or_default()),
            private_key: Some(input.private_key),
        });
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
        /// Whether events are streamed to the destination.
        active: Option<bool>,
        /// Whether streaming is paused. Not part of GitLab's API.
        paused: Option<bool>,
    }) -> {
        /// The updated destination.
        instance_google_cloud_logging_configuration: Option<InstanceGoogleCloudLoggingConfigurationType>,
    } {
        let edited = edit(ctx, Family::Google, input.id.parse()?, |_, draft, flow| {
            set(&mut draft.name, input.name.as_ref());
            if let TargetDraft::GoogleCloudLogging(target) = &mut draft.target {
                change(target, &input);
            }
            set_flow(flow, input.active, input.paused);
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

fn change(target: &mut GoogleDraft, input: &InstanceGoogleCloudLoggingConfigurationUpdateInput) {
    set(&mut target.project_id, input.google_project_id_name.as_ref());
    set(&mut target.client_email, input.client_email.as_ref());
    if let Some(log_id) = input.log_id_name.clone() {
        target.log_id = log_id_or_default(log_id);
    }
    target.private_key.clone_from(&input.private_key);
}

fn log_id_or_default(log_id: String) -> String {
    if log_id.trim().is_empty() {
        LOG_ID.to_owned()
    } else {
        log_id
    }
}
