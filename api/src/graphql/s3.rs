//! GitLab's family for AWS S3 destinations, with options for other services and for objects. The secret access key is write-only.

use async_graphql::{Context, Enum, ID, Object, Result, connection::Connection};
use domain::{
    Field,
    destination::{DestinationKind, Input, TargetDraft},
};
use engine::{DestinationState, admin::Target};

use super::{
    access::reveals,
    arguments::{arguments_of, write_arguments},
    basics::Basics,
    connection::{Cursor, PageArguments},
    family::Family,
    ids::{GlobalId, S3Model, global_id},
    mutation::mutations,
    operations::{create, delete, edit, list_page, set, set_stream_state},
    tls_fields::TlsFields,
};
use crate::destinations::{visible_proxy, visible_url};

/// An AWS S3 destination.
pub(super) struct InstanceAmazonS3ConfigurationType {
    state: DestinationState,
    target: Target,
}

impl InstanceAmazonS3ConfigurationType {
    /// `None` for a destination of another kind.
    fn of(state: DestinationState) -> Option<Self> {
        let target = state.destination.target.clone();
        (target.kind == DestinationKind::AmazonS3).then_some(Self { state, target })
    }
}

/// How events are grouped into objects.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
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
        self.target.values.text(Field::AccessKeyId)
    }

    /// Name of the bucket.
    pub(super) async fn bucket_name(&self) -> &str {
        self.target.values.text(Field::Bucket)
    }

    /// Region of the bucket.
    pub(super) async fn aws_region(&self) -> &str {
        self.target.values.text(Field::Region)
    }

    /// URL of an S3-compatible service. Null for AWS. Without the scope `admin`, it has no path. Not part of GitLab's API.
    async fn endpoint_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let reveals = reveals(ctx)?;
        let url = self.target.values.get(Field::EndpointUrl);
        Ok(url.map(|url| visible_url(url, reveals)))
    }

    /// Prefix of the key of each object. Empty for no prefix. Not part of GitLab's API.
    async fn key_prefix(&self) -> &str {
        self.target.values.text(Field::KeyPrefix)
    }

    /// How events are grouped into objects. Not part of GitLab's API.
    async fn object_layout(&self) -> AuditEventObjectLayout {
        match self.target.values.text(Field::ObjectLayout) {
            "batches" => AuditEventObjectLayout::Batches,
            _ => AuditEventObjectLayout::Events,
        }
    }

    /// Format of the date in the key of an object: `dates` (`2026/11/29/08`) or `hive` (`year=2026/month=11/day=29/hour=08`). Not
    /// part of GitLab's API.
    pub(super) async fn partitions(&self) -> &str {
        self.target.values.text(Field::Partitions)
    }

    /// Whether checksum headers are omitted. Not part of GitLab's API.
    pub(super) async fn omit_checksums(&self) -> bool {
        self.target.values.text(Field::Checksums) == Input::ON
    }

    /// Server-side encryption: `AES256` or `aws:kms`. Empty for the default of the bucket. Not part of GitLab's API.
    pub(super) async fn encryption(&self) -> &str {
        self.target.values.text(Field::Encryption)
    }

    /// ID of the KMS key for `aws:kms`. Empty for the account's default key. Not part of GitLab's API.
    pub(super) async fn kms_key_id(&self) -> &str {
        self.target.values.text(Field::KmsKeyId)
    }

    /// Object Lock mode: `GOVERNANCE` or `COMPLIANCE`. Empty for no lock. Not part of GitLab's API.
    pub(super) async fn lock_mode(&self) -> &str {
        self.target.values.text(Field::LockMode)
    }

    /// Number of days for which objects are locked. Not part of GitLab's API.
    pub(super) async fn lock_days(&self) -> Option<u32> {
        self.target.values.text(Field::LockDays).parse().ok()
    }

    #[graphql(flatten)]
    async fn tls(&self) -> TlsFields {
        TlsFields::of(&self.target.values)
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
        /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
        tls_ca_certificates: Option<String>,
        /// Client certificate in PEM form. If empty, the certificate and its key are removed. Not part of GitLab's API.
        tls_client_certificate: Option<String>,
        /// Private key of the client certificate in PEM form. Never returned. Not part of GitLab's API.
        tls_client_key: Option<String>,
        /// Name that the certificate of the service must be valid for, if it is not the host in `endpointUrl`. Not part of GitLab's API.
        tls_server_name: Option<String>,
        /// Whether the certificate of the service is verified. Not part of GitLab's API.
        tls_verify: Option<bool>,
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
        instance_amazon_s3_configuration: Option<InstanceAmazonS3ConfigurationType>,
    } {
        let mut target = TargetDraft::new(DestinationKind::AmazonS3);
        write_arguments(&mut target, &arguments_of(&input)?, Some(&input.secret_access_key));
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
        /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
        tls_ca_certificates: Option<String>,
        /// Client certificate in PEM form. If empty, the certificate and its key are removed. Not part of GitLab's API.
        tls_client_certificate: Option<String>,
        /// Private key of the client certificate in PEM form. Never returned. Not part of GitLab's API.
        tls_client_key: Option<String>,
        /// Name that the certificate of the service must be valid for, if it is not the host in `endpointUrl`. Not part of GitLab's API.
        tls_server_name: Option<String>,
        /// Whether the certificate of the service is verified. Not part of GitLab's API.
        tls_verify: Option<bool>,
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
        instance_amazon_s3_configuration: Option<InstanceAmazonS3ConfigurationType>,
    } {
        let arguments = arguments_of(&input)?;
        let edited = edit(ctx, Family::S3, input.id.parse()?, |_, draft, stream_state| {
            set(&mut draft.name, input.name.as_ref());
            write_arguments(&mut draft.target, &arguments, input.secret_access_key.as_ref());
            set_stream_state(stream_state, input.active, input.paused);
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
