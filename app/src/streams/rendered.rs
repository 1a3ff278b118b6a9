//! Which rows are rendered: the first ones with the page, the others soon after, so that a long list does not keep the reader waiting.

use domain::ids::DestinationId;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{context::Streams, links::StreamsLocation, state::StreamsState};

/// As many as fit on a screen.
const FIRST: usize = 16;

/// How many are added in each frame: few, because a key that is pressed meanwhile waits for the frame.
const CHUNK: usize = 4;

/// The rows to render, in order.
pub(super) fn rendered_rows(streams: Streams) -> Memo<Vec<DestinationId>> {
    let ids = Memo::new(move |_| streams.state.with(StreamsState::ids));
    let wants_all = use_query_map().with_untracked(|query| StreamsLocation::from_query(query).all);
    let first = match wants_all {
        true => usize::MAX,
        false => streams.state.with_untracked(first_rows),
    };
    let limit = RwSignal::new(first);
    Effect::new(move |_| {
        if limit.get() < ids.with(Vec::len) {
            // The rows may be gone by then.
            request_animation_frame(move || {
                limit.try_update(|limit| *limit += CHUNK);
            });
        }
    });
    Memo::new(move |_| ids.with(|ids| ids.iter().take(limit.get()).copied().collect()))
}

/// Up to the row that is open, if one is.
fn first_rows(state: &StreamsState) -> usize {
    let opened = state.opened().map(|(id, _)| id);
    let position = state.ids().into_iter().position(|id| Some(id) == opened);
    position.map_or(FIRST, |position| FIRST.max(position + 1))
}

/// For browsers without JavaScript, which get no more rows. As HTML, because a browser that runs scripts reads what stands in `noscript`
/// as text.
pub(super) fn all_rows_link(streams: Streams) -> impl IntoView {
    let count = streams.state.with_untracked(StreamsState::count);
    let address = StreamsLocation {
        all: true,
        ..StreamsLocation::default()
    }
    .address();
    let is_longer = usize::try_from(count).is_ok_and(|count| count > FIRST);
    let link = format!(r#"<p class="no-script-note"><a href="{address}">Show all {count} destinations</a></p>"#);
    is_longer.then(|| view! { <noscript inner_html=link></noscript> })
}

#[cfg(test)]
mod tests {
    use domain::page::StreamView;

    use super::*;
    use crate::streams::editor::stored_view;

    #[test]
    fn the_first_rows_reach_to_the_open_one() {
        let mut state = StreamsState::new((1..=40).map(|id| stored_view(id, "SIEM", 1)).collect());
        assert_eq!(first_rows(&state), 16);
        assert!(state.open(DestinationId::new(3), StreamView::Settings));
        assert_eq!(first_rows(&state), 16);
        assert!(state.open(DestinationId::new(33), StreamView::Activity));
        assert_eq!(first_rows(&state), 33);
    }
}
