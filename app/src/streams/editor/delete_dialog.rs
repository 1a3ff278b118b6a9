//! Asks once more before a destination is deleted.

use domain::{ids::DestinationId, view::HealthView};
use leptos::{html, prelude::*};

use crate::{model::text::counted, streams::context::Streams};

#[component]
pub(super) fn DeleteDialog(id: DestinationId, name: Signal<String>, dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let delete = streams.delete();
    let lost = Memo::new(move |_| {
        let health = streams
            .state
            .with(|state| state.row(id).map(|row| row.view.health.clone()));
        health.and_then(|health| lost_text(&health))
    });
    let title_id = format!("delete-{id}-title");
    let body_id = format!("delete-{id}-body");
    let confirm = move |_| {
        delete.dispatch(id);
    };
    Effect::new(move |_| {
        if delete.version().get() > 0 {
            close(dialog);
        }
    });
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby=title_id aria-describedby=body_id>
            <h2 id=title_id.clone()>"Are you sure about deleting this destination?"</h2>
            <p id=body_id.clone()>
                "Deleting the streaming destination "
                <strong>
                    <bdi>{name}</bdi>
                </strong> " will stop audit events being streamed"
            </p>
            {move || lost.get().map(|lost| view! { <p>{lost}</p> })}
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| close(dialog)>
                    "Cancel"
                </button>
                <button
                    type="button"
                    class="button button-danger-solid"
                    disabled=move || delete.pending().get()
                    on:click=confirm
                >
                    "Delete destination"
                </button>
            </div>
        </dialog>
    }
}

fn close(dialog: NodeRef<html::Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        dialog.close();
    }
}

/// What is lost with the destination, apart from what is received later.
fn lost_text(health: &HealthView) -> Option<String> {
    let undelivered = health.waiting.unwrap_or(0).saturating_add(health.retrying);
    let waiting = match undelivered {
        0 => None,
        1 => Some("1 event is waiting and will not be sent.".to_owned()),
        _ => Some(format!(
            "{} are waiting and will not be sent.",
            counted(undelivered, "event")
        )),
    };
    let parked = (health.parked > 0).then(|| format!("{} will be discarded.", counted(health.parked, "parked event")));
    let sentences: Vec<String> = waiting.into_iter().chain(parked).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

#[cfg(test)]
mod tests {
    use domain::{
        destination::DestinationKind,
        health::{StreamFacts, StreamHealth},
    };

    use super::*;

    #[test]
    fn what_is_lost_is_counted() {
        let text = |waiting, retrying, parked| {
            let facts = StreamFacts {
                retrying,
                parked,
                ..StreamFacts::default()
            };
            let health = StreamHealth::CatchingUp { waiting };
            lost_text(&HealthView::new(DestinationKind::Http, &health, &facts))
        };
        assert_eq!(text(0, 0, 0), None);
        assert_eq!(
            text(1, 0, 0).as_deref(),
            Some("1 event is waiting and will not be sent.")
        );
        assert_eq!(
            text(77_000, 0, 2).as_deref(),
            Some("77,000 events are waiting and will not be sent. 2 parked events will be discarded.")
        );
        assert_eq!(text(0, 0, 1).as_deref(), Some("1 parked event will be discarded."));
    }
}
