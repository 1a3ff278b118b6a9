//! Server functions of the activity of a stream.

use domain::{
    delivery::{RefusedChange, RefusedChoice, RefusedList},
    ids::{DestinationId, ReplayId, Seq},
    replay::ReplayDraft,
    view::{ActivityView, RecentDeliveryView, RefusedPage, ReplayCountView, ReplayView},
};
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, Json},
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::backend::{answer, engine, expect_admin};
use crate::{
    fresh::{Fresh, Tag},
    wire::AppError,
};

/// Refused events on a page.
#[cfg(feature = "ssr")]
const REFUSED_ON_A_PAGE: u32 = 25;

/// Requests that are listed.
#[cfg(feature = "ssr")]
const RECENT_DELIVERIES: u32 = 100;

/// The last requests of a stream, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentDeliveries {
    pub only_failed: bool,
    pub items: Vec<RecentDeliveryView>,
}

/// Counts over time, in a range as [`super::range::RangeChoice::as_text`] writes it.
#[server(prefix = "/api/page", endpoint = "streams/activity", input = GetUrl)]
pub async fn show_activity(
    id: DestinationId,
    range: String,
    known: Option<Tag>,
) -> Result<Fresh<ActivityView>, AppError> {
    use super::range::RangeChoice;

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let now = engine.clock().now();
        let choice = RangeChoice::parse(&range).ok_or(AppError::Malformed)?;
        let range = choice.time_range(now).ok_or(AppError::Malformed)?;
        let points = engine.activity_in(id, range).await?;
        Fresh::new(ActivityView::new(range, &points), known.as_ref(), now)
    })
    .await
}

/// The last requests of a stream, or the last that failed.
#[server(prefix = "/api/page", endpoint = "streams/deliveries", input = GetUrl)]
pub async fn list_recent_deliveries(
    id: DestinationId,
    only_failed: bool,
    known: Option<Tag>,
) -> Result<Fresh<RecentDeliveries>, AppError> {
    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let items = engine
            .list_recent_deliveries(id, only_failed, RECENT_DELIVERIES)
            .await?;
        let deliveries = RecentDeliveries { only_failed, items };
        Fresh::new(deliveries, known.as_ref(), engine.clock().now())
    })
    .await
}

/// A page of refused events of a list: the newest, or those below a position.
#[server(prefix = "/api/page", endpoint = "streams/refused", input = GetUrl)]
pub async fn list_refused(
    id: DestinationId,
    list: RefusedList,
    before: Option<Seq>,
    known: Option<Tag>,
) -> Result<Fresh<RefusedPage>, AppError> {
    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let page = engine.refused_page(id, list, before, REFUSED_ON_A_PAGE).await?;
        Fresh::new(page, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Parks, retries or discards refused events of a list. Returns how many there were.
#[server(prefix = "/api/page", endpoint = "streams/change_refused", input = Json)]
pub async fn change_refused(
    id: DestinationId,
    list: RefusedList,
    change: RefusedChange,
    choice: RefusedChoice,
) -> Result<u64, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let engine = engine()?;
        Ok(engine
            .change_refused(&admin.author(), id, list, change, &choice)
            .await?)
    })
    .await
}

/// The running replay, if there is one, and the last that have ended.
#[server(prefix = "/api/page", endpoint = "streams/replays", input = GetUrl)]
pub async fn list_replays(id: DestinationId, known: Option<Tag>) -> Result<Fresh<Vec<ReplayView>>, AppError> {
    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let replays = engine.list_replay_views(id).await?;
        Fresh::new(replays, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Counts what a replay would send.
#[server(prefix = "/api/page", endpoint = "streams/count_replay", input = Json)]
pub async fn count_replay(id: DestinationId, draft: ReplayDraft) -> Result<ReplayCountView, AppError> {
    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let request = draft.parse(engine.clock().now())?;
        Ok(engine.preview_replay(id, &request).await?)
    })
    .await
}

/// Starts a replay. Returns how many events it is to send.
#[server(prefix = "/api/page", endpoint = "streams/start_replay", input = Json)]
pub async fn start_replay(id: DestinationId, draft: ReplayDraft) -> Result<u64, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let engine = engine()?;
        let request = draft.parse(engine.clock().now())?;
        let started = engine.start_replay(&admin.author(), id, &request).await?;
        Ok(started.replay.position.progress.total)
    })
    .await
}

/// Ends a replay: nothing more of it is sent.
#[server(prefix = "/api/page", endpoint = "streams/cancel_replay", input = Json)]
pub async fn cancel_replay(id: DestinationId, replay: ReplayId) -> Result<(), AppError> {
    answer(async move {
        let admin = expect_admin()?;
        engine()?.cancel_replay(&admin.author(), id, replay).await?;
        Ok(())
    })
    .await
}
