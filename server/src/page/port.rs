//! What the page asks, handed on: each method is one call.

use std::sync::Arc;

use api::Services;
use app::{
    port::{
        AdminPort, SetCookie, SignedIn, Visitor,
        streams::{InstanceSummary, StreamActivity, StreamCommand, StreamSummary},
    },
    wire::{AppError, DestinationSecret, EventTypeView, EventView, LogPage},
};
use async_trait::async_trait;
use domain::{
    Timestamp,
    access::{NewPassword, TokenDraft, Username},
    activity::Span,
    connection_test::TestReport,
    destination::DestinationSettings,
    ids::{DestinationId, ReplayId, Seq, SessionId, TokenId, UserId},
    instance_event::Author,
    replay::ReplayDraft,
    settings::{AlertChange, AlertChannel, NetworkChange, RetentionChange},
    view::{AlertSettingsView, AlertView, LoginView, NetworkView, RetentionView, SessionView, TokenView, UserView},
};

use super::{
    counted_replays::CountedReplays, destinations, events, failure::from_admin, password, replays, sessions, sign_in,
    streams,
};

/// The engine as the page sees it.
pub(super) struct EnginePort {
    services: Services,
    counted: CountedReplays,
}

impl EnginePort {
    pub(super) fn new(services: &Services) -> Self {
        Self {
            services: Arc::clone(services),
            counted: CountedReplays::default(),
        }
    }
}

/// Who is written into the audit events of a change.
pub(super) fn author_of(signed_in: &SignedIn) -> Author {
    signed_in.author()
}

#[async_trait]
impl AdminPort for EnginePort {
    async fn sign_in(&self, visitor: &Visitor, username: &str, password: &str) -> Result<[SetCookie; 2], AppError> {
        sign_in::sign_in(&self.services, visitor, username, password).await
    }

    async fn sign_out(&self, signed_in: &SignedIn) -> Result<SetCookie, AppError> {
        sign_in::sign_out(&self.services, signed_in).await
    }

    async fn change_password(&self, signed_in: &SignedIn, current: &str, new: String) -> Result<SetCookie, AppError> {
        password::change_password(&self.services, signed_in, current, new).await
    }

    fn now(&self) -> Timestamp {
        self.services.engine.clock().now()
    }

    fn public_url(&self) -> String {
        self.services.public_url.as_str().to_owned()
    }

    async fn overview(&self) -> Result<InstanceSummary, AppError> {
        let overview = self.services.engine.overview().await.map_err(from_admin)?;
        Ok(streams::instance(overview, &self.services.public_url))
    }

    async fn show_activity(&self, admin: &SignedIn, id: DestinationId, span: Span) -> Result<StreamActivity, AppError> {
        streams::show_activity(&self.services, &self.counted, admin.user, id, span).await
    }

    async fn command_stream(
        &self,
        admin: &SignedIn,
        id: DestinationId,
        command: StreamCommand,
    ) -> Result<(), AppError> {
        streams::command_stream(&self.services.engine, &author_of(admin), id, command).await
    }

    async fn park_event(&self, admin: &SignedIn, id: DestinationId, seq: Seq) -> Result<(), AppError> {
        let parked = self.services.engine.park_event(&author_of(admin), id, seq).await;
        parked.map_err(from_admin)
    }

    async fn retry_parked(&self, admin: &SignedIn, id: DestinationId, seq: Option<Seq>) -> Result<u64, AppError> {
        streams::retry_parked(&self.services.engine, &author_of(admin), id, seq).await
    }

    async fn discard_parked(&self, admin: &SignedIn, id: DestinationId, seq: Seq) -> Result<(), AppError> {
        streams::discard_parked(&self.services.engine, &author_of(admin), id, seq).await
    }

    async fn list_events(&self, query: &str) -> Result<LogPage, AppError> {
        events::list_events(self.services.engine.log(), self.services.engine.clock().now(), query).await
    }

    async fn show_event(&self, seq: Seq) -> Result<EventView, AppError> {
        events::show_event(self.services.engine.log(), seq).await
    }

    async fn list_destinations(&self) -> Result<Vec<StreamSummary>, AppError> {
        destinations::list_destinations(&self.services.engine).await
    }

    async fn create_destination(&self, admin: &SignedIn, new: DestinationSettings) -> Result<StreamSummary, AppError> {
        destinations::create_destination(&self.services.engine, &author_of(admin), new).await
    }

    async fn update_destination(
        &self,
        admin: &SignedIn,
        id: DestinationId,
        version: i64,
        change: DestinationSettings,
    ) -> Result<StreamSummary, AppError> {
        destinations::update_destination(&self.services.engine, &author_of(admin), id, version, change).await
    }

    async fn count_replay(&self, admin: &SignedIn, id: DestinationId, draft: ReplayDraft) -> Result<u64, AppError> {
        replays::count_replay(&self.services, &self.counted, admin.user, id, draft).await
    }

    async fn start_replay(&self, admin: &SignedIn, id: DestinationId, draft: ReplayDraft) -> Result<u64, AppError> {
        replays::start_replay(&self.services, &self.counted, admin.user, &author_of(admin), id, draft).await
    }

    async fn cancel_replay(&self, admin: &SignedIn, id: DestinationId, replay: ReplayId) -> Result<(), AppError> {
        replays::cancel_replay(&self.services.engine, &author_of(admin), id, replay).await
    }

    async fn test_destination(
        &self,
        admin: &SignedIn,
        id: Option<DestinationId>,
        settings: DestinationSettings,
    ) -> Result<TestReport, AppError> {
        destinations::test_destination(&self.services.engine, &author_of(admin), id, settings).await
    }

    async fn delete_destination(&self, admin: &SignedIn, id: DestinationId) -> Result<(), AppError> {
        destinations::delete_destination(&self.services.engine, &author_of(admin), id).await
    }

    async fn reveal_secret(
        &self,
        _admin: &SignedIn,
        id: DestinationId,
        secret: DestinationSecret,
    ) -> Result<String, AppError> {
        destinations::reveal_secret(&self.services.engine, id, secret).await
    }

    async fn list_event_types(&self) -> Result<Vec<EventTypeView>, AppError> {
        destinations::list_event_types(&self.services.engine).await
    }

    async fn list_tokens(&self) -> Result<Vec<TokenView>, AppError> {
        self.services.engine.list_tokens().await.map_err(from_admin)
    }

    async fn create_token(&self, admin: &SignedIn, draft: TokenDraft) -> Result<String, AppError> {
        let created = self.services.engine.create_token(&author_of(admin), &draft).await;
        created.map(|created| created.token).map_err(from_admin)
    }

    async fn revoke_token(&self, admin: &SignedIn, id: TokenId) -> Result<String, AppError> {
        let revoked = self.services.engine.revoke_token(&author_of(admin), id).await;
        revoked.map_err(from_admin)
    }

    async fn list_users(&self) -> Result<Vec<UserView>, AppError> {
        self.services.engine.list_users().await.map_err(from_admin)
    }

    async fn add_user(
        &self,
        admin: &SignedIn,
        username: Username,
        password: Option<NewPassword>,
    ) -> Result<LoginView, AppError> {
        let added = self
            .services
            .engine
            .add_user(&author_of(admin), &username, password)
            .await;
        added.map_err(from_admin)
    }

    async fn set_user_enabled(&self, admin: &SignedIn, id: UserId, is_enabled: bool) -> Result<String, AppError> {
        let changed = self
            .services
            .engine
            .set_user_enabled(&author_of(admin), id, is_enabled)
            .await;
        changed.map_err(from_admin)
    }

    async fn reset_password(
        &self,
        admin: &SignedIn,
        id: UserId,
        password: Option<NewPassword>,
    ) -> Result<LoginView, AppError> {
        let reset = self
            .services
            .engine
            .reset_password(&author_of(admin), id, password)
            .await;
        reset.map_err(from_admin)
    }

    async fn list_sessions(&self, signed_in: &SignedIn) -> Result<Vec<SessionView>, AppError> {
        sessions::list_sessions(&self.services.engine, signed_in).await
    }

    async fn end_session(&self, signed_in: &SignedIn, id: SessionId) -> Result<(), AppError> {
        sessions::end_session(&self.services.engine, signed_in, id).await
    }

    async fn end_sessions(&self, signed_in: &SignedIn) -> Result<SetCookie, AppError> {
        sessions::end_sessions(&self.services, signed_in).await
    }

    async fn show_network(&self) -> Result<NetworkView, AppError> {
        Ok(self.services.engine.show_network())
    }

    async fn update_network(&self, admin: &SignedIn, version: i64, change: NetworkChange) -> Result<(), AppError> {
        let updated = self
            .services
            .engine
            .update_network(&author_of(admin), version, change)
            .await;
        updated.map_err(from_admin)
    }

    async fn show_retention(&self) -> Result<RetentionView, AppError> {
        self.services.engine.show_retention().await.map_err(from_admin)
    }

    async fn update_retention(&self, admin: &SignedIn, version: i64, change: RetentionChange) -> Result<(), AppError> {
        let updated = self
            .services
            .engine
            .update_retention(&author_of(admin), version, change)
            .await;
        updated.map_err(from_admin)
    }

    async fn show_alert_settings(&self) -> Result<AlertSettingsView, AppError> {
        self.services.engine.show_alert_settings(true).await.map_err(from_admin)
    }

    async fn list_alerts(&self) -> Result<Vec<AlertView>, AppError> {
        self.services.engine.list_alerts().await.map_err(from_admin)
    }

    async fn update_alerts(&self, admin: &SignedIn, version: i64, change: AlertChange) -> Result<(), AppError> {
        let engine = &self.services.engine;
        let updated = engine.update_alert_settings(&author_of(admin), version, change).await;
        updated.map_err(from_admin)
    }

    async fn send_test_alert(&self, admin: &SignedIn, channel: AlertChannel) -> Result<(), AppError> {
        let sent = self.services.engine.send_test_alert(&author_of(admin), channel).await;
        sent.map_err(from_admin)
    }
}
