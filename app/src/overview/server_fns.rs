//! What the overview asks.

use domain::view::{DestinationView, FirstStepsView, OverviewView};
use leptos::{prelude::*, server_fn::codec::GetUrl};
use serde::{Deserialize, Serialize};

use crate::{
    fresh::{Fresh, Tag},
    wire::AppError,
};

/// What the overview shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub overview: OverviewView,
    pub streams: Vec<DestinationView>,
    pub first_steps: FirstStepsView,
    /// The URL at which clients reach this server, without a slash at the end.
    pub public_url: String,
}

/// The state of the instance and of each stream. Of URLs, only the origins.
#[server(prefix = "/api/page", endpoint = "overview/show", input = GetUrl)]
pub async fn show_overview(#[server(default)] known: Option<Tag>) -> Result<Fresh<Instance>, AppError> {
    use domain::view::Visibility;

    use crate::backend::{answer, backend, expect_admin};

    answer(async move {
        expect_admin()?;
        let backend = backend()?;
        let overview = backend.engine.overview().await?;
        let streams = overview.streams.iter().map(|stream| stream.view(Visibility::Limited));
        let instance = Instance {
            streams: streams.collect(),
            overview: overview.view,
            first_steps: overview.first_steps,
            public_url: backend.public_url,
        };
        Fresh::new(instance, known.as_ref(), backend.engine.clock().now())
    })
    .await
}
