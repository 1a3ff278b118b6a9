//! GitLab's family for HTTP destinations. Their headers and event filters are in `headers` and `events`.

use async_graphql::{Context, ID, Object, Result, connection::Connection};
use domain::{
    Field,
    destination::{DestinationKind, FilterKind, TargetDraft},
};
use engine::{DestinationState, admin::Target};

use super::{
    access::reveals,
    arguments::{arguments_of, write_arguments},
    basics::Basics,
    connection::{Cursor, PageArguments, page},
    errors::Refusal,
    event_type_list::event_types,
    family::Family,
    headers::AuditEventsStreamingInstanceHeader,
    ids::{GlobalId, HttpModel, global_id},
    mutation::mutations,
    operations::{create, delete, edit, list_page, set, set_stream_state},
    tls_fields::TlsFields,
};
use crate::destinations::{visible_proxy, visible_url};

/// An HTTP destination, to which this instance streams its audit events.
pub(super) struct InstanceExternalAuditEventDestination {
    state: DestinationState,
    target: Target,
}

impl InstanceExternalAuditEventDestination {
    /// `None` for a destination of another kind.
    pub(super) fn of(state: DestinationState) -> Option<Self> {
        let target = state.destination.target.clone();
        (target.kind == DestinationKind::Http).then_some(Self { state, target })
    }
}

#[Object]
impl InstanceExternalAuditEventDestination {
    /// ID of the destination.
    pub(super) async fn id(&self) -> ID {
        global_id::<HttpModel>(self.state.destination.id)
    }

    /// URL that events are posted to. Without the scope `admin`, it has no path and no query.
    pub(super) async fn destination_url(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(visible_url(self.target.values.text(Field::Url), reveals(ctx)?))
    }

    /// Verification token, sent with each event as `X-Gitlab-Event-Streaming-Token`. During a rotation, the new one, while the previous one is
    /// sent. Empty without the scope `admin`.
    pub(super) async fn verification_token(&self, ctx: &Context<'_>) -> Result<&str> {
        let token = self.target.values.text(Field::VerificationToken);
        Ok(if reveals(ctx)? { token } else { "" })
    }

    /// What a request carries: `event`, `json_array` or `json_lines`. Not part of GitLab's API.
    async fn request_format(&self) -> &str {
        self.target.values.text(Field::RequestFormat)
    }

    /// Maximum number of events in a batch. Not part of GitLab's API.
    async fn batch_events(&self) -> Option<u32> {
        self.target.values.text(Field::BatchEvents).parse().ok()
    }

    /// Maximum size of a batch in bytes, before compression. Not part of GitLab's API.
    async fn batch_bytes(&self) -> Option<u32> {
        self.target.values.text(Field::BatchBytes).parse().ok()
    }

    /// How long a batch can wait to fill, in milliseconds. If no request is in flight, events are sent at once. Not part of GitLab's API.
    async fn batch_wait_ms(&self) -> Option<u32> {
        self.target.values.text(Field::BatchWait).parse().ok()
    }

    /// Compression of batches: `none`, `gzip` or `zstd`. Not part of GitLab's API.
    async fn compression(&self) -> &str {
        self.target.values.text(Field::Compression)
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

    /// Status codes and ranges at which events are sent again, in addition to the default ones. Empty for none. Not part of GitLab's API.
    async fn retry_status_codes(&self) -> &str {
        self.target.values.text(Field::RetryStatuses)
    }

    /// Status codes and ranges that reject an event, in addition to the default ones. Empty for none. Not part of GitLab's API.
    async fn reject_status_codes(&self) -> &str {
        self.target.values.text(Field::RejectStatuses)
    }

    /// Custom HTTP headers of the destination.
    async fn headers(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Result<Connection<Cursor, AuditEventsStreamingInstanceHeader>> {
        let headers = self.target.headers.iter().cloned();
        let mut numbered: Vec<_> = headers
            .map(|header| (header.id.get(), AuditEventsStreamingInstanceHeader(header)))
            .collect();
        numbered.sort_unstable_by_key(|(id, _)| *id);
        let arguments = PageArguments::new(after, before, first, last);
        page(numbered, arguments)
    }

    /// Allowlist: only these event types are streamed. Empty if there is no allowlist.
    pub(super) async fn event_type_filters(&self) -> Vec<String> {
        event_types(&self.state, FilterKind::Allow)
    }

    /// Denylist: all event types except these are streamed. Empty if there is no denylist. Not part of GitLab's API.
    pub(super) async fn event_type_denylist_filters(&self) -> Vec<String> {
        event_types(&self.state, FilterKind::Deny)
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

/// Queries for HTTP destinations.
#[derive(Default)]
pub(super) struct HttpQueries;

#[Object]
impl HttpQueries {
    /// HTTP destinations of this instance.
    async fn instance_external_audit_event_destinations(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Result<Connection<Cursor, InstanceExternalAuditEventDestination>>> {
        let arguments = PageArguments::new(after, before, first, last);
        Some(list_page(ctx, Family::Http, arguments, InstanceExternalAuditEventDestination::of).await)
    }
}

mutations! {
    HttpMutations

    /// Adds an HTTP destination. Validation errors are reported as top-level errors.
    fn instance_external_audit_event_destination_create(ctx, input: {
        /// URL to post events to.
        destination_url: String,
        /// Name of the destination. Generated if omitted.
        name: Option<String>,
        /// What a request carries: `event`, `json_array` or `json_lines`. Not part of GitLab's API.
        request_format: Option<String>,
        /// Maximum number of events in a batch. Not part of GitLab's API.
        batch_events: Option<u32>,
        /// Maximum size of a batch in bytes, before compression. Not part of GitLab's API.
        batch_bytes: Option<u32>,
        /// How long a batch can wait to fill, in milliseconds. If no request is in flight, events are sent at once. Not part of GitLab's API.
        batch_wait_ms: Option<u32>,
        /// Compression of batches: `none`, `gzip` or `zstd`. Not part of GitLab's API.
        compression: Option<String>,
        /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
        tls_ca_certificates: Option<String>,
        /// Client certificate in PEM form. If empty, the certificate and its key are removed. Not part of GitLab's API.
        tls_client_certificate: Option<String>,
        /// Private key of the client certificate in PEM form. Never returned. Not part of GitLab's API.
        tls_client_key: Option<String>,
        /// Name that the certificate of the server must be valid for, if it is not the host in the URL. Not part of GitLab's API.
        tls_server_name: Option<String>,
        /// Whether the certificate of the server is verified. Not part of GitLab's API.
        tls_verify: Option<bool>,
        /// Proxy: `default`, `direct` or the URL of an HTTP or SOCKS5 proxy, such as `http://user:password@proxy.example.com:3128` or `socks5h://proxy.example.com`. Not part of GitLab's API.
        proxy: Option<String>,
        /// How long to wait for the complete response to a request, in seconds. Not part of GitLab's API.
        request_timeout_seconds: Option<u32>,
        /// Upper limit on the requests in flight. Not part of GitLab's API.
        max_concurrent_requests: Option<u32>,
        /// Maximum number of requests per second. 0 for no limit. Not part of GitLab's API.
        max_requests_per_second: Option<u32>,
        /// Status codes and ranges at which events are sent again, such as `409, 420-425`. Empty for none. Not part of GitLab's API.
        retry_status_codes: Option<String>,
        /// Status codes and ranges that reject an event, such as `500, 503`. Empty for none. Not part of GitLab's API.
        reject_status_codes: Option<String>,
    }) -> {
        /// The new destination.
        instance_external_audit_event_destination: Option<InstanceExternalAuditEventDestination>,
    } {
        let arguments = arguments_of(&input)?;
        let mut target = TargetDraft::new(DestinationKind::Http).with([(Field::Url, input.destination_url)]);
        write_arguments(&mut target, &arguments, None);
        let created = create(ctx, Family::Http, input.name, target).await;
        created.map(InstanceExternalAuditEventDestination::of).map_err(Refusal::raised)
    }

    /// Updates an HTTP destination.
    fn instance_external_audit_event_destination_update(ctx, input: {
        /// ID of the destination.
        id: GlobalId<HttpModel>,
        /// URL to post events to.
        destination_url: Option<String>,
        /// Name of the destination.
        name: Option<String>,
        /// What a request carries: `event`, `json_array` or `json_lines`. Not part of GitLab's API.
        request_format: Option<String>,
        /// Maximum number of events in a batch. Not part of GitLab's API.
        batch_events: Option<u32>,
        /// Maximum size of a batch in bytes, before compression. Not part of GitLab's API.
        batch_bytes: Option<u32>,
        /// How long a batch can wait to fill, in milliseconds. If no request is in flight, events are sent at once. Not part of GitLab's API.
        batch_wait_ms: Option<u32>,
        /// Compression of batches: `none`, `gzip` or `zstd`. Not part of GitLab's API.
        compression: Option<String>,
        /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
        tls_ca_certificates: Option<String>,
        /// Client certificate in PEM form. If empty, the certificate and its key are removed. Not part of GitLab's API.
        tls_client_certificate: Option<String>,
        /// Private key of the client certificate in PEM form. Never returned. Not part of GitLab's API.
        tls_client_key: Option<String>,
        /// Name that the certificate of the server must be valid for, if it is not the host in the URL. Not part of GitLab's API.
        tls_server_name: Option<String>,
        /// Whether the certificate of the server is verified. Not part of GitLab's API.
        tls_verify: Option<bool>,
        /// Proxy: `default`, `direct` or the URL of an HTTP or SOCKS5 proxy, such as `http://user:password@proxy.example.com:3128` or `socks5h://proxy.example.com`. Not part of GitLab's API.
        proxy: Option<String>,
        /// How long to wait for the complete response to a request, in seconds. Not part of GitLab's API.
        request_timeout_seconds: Option<u32>,
        /// Upper limit on the requests in flight. Not part of GitLab's API.
        max_concurrent_requests: Option<u32>,
        /// Maximum number of requests per second. 0 for no limit. Not part of GitLab's API.
        max_requests_per_second: Option<u32>,
        /// Status codes and ranges at which events are sent again, such as `409, 420-425`. Empty for none. Not part of GitLab's API.
        retry_status_codes: Option<String>,
        /// Status codes and ranges that reject an event, such as `500, 503`. Empty for none. Not part of GitLab's API.
        reject_status_codes: Option<String>,
        /// Whether events are streamed to the destination.
        active: Option<bool>,
        /// Whether streaming is paused. Not part of GitLab's API.
        paused: Option<bool>,
    }) -> {
        /// The updated destination.
        instance_external_audit_event_destination: Option<InstanceExternalAuditEventDestination>,
    } {
        let arguments = arguments_of(&input)?;
        let edited = edit(ctx, Family::Http, input.id.parse()?, |_, draft, stream_state| {
            write_arguments(&mut draft.target, &arguments, None);
            set(&mut draft.name, input.name.as_ref());
            if let Some(url) = &input.destination_url {
                draft.target.set_text(Field::Url, url.clone());
            }
            set_stream_state(stream_state, input.active, input.paused);
            Ok(())
        });
        edited.await.map(InstanceExternalAuditEventDestination::of)
    }

    /// Removes an HTTP destination.
    fn instance_external_audit_event_destination_destroy(ctx, input: {
        /// ID of the destination.
        id: GlobalId<HttpModel>,
    }) -> {} {
        delete(ctx, Family::Http, input.id.parse()?).await
    }
}
