//! The requests of a row: each button is in a form that a browser can also send without the program of the page.

use domain::{
    destination::StreamCommand,
    ids::{DestinationId, Seq},
    view::{HealthView, RetryOutcome, StateName},
};
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn};

use super::{
    context::Streams,
    server_fns::{CommandStream, ParkEvent, RetryNow, command_stream, park_event, retry_now},
};
use crate::{
    ui::{Alert, AlertTone},
    wire::AppError,
};

/// What is said about a request.
type Outcome = Option<(AlertTone, String)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Command(StreamCommand),
    RetryNow,
    Park(Seq),
}

impl Request {
    fn url(self) -> &'static str {
        match self {
            Self::Command(_) => CommandStream::url(),
            Self::RetryNow => RetryNow::url(),
            Self::Park(_) => ParkEvent::url(),
        }
    }

    /// The name and the value of its field, besides the id.
    fn field(self) -> Option<(&'static str, String)> {
        match self {
            Self::Command(command) => Some(("command", command.as_str().to_owned())),
            Self::RetryNow => None,
            Self::Park(seq) => Some(("seq", seq.to_string())),
        }
    }
}

/// The requests of one row, one at a time.
#[derive(Clone, Copy)]
pub(super) struct Commands {
    id: DestinationId,
    send: Action<Request, ()>,
    outcome: RwSignal<Outcome>,
    /// Whether the page asks if the stream is to be deactivated.
    pub(super) is_asking: RwSignal<bool>,
}

impl Commands {
    pub(super) fn new(streams: Streams, id: DestinationId) -> Self {
        let outcome = RwSignal::new(None);
        let send = Action::new(move |request: &Request| {
            let request = *request;
            async move {
                let answer = answer_to(streams, id, request).await;
                let refused = |error: AppError| Some((AlertTone::Bad, format!("{error} {}", error.next_step())));
                outcome.try_set(answer.unwrap_or_else(refused));
                streams.refresh.now();
            }
        });
        Self {
            id,
            send,
            outcome,
            is_asking: RwSignal::new(false),
        }
    }

    pub(super) fn is_under_way(self) -> Memo<bool> {
        self.send.pending()
    }

    fn submit(self, event: &SubmitEvent, request: Request) {
        event.prevent_default();
        if request == Request::Command(StreamCommand::Deactivate) && !self.is_asking.get_untracked() {
            self.is_asking.set(true);
            return;
        }
        if !self.send.pending().get_untracked() {
            self.send.dispatch(request);
        }
    }
}

/// What to say about it, unless the row shows it.
async fn answer_to(streams: Streams, id: DestinationId, request: Request) -> Result<Outcome, AppError> {
    Ok(match request {
        Request::Command(command) => {
            let view = command_stream(id, command).await?;
            streams.state.try_update(|state| state.changed_elsewhere(view));
            None
        }
        Request::RetryNow => Some(retried(retry_now(id).await?)),
        Request::Park(seq) => {
            park_event(id, seq).await?;
            let text = "The event is parked. Retry or discard it under Activity.";
            Some((AlertTone::Good, text.to_owned()))
        }
    })
}

fn retried(outcome: RetryOutcome) -> (AlertTone, String) {
    match outcome {
        RetryOutcome::Accepted => (AlertTone::Good, "Retried: the event was accepted.".to_owned()),
        RetryOutcome::Failed { trouble } => (AlertTone::Warning, format!("Retried: {trouble}.")),
        RetryOutcome::Pending => (AlertTone::Warning, "Retried: no response yet.".to_owned()),
    }
}

/// One button in its form.
pub(super) fn command_form(commands: Commands, request: Signal<Request>, button: impl IntoView) -> impl IntoView {
    let field = Memo::new(move |_| request.get().field());
    view! {
        <form
            method="post"
            action=move || request.get().url()
            class="command-form"
            on:submit=move |event| commands.submit(&event, request.get_untracked())
        >
            <input type="hidden" name="id" value=commands.id.get() />
            {move || field.get().map(|(name, value)| view! { <input type="hidden" name=name value=value /> })}
            {button}
        </form>
    }
}

/// What came of the last request of the row.
#[component]
pub(super) fn CommandOutcome(commands: Commands, health: Memo<HealthView>) -> impl IntoView {
    let outcome = commands.outcome;
    // That a retry failed is of no interest any more once the stream continues.
    let is_retrying = Memo::new(move |_| health.with(|health| health.state == StateName::Retrying));
    let shown = move || {
        outcome
            .get()
            .filter(|(tone, _)| *tone != AlertTone::Warning || is_retrying.get())
    };
    view! {
        <div class="stream-outcome" role="status">
            {move || {
                shown().map(|(tone, message)| {
                    view! { <Alert tone on_dismiss=move |()| outcome.set(None)>{message}</Alert> }
                })
            }}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_that_failed_is_no_success() {
        let trouble = "503 from server".to_owned();
        let (tone, text) = retried(RetryOutcome::Failed { trouble });
        assert!(
            tone == AlertTone::Warning && text == "Retried: 503 from server.",
            "{text}"
        );
        assert!(retried(RetryOutcome::Accepted).0 == AlertTone::Good);
        assert!(retried(RetryOutcome::Pending).0 == AlertTone::Warning);
    }
}
