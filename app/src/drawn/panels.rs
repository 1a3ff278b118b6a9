//! Which panels there are.

use domain::{activity::Span, ids::DestinationId};
use leptos::prelude::*;

use super::{activity::draw_activity, first_event::draw_first_event, overview::draw_overview, parts::Reader};
use crate::{
    port::{AdminPort, SignedIn},
    wire::AppError,
};

/// The panel of this name, for a reader whose zone is so many minutes ahead of UTC, if that is known.
///
/// # Errors
/// [`AppError::NotFound`] if there is no such panel, or why it can't be shown.
pub(crate) async fn describe_panel(
    panel: &str,
    admin: &SignedIn,
    offset_minutes: Option<i32>,
    port: &dyn AdminPort,
) -> Result<String, AppError> {
    let now = port.now();
    let reader = Reader { now, offset_minutes };
    let view = match panel.split('/').collect::<Vec<_>>().as_slice() {
        ["first_event"] => draw_first_event(&port.public_url()),
        ["overview"] => draw_overview(&port.overview().await?, reader),
        ["activity", id, span] => {
            let id = id.parse().map(DestinationId::new).map_err(|_| AppError::NotFound)?;
            let span = Span::parse(span).ok_or(AppError::NotFound)?;
            draw_activity(&port.show_activity(admin, id, span).await?, reader)
        }
        _ => return Err(AppError::NotFound),
    };
    Ok(view.to_html())
}
