//! GitLab's family for AWS S3 destinations, and where else their objects may go. The secret access key goes in and never comes
//! out.

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
    /// None for a destination of another kind.
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

/// How events become objects.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ObjectLayout")]
pub(super) enum AuditEventObjectLayout {
    /// One object an event, under GitLab's keys.
    #[graphql(name = "events")]
    Events,
    /// Many events an object: JSON Lines, gzip.
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

    /// Bucket that objects are put into.
    pub(super) async fn bucket_name(&self) -> &str {
        self.target.settings.bucket()
    }

    /// Region of the bucket.
    pub(super) async fn aws_region(&self) -> &str {
        self.target.settings.region()
    }

    /// Where a service other than Amazon's own listens; without path for a token that may only read. An addition to GitLab's API.
    async fn endpoint_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let reveals = reveals(ctx)?;
        let url = self.target.settings.endpoint_url();
        Ok(url.map(|url| visible_url(url, reveals)))
    }

    /// What the key of each object begins with; empty for nothing. An addition to GitLab's API.
    async fn key_prefix(&self) -> &str {
        self.target.settings.key_prefix()
    }

    /// How events become objects. An addition to GitLab's API.
    async fn object_layout(&self) -> AuditEventObjectLayout {
        self.target.settings.layout().into()
    }

    /// How the date of an object becomes folders of its key: `dates` (`2026/11/29/08`) or `hive`
    /// (`year=2026/month=11/day=29/hour=08`). An addition to GitLab's API.
    pub(super) async fn partitions(&self) -> &'static str {
        self.target.settings.options().partitions.as_str()
    }

    /// Whether checksum headers are left out. An addition to GitLab's API.
    pub(super) async fn omit_checksums(&self) -> bool {
        self.target.settings.options().omit_checksums
    }

    /// What the service encrypts objects with, `AES256` or `aws:kms`; empty for the default of the bucket. An addition to
    /// GitLab's API.
    pub(super) async fn encryption(&self) -> &'static str {
        let encryption = self.target.settings.options().encryption.as_ref();
        encryption.map_or("", Encryption::as_str)
    }

    /// The key for `aws:kms`; empty for the account's default key. An addition to GitLab's API.
    pub(super) async fn kms_key_id(&self) -> &str {
        let encryption = self.target.settings.options().encryption.as_ref();
        encryption.and_then(Encryption::kms_key_id).unwrap_or_default()
    }

    /// How objects are locked, `GOVERNANCE` or `COMPLIANCE`; empty for no lock. An addition to GitLab's API.
    pub(super) async fn lock_mode(&self) -> &'static str {
        self.target
            .settings
            .options()
            .lock
            .map_or("", |lock| lock.mode.as_str())
    }

    /// For how many days objects are locked. An addition to GitLab's API.
    pub(super) async fn lock_days(&self) -> Option<u32> {
        self.target.settings.options().lock.map(|lock| lock.days)
    }

    /// Name of the destination.
    pub(super) async fn name(&self) -> &str {
        self.state.destination.name.as_str()
    }

    /// Whether events are sent. What comes in while it is false is not sent later either.
    pub(super) async fn active(&self) -> bool {
        self.state.destination.flow.active
    }

    #[graphql(flatten)]
    async fn basics(&self) -> Basics {
        Basics::of(&self.state)
    }
}

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
        /// Name of the destination; without one, it is made up.
        name: Option<String>,
        /// Access key ID of the AWS account.
        access_key_xid: String,
        /// Secret access key of the AWS account.
        secret_access_key: String,
        /// Bucket to put objects into.
        bucket_name: String,
        /// Region of the bucket.
        aws_region: String,
        /// Where a service other than Amazon's own listens. An addition to GitLab's API.
        endpoint_url: Option<String>,
        /// What the key of each object begins with. An addition to GitLab's API.
        key_prefix: Option<String>,
        /// How events become objects; one by one unless told otherwise. An addition to GitLab's API.
        object_layout: Option<AuditEventObjectLayout>,
        /// How the date of an object becomes folders of its key: `dates` or `hive`. An addition to GitLab's API.
        partitions: Option<String>,
        /// Whether checksum headers are left out. An addition to GitLab's API.
        omit_checksums: Option<bool>,
        /// `AES256` or `aws:kms`. An addition to GitLab's API.
        encryption: Option<String>,
        /// The key for `aws:kms`. An addition to GitLab's API.
        kms_key_id: Option<String>,
        /// `GOVERNANCE` or `COMPLIANCE`. An addition to GitLab's API.
        lock_mode: Option<String>,
        /// For how many days objects are locked. An addition to GitLab's API.
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

    /// Changes an AWS S3 destination.
    fn audit_events_instance_amazon_s3_configuration_update(ctx, input: {
        /// ID of the destination.
        id: GlobalId<S3Model>,
        /// Name of the destination.
        name: Option<String>,
        /// Access key ID of the AWS account.
        access_key_xid: Option<String>,
        /// Secret access key of the AWS account.
        secret_access_key: Option<String>,
        /// Bucket to put objects into.
        bucket_name: Option<String>,
        /// Region of the bucket.
        aws_region: Option<String>,
        /// Where a service other than Amazon's own listens; empty for Amazon's. An addition to GitLab's API.
        endpoint_url: Option<String>,
        /// What the key of each object begins with; empty for nothing. An addition to GitLab's API.
        key_prefix: Option<String>,
        /// How events become objects. An addition to GitLab's API.
        object_layout: Option<AuditEventObjectLayout>,
        /// How the date of an object becomes folders of its key: `dates` or `hive`. An addition to GitLab's API.
        partitions: Option<String>,
        /// Whether checksum headers are left out. An addition to GitLab's API.
        omit_checksums: Option<bool>,
        /// `AES256` or `aws:kms`; empty for the default of the bucket, which removes the key as well. An addition to GitLab's API.
        encryption: Option<String>,
        /// The key for `aws:kms`; empty for the account's default key. An addition to GitLab's API.
        kms_key_id: Option<String>,
        /// `GOVERNANCE` or `COMPLIANCE`; empty for no lock, which removes the days as well. An addition to GitLab's API.
        lock_mode: Option<String>,
        /// For how many days objects are locked. An addition to GitLab's API.
        lock_days: Option<u32>,
        /// Whether events are sent.
        active: Option<bool>,
        /// Whether sending is stopped for a while. An addition to GitLab's API.
        paused: Option<bool>,
    }) -> {
        /// The destination as it is now.
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
