//! GitLab's family for AWS S3 destinations, with options for other services and for objects. The secret access key is write-only.

use async_graphql::{Context, Enum, ID, Object, Result, connection::Connection};
use domain::destination::{Encryption, ObjectLayout, S3Draft, TargetDraft};
use engine::{
    DestinationState,
    admin::{S3Target, Target},
};

use super::{
    access::reveals,
    basics::Basics,
    connection::{Cursor, PageArguments},
    family::Family,
    ids::{GlobalId, S3Model, global_id},
    mutation::mutations,
    operations::{create, delete, edit, list_page, set, set_flow},
};
use crate::destinations::visible_url;

/// An AWS S3 destination.
pub(super) struct InstanceAmazonS3ConfigurationType {
    state: DestinationState,
    target: S3Target,
}

impl InstanceAmazonS3ConfigurationType {
    /// `None` for a destination of another kind.
    fn of(state: DestinationState) -> Option<Self> {
        match &state.destination.target {
            Target::AmazonS3(target) => Some(Self {
                target: target.clone(),
                state,
            }),
            Target::Http(_) | Target::GoogleCloudLogging(_) => None,
        }
    }
}

/// How events are grouped into objects.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ObjectLayout")]
pub(super) enum AuditEventObjectLayout {
    /// One object per event, with GitLab's keys.
    #[graphql(name = "events")]
    Events,
    /// Many events per object, as JSON Lines compressed with gzip.
    #[graphql(name = "batches")]
    Batches,
}

#[Object]
impl InstanceAmazonS3ConfigurationType {
    /// ID of the destination.
    pub(super) async fn id(&self) -> ID {
        global_id::<S3Model>(self.state.destination.id)
    }

    /// Access key ID of the AWS account.
    pub(super) async fn access_key_xid(&self) -> &str {
        self.target.settings.access_key_id()
    }

    /// Name of the bucket.
    pub(super) async fn bucket_name(&self) -> &str {
        self.target.settings.bucket()
    }

    /// Region of the bucket.
    pub(super) async fn aws_region(&self) -> &str {
        self.target.settings.region()
    }

    /// URL of an S3-compatible service. Null for AWS. Without the scope `admin`, it has no path. Not part of GitLab's API.
    async fn endpoint_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let reveals = reveals(ctx)?;
        let url = self.target.settings.endpoint_url();
        Ok(url.map(|url| visible_url(url, reveals)))
    }

    /// Prefix of the key of each object. Empty for no prefix. Not part of GitLab's API.
    async fn key_prefix(&self) -> &str {
        self.target.settings.key_prefix()
    }

    /// How events are grouped into objects. Not part of GitLab's API.
    async fn object_layout(&self) -> AuditEventObjectLayout {
        self.target.settings.layout().into()
    }

    /// Format of the date in the key of an object: `dates` (`2026/11/29/08`) or `hive` (`year=2026/month=11/day=29/hour=08`). Not
    /// part of GitLab's API.
    pub(super) async fn partitions(&self) -> &'static str {
        self.target.settings.options().partitions.as_str()
    }

    /// Whether checksum headers are omitted. Not part of GitLab's API.
    pub(super) async fn omit_checksums(&self) -> bool {
        self.target.settings.options().omit_checksums
    }

    /// Server-side encryption: `AES256` or `aws:kms`. Empty for the default of the bucket. Not part of GitLab's API.
    pub(super) async fn encryption(&self) -> &'static str {
        let encryption = self.target.settings.options().encryption.as_ref();
        encryption.map_or("", Encryption::as_str)
    }

    /// ID of the KMS key for `aws:kms`. Empty for the account's default key. Not part of GitLab's API.
    pub(super) async fn kms_key_id(&self) -> &str {
        let encryption = self.target.settings.options().encryption.as_ref();
        encryption.and_then(Encryption::kms_key_id).unwrap_or_default()
    }

    /// Object Lock mode: `GOVERNANCE` or `COMPLIANCE`. Empty for no lock. Not part of GitLab's API.
    pub(super) async fn lock_mode(&self) -> &'static str {
        self.target
            .settings
            .options()
            .lock
            .map_or("", |lock| lock.mode.as_str())
    }

    /// Number of days for which objects are locked. Not part of GitLab's API.
    pub(super) async fn lock_days(&self) -> Option<u32> {
        self.target.settings.options().lock.map(|lock| lock.days)
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

/// Queries for AWS S3 destinations.
#[derive(Default)]
pub(super) struct S3Queries;

#[Object]
impl S3Queries {
    /// AWS S3 destinations of this instance.
    async fn audit_events_instance_amazon_s3_configurations(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Result<Connection<Cursor, InstanceAmazonS3ConfigurationType>>> {
        let arguments = PageArguments::new(after, before, first, last);
        Some(list_page(ctx, Family::S3, arguments, InstanceAmazonS3ConfigurationType::of).await)
    }
}

mutations! {
    S3Mutations

    /// Adds an AWS S3 destination.
    fn audit_events_instance_amazon_s3_configuration_create(ctx, input: {
        /// Name of the destination. Generated if omitted.
        name: Option<String>,
        /// Access key ID of the AWS account.
        access_key_xid: String,
        /// Secret access key of the AWS account.
        secret_access_key: String,
        /// Name of the bucket.
        bucket_name: String,
        /// Region of the bucket.
        aws_region: String,
        /// URL of an S3-compatible service. Not part of GitLab's API.
        endpoint_url: Option<String>,
        /// Prefix of the key of each object. Not part of GitLab's API.
        key_prefix: Option<String>,
        /// How events are grouped into objects. Defaults to `events`. Not part of GitLab's API.
        object_layout: Option<AuditEventObjectLayout>,
        /// Format of the date in the key of an object: `dates` or `hive`. Not part of GitLab's API.
        partitions: Option<String>,
        /// Whether checksum headers are omitted. Not part of GitLab's API.
        omit_checksums: Option<bool>,
        /// Server-side encryption: `AES256` or `aws:kms`. Not part of GitLab's API.
        encryption: Option<String>,
        /// ID of the KMS key for `aws:kms`. Not part of GitLab's API.
        kms_key_id: Option<String>,
        /// Object Lock mode: `GOVERNANCE` or `COMPLIANCE`. Not part of GitLab's API.
        lock_mode: Option<String>,
        /// Number of days for which objects are locked. Not part of GitLab's API.
        lock_days: Option<u32>,
    }) -> {
        /// The new destination.
        instance_amazon_s3_configuration: Option<InstanceAmazonS3ConfigurationType>,
    } {
        let target = TargetDraft::AmazonS3(S3Draft {
            access_key_id: input.access_key_xid,
            secret_access_key: Some(input.secret_access_key),
            region: input.aws_region,
            bucket: input.bucket_name,
            endpoint_url: input.endpoint_url.unwrap_or_default(),
            key_prefix: input.key_prefix.unwrap_or_default(),
            layout: input.object_layout.map(ObjectLayout::from).unwrap_or_default(),
            partitions: input.partitions.unwrap_or_default(),
            omit_checksums: input.omit_checksums.unwrap_or_default(),
            encryption: input.encryption.unwrap_or_default(),
            kms_key_id: input.kms_key_id.unwrap_or_default(),
            lock_mode: input.lock_mode.unwrap_or_default(),
            lock_days: input.lock_days.map_or_else(String::new, |days| days.to_string()),
        });
        let created = create(ctx, Family::S3, input.name, target).await?;
        Ok(InstanceAmazonS3ConfigurationType::of(created))
    }

    /// Updates an AWS S3 destination.
    fn audit_events_instance_amazon_s3_configuration_update(ctx, input: {
        /// ID of the destination.
        id: GlobalId<S3Model>,
        /// Name of the destination.
        name: Option<String>,
        /// Access key ID of the AWS account.
        access_key_xid: Option<String>,
        /// Secret access key of the AWS account.
        secret_access_key: Option<String>,
        /// Name of the bucket.
        bucket_name: Option<String>,
        /// Region of the bucket.
        aws_region: Option<String>,
        /// URL of an S3-compatible service. Empty for AWS. Not part of GitLab's API.
        endpoint_url: Option<String>,
        /// Prefix of the key of each object. Empty for no prefix. Not part of GitLab's API.
        key_prefix: Option<String>,
        /// How events are grouped into objects. Not part of GitLab's API.
        object_layout: Option<AuditEventObjectLayout>,
        /// Format of the date in the key of an object: `dates` or `hive`. Not part of GitLab's API.
        partitions: Option<String>,
        /// Whether checksum headers are omitted. Not part of GitLab's API.
        omit_checksums: Option<bool>,
        /// Server-side encryption: `AES256` or `aws:kms`. Empty for the default of the bucket, which also removes `kmsKeyId`. Not
        /// part of GitLab's API.
        encryption: Option<String>,
        /// ID of the KMS key for `aws:kms`. Empty for the account's default key. Not part of GitLab's API.
        kms_key_id: Option<String>,
        /// Object Lock mode: `GOVERNANCE` or `COMPLIANCE`. Empty for no lock, which also removes `lockDays`. Not part of GitLab's
        /// API.
        lock_mode: Option<String>,
        /// Number of days for which objects are locked. Not part of GitLab's API.
        lock_days: Option<u32>,
        /// Whether events are streamed to the destination.
        active: Option<bool>,
        /// Whether streaming is paused. Not part of GitLab's API.
        paused: Option<bool>,
    }) -> {
        /// The updated destination.
        instance_amazon_s3_configuration: Option<InstanceAmazonS3ConfigurationType>,
    } {
        let edited = edit(ctx, Family::S3, input.id.parse()?, |_, draft, flow| {
            set(&mut draft.name, input.name.as_ref());
            if let TargetDraft::AmazonS3(target) = &mut draft.target {
                change(target, &input);
            }
            set_flow(flow, input.active, input.paused);
            Ok(())
        });
        edited.await.map(InstanceAmazonS3ConfigurationType::of)
    }

    /// Removes an AWS S3 destination.
    fn audit_events_instance_amazon_s3_configuration_delete(ctx, input: {
        /// ID of the destination.
        id: GlobalId<S3Model>,
    }) -> {} {
        delete(ctx, Family::S3, input.id.parse()?).await
    }
}

fn change(target: &mut S3Draft, input: &AuditEventsInstanceAmazonS3ConfigurationUpdateInput) {
    set(&mut target.access_key_id, input.access_key_xid.as_ref());
    set(&mut target.region, input.aws_region.as_ref());
    set(&mut target.bucket, input.bucket_name.as_ref());
    set(&mut target.endpoint_url, input.endpoint_url.as_ref());
    set(&mut target.key_prefix, input.key_prefix.as_ref());
    target.layout = input.object_layout.map_or(target.layout, ObjectLayout::from);
    target.secret_access_key.clone_from(&input.secret_access_key);
    set(&mut target.partitions, input.partitions.as_ref());
    target.omit_checksums = input.omit_checksums.unwrap_or(target.omit_checksums);
    if input.encryption.as_deref() == Some("") {
        target.kms_key_id.clear();
    }
    set(&mut target.encryption, input.encryption.as_ref());
    set(&mut target.kms_key_id, input.kms_key_id.as_ref());
    if input.lock_mode.as_deref() == Some("") {
        target.lock_days.clear();
    }
    set(&mut target.lock_mode, input.lock_mode.as_ref());
    set(
        &mut target.lock_days,
        input.lock_days.map(|days| days.to_string()).as_ref(),
    );
}
