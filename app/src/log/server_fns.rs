//! The server functions of the Log.

#[cfg(feature = "ssr")]
mod arrivals;
#[cfg(feature = "ssr")]
mod counts;
#[cfg(feature = "ssr")]
mod filter;
#[cfg(feature = "ssr")]
mod page;

use domain::{
    ids::{DestinationId, Seq, ViewId},
    view::{DeliveryView, EventView, ExportView, SavedView},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

#[cfg(feature = "ssr")]
pub use self::filter::event_filter;
use super::wire::{Arrivals, Counted, LogPage, Suggestions};
use crate::{
    fresh::{Fresh, Tag},
    wire::AppError,
};

/// One page of the Log. `query` is that of its address: the filter, and where the page starts.
#[server(prefix = "/api/page", endpoint = "events/list", input = GetUrl)]
pub async fn list_events(#[server(default)] query: String) -> Result<LogPage, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        page::list(&*engine()?, &query).await
    })
    .await
}

/// What has arrived after `since` that the filter admits.
#[server(prefix = "/api/page", endpoint = "events/new", input = GetUrl)]
pub async fn list_new_events(#[server(default)] query: String, since: Seq) -> Result<Arrivals, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        arrivals::list(&*engine()?, &query, since).await
    })
    .await
}

/// How many events the filter admits, by interval.
#[server(prefix = "/api/page", endpoint = "events/count", input = GetUrl)]
pub async fn count_events(
    #[server(default)] query: String,
    #[server(default)] known: Option<Tag>,
) -> Result<Fresh<Counted>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let histogram = counts::count(&engine, &query).await?;
        let counted = histogram.map_or(Counted::TooMany, Counted::Histogram);
        Fresh::new(counted, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Values that the filter can have.
#[server(prefix = "/api/page", endpoint = "events/suggestions", input = GetUrl)]
pub async fn suggest_values() -> Result<Suggestions, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        page::suggestions(&*engine()?).await
    })
    .await
}

/// A whole event.
#[server(prefix = "/api/page", endpoint = "events/show", input = GetUrl)]
pub async fn show_event(seq: Seq) -> Result<EventView, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let found = engine()?.log().show(seq).await?;
        Ok(found.ok_or(AppError::NotFound)?.view())
    })
    .await
}

/// What happened to an event at each destination.
#[server(prefix = "/api/page", endpoint = "events/deliveries", input = GetUrl)]
pub async fn list_deliveries(
    seq: Seq,
    #[server(default)] known: Option<Tag>,
) -> Result<Fresh<Vec<DeliveryView>>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let deliveries = engine.list_deliveries(seq).await?;
        Fresh::new(deliveries, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Sends an event to one destination once more.
#[server(prefix = "/api/page", endpoint = "events/send_again")]
pub async fn send_again(seq: Seq, destination: DestinationId) -> Result<(), AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.send_again(&admin.author(), destination, seq).await?)
    })
    .await
}

/// How far an export is; `None` if the server does not know it.
#[server(prefix = "/api/page", endpoint = "events/export_progress", input = GetUrl)]
pub async fn export_progress(#[server(default)] key: String) -> Result<Option<ExportView>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.export_progress(admin.session, &key))
    })
    .await
}

/// The saved views of the user.
#[server(prefix = "/api/page", endpoint = "views/list", input = GetUrl)]
pub async fn list_views() -> Result<Vec<SavedView>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.list_views(admin.user).await?)
    })
    .await
}

/// Saves a filter under a name.
#[server(prefix = "/api/page", endpoint = "views/save")]
pub async fn save_view(#[server(default)] name: String, #[server(default)] query: String) -> Result<ViewId, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.save_view(admin.user, &name, &query).await?)
    })
    .await
}

/// Renames a saved view.
#[server(prefix = "/api/page", endpoint = "views/rename")]
pub async fn rename_view(id: ViewId, #[server(default)] name: String) -> Result<(), AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.rename_view(admin.user, id, &name).await?)
    })
    .await
}

/// Deletes a saved view.
#[server(prefix = "/api/page", endpoint = "views/delete")]
pub async fn delete_view(id: ViewId) -> Result<(), AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let admin = expect_admin()?;
        Ok(engine()?.delete_view(admin.user, id).await?)
    })
    .await
}
