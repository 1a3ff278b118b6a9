//! Rotating a secret that the server makes: *Rotate*, *End now*, and what both ask before.

mod question;

use domain::{Timestamp, destination::RotatedSecret, ids::DestinationId};
use leptos::prelude::*;

use self::question::{Question, Step};
use super::server_fns::{end_rotation, rotate_secret};
use crate::{streams::context::Streams, ui::Moment, wire::AppError};

/// The rotation of one secret of one destination.
#[derive(Clone, Copy)]
pub(super) struct Rotation {
    id: DestinationId,
    secret: RotatedSecret,
    /// Until when the previous secret is valid; `None` if there is none.
    pub(super) previous_valid_until: Memo<Option<Timestamp>>,
    /// The secret that was made last by this page.
    pub(super) new_secret: RwSignal<Option<String>>,
    asked: RwSignal<Option<Step>>,
    run: Action<Step, Result<(), AppError>>,
}

impl Rotation {
    pub(super) fn new(id: DestinationId, secret: RotatedSecret) -> Self {
        let Streams { state, refresh } = expect_context();
        let new_secret = RwSignal::new(None);
        let run = Action::new(move |step: &Step| {
            let step = *step;
            async move {
                let view = match step {
                    Step::Rotate => {
                        let (view, new) = rotate_secret(id, secret).await?;
                        new_secret.try_set(Some(new.value));
                        view
                    }
                    Step::End => end_rotation(id, secret).await?,
                };
                state.try_update(|state| state.rotated(view));
                refresh.now();
                Ok(())
            }
        });
        let valid_until = move |_: Option<&_>| {
            state.with(|state| state.row(id).and_then(|row| row.view.previous_valid_until(secret)))
        };
        Self {
            id,
            secret,
            previous_valid_until: Memo::new(valid_until),
            new_secret,
            asked: RwSignal::new(None),
            run,
        }
    }
}

/// What the hint of the field says while a rotation is in progress, and the buttons.
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
        let refused = run.value().get().and_then(Result::err);
        refused.map(|error| format!("{error} {}", error.next_step()))
    };
    view! {
        <div role="status">
            {move || {
                previous_valid_until
                    .get()
                    .map(|at| view! { <p class="field-hint">{overlap(secret)} <Moment at /> "."</p> })
            }}
        </div>
        <div class="form-actions">
            {step_button(rotation, Step::Rotate)}
            {move || previous_valid_until.get().map(|_| step_button(rotation, Step::End))}
        </div>
        <p class="field-error" role="status">{problem}</p>
        {move || {
            asked.get().map(|step| {
                let is_in_progress = previous_valid_until.get_untracked().is_some();
                let confirm = Callback::new(move |()| {
                    run.dispatch(step);
                });
                let close = Callback::new(move |()| asked.set(None));
                view! { <Question id secret step is_in_progress confirm close /> }
            })
        }}
    }
}

fn step_button(rotation: Rotation, step: Step) -> impl IntoView {
    let Rotation { secret, asked, run, .. } = rotation;
    let name = match step {
        Step::Rotate => format!("Rotate {}", secret.label()),
        Step::End => format!("End now: {}", secret.label()),
    };
    view! {
        <button
            type="button"
            class="button"
            aria-label=name
            disabled=move || run.pending().get()
            on:click=move |_| asked.set(Some(step))
        >
            {step.label()}
        </button>
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
            provide_context(Streams {
                state: RwSignal::new(StreamsState::new(vec![view])),
                refresh: Refresh::new(),
            });
            let rotation = Rotation::new(DestinationId::new(3), secret);
            view! { <RotationControls rotation /> }.to_html()
        })
    }

    #[test]
    fn a_rotation_can_be_ended_only_while_it_is_in_progress() {
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
            let other = RotatedSecret::ALL.into_iter().find(|other| *other != secret);
            assert!(!html(other.unwrap(), vec![rotation]).contains("End now"));
        }
    }
}
