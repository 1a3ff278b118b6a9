//! Rotating a secret that the server makes: *Rotate*, *End now*, and what both ask before.

mod question;
mod seen_secret;

use domain::{Timestamp, destination::RotatedSecret, ids::DestinationId};
use leptos::prelude::*;

use self::{
    question::{Question, Step},
    seen_secret::SeenSecret,
};
use super::server_fns::{end_rotation, rotate_secret};
use crate::{streams::context::Streams, ui::Moment, wire::AppError};

/// A step that somebody is asked about, or has confirmed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Asked {
    step: Step,
    /// Of the destination when it was asked: nothing is done to another one.
    version: i64,
}

/// The rotation of one secret of one destination.
#[derive(Clone, Copy)]
pub(super) struct Rotation {
    id: DestinationId,
    secret: RotatedSecret,
    /// Of the destination; `None` once it is gone.
    pub(super) version: Memo<Option<i64>>,
    /// Until when the previous secret is valid; `None` if there is none.
    pub(super) previous_valid_until: Memo<Option<Timestamp>>,
    /// For a secret that the list of destinations does not have.
    pub(super) seen: RwSignal<SeenSecret>,
    asked: RwSignal<Option<Asked>>,
    run: Action<Asked, Result<(), AppError>>,
}

impl Rotation {
    pub(super) fn new(id: DestinationId, secret: RotatedSecret) -> Self {
        let Streams { state, .. } = expect_context();
        let seen = RwSignal::new(SeenSecret::default());
        let valid_until = move |_: Option<&_>| {
            state.with(|state| state.row(id).and_then(|row| row.view.previous_valid_until(secret)))
        };
        Self {
            id,
            secret,
            version: Memo::new(move |_| state.with(|state| state.row(id).map(|row| row.view.version))),
            previous_valid_until: Memo::new(valid_until),
            seen,
            asked: RwSignal::new(None),
            run: running(id, secret, seen),
        }
    }
}

fn running(
    id: DestinationId,
    secret: RotatedSecret,
    seen: RwSignal<SeenSecret>,
) -> Action<Asked, Result<(), AppError>> {
    let Streams { state, refresh, .. } = expect_context();
    Action::new(move |asked: &Asked| {
        let Asked { step, version } = *asked;
        async move {
            let done = match step {
                Step::Rotate => rotate_secret(id, secret, version).await.map(|(view, new)| {
                    seen.try_update(|seen| seen.see(new.value, view.version));
                    view
                }),
                Step::End => end_rotation(id, secret, version).await.inspect(|view| {
                    seen.try_update(|seen| seen.keep(version, view.version));
                }),
            };
            let done = done.map(|view| {
                state.try_update(|state| state.rotated(view));
            });
            // Also after an error: somebody else may have changed the destination.
            refresh.now();
            done
        }
    })
}

/// What the hint of the field says while a rotation is in progress, and the button.
#[component]
pub(super) fn RotationControls(rotation: Rotation) -> impl IntoView {
    let Rotation {
        id,
        secret,
        previous_valid_until,
        asked,
        run,
        ..
    } = rotation;
    let problem = move || {
        run.value()
            .get()
            .and_then(Result::err)
            .map(|error| refusal_text(&error))
    };
    view! {
        <div role="status">
            {move || {
                previous_valid_until
                    .get()
                    .map(|at| view! { <p class="field-hint">{overlap(secret)} <Moment at /> "."</p> })
            }}
        </div>
        <div class="form-actions">{step_button(rotation)}</div>
        <p class="field-error" role="status">{problem}</p>
        {move || {
            asked.get().map(|confirmed| {
                let confirm = Callback::new(move |()| {
                    run.dispatch(confirmed);
                });
                let close = Callback::new(move |()| asked.set(None));
                view! { <Question id secret step=confirmed.step confirm close /> }
            })
        }}
    }
}

/// One button for both steps, so that the focus stays on it when one follows the other.
fn step_button(rotation: Rotation) -> impl IntoView {
    let Rotation {
        secret,
        version,
        previous_valid_until,
        asked,
        run,
        ..
    } = rotation;
    let step = Memo::new(move |_| match previous_valid_until.get() {
        Some(_) => Step::End,
        None => Step::Rotate,
    });
    let name = move || match step.get() {
        Step::Rotate => format!("Rotate {}", secret.label()),
        Step::End => format!("End now: {}", secret.label()),
    };
    // Not disabled while a step is carried out: it would lose the focus.
    let ask = move |_| {
        if run.pending().get_untracked() {
            return;
        }
        let step = step.get_untracked();
        asked.set(version.get_untracked().map(|version| Asked { step, version }));
    };
    view! {
        <button type="button" class="button" aria-label=name on:click=ask>
            {move || step.get().label()}
        </button>
    }
}

fn refusal_text(error: &AppError) -> String {
    match error {
        AppError::ChangedMeanwhile => {
            "Someone else changed this destination. Nothing was done. Check its current settings, then try again."
                .to_owned()
        }
        _ => format!("{error} {}", error.next_step()),
    }
}

/// Before the time at which the overlap ends.
const fn overlap(secret: RotatedSecret) -> &'static str {
    match secret {
        RotatedSecret::VerificationToken => "This token is new. The previous one is sent until ",
        RotatedSecret::SigningSecret => "This secret is new. Requests are also signed with the previous one until ",
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        streams::{editor::stored_view, state::StreamsState},
        ui::Refresh,
    };
    use domain::view::RotationView;

    fn html(secret: RotatedSecret, rotations: Vec<RotationView>) -> String {
        let owner = Owner::new();
        owner.with(|| {
            let mut view = stored_view(3, "SIEM", 1);
            view.rotations = rotations;
            provide_context(Clock::still());
            let state = RwSignal::new(StreamsState::new(vec![view]));
            provide_context(Streams::of(state, Refresh::new()));
            let rotation = Rotation::new(DestinationId::new(3), secret);
            view! { <RotationControls rotation /> }.to_html()
        })
    }

    #[test]
    fn a_secret_is_rotated_or_its_rotation_is_ended() {
        for secret in RotatedSecret::ALL {
            let idle = html(secret, Vec::new());
            assert!(idle.contains(&format!("Rotate {}", secret.label())), "{idle}");
            assert!(!idle.contains("End now"), "{idle}");
            let rotation = RotationView {
                secret,
                previous_valid_until: Timestamp::from_unix_ms(1_760_464_808_677),
            };
            let running = html(secret, vec![rotation]);
            assert!(running.contains(&format!("End now: {}", secret.label())), "{running}");
            assert!(running.contains("2025-10-14T18:00:08.677Z"), "{running}");
            assert!(!running.contains(&format!("Rotate {}", secret.label())), "{running}");
            let other = RotatedSecret::ALL.into_iter().find(|other| *other != secret);
            assert!(!html(other.unwrap(), vec![rotation]).contains("End now"));
        }
    }
}
