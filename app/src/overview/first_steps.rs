//! What to do on a new instance: create a token, post an event, add a destination. Each step is ticked off when it is done.

use domain::page::AUDIT_EVENTS;
use leptos::prelude::*;

use super::{curl::post_event, server_fns::Instance};
use crate::{
    settings::{CreateTokenForm, Settings},
    ui::{CopyButton, Icon},
};

#[component]
pub(super) fn FirstSteps(instance: Signal<Instance>) -> impl IntoView {
    let steps = Memo::new(move |_| instance.with(|instance| instance.first_steps));
    view! {
        <section class="card first-steps" aria-label="First steps">
            <h2>"First steps"</h2>
            <ol>
                <Step title="Create a token" is_done=Signal::derive(move || steps.get().token_created)>
                    <CreateToken is_created=Signal::derive(move || steps.get().token_created) />
                </Step>
                <Step title="Post an event" is_done=Signal::derive(move || steps.get().event_received)>
                    <PostEvent instance />
                </Step>
                <Step title="Add a destination" is_done=Signal::derive(move || steps.get().destination_added)>
                    <p>"Events are streamed to it from then on."</p>
                    <p>
                        <a class="button button-primary" href=format!("{AUDIT_EVENTS}?tab=streams")>
                            "Add streaming destination"
                        </a>
                    </p>
                </Step>
            </ol>
        </section>
    }
}

/// A step that is done keeps its place; what there is to do stays in reach.
#[component]
fn Step(title: &'static str, is_done: Signal<bool>, children: Children) -> impl IntoView {
    let icon = move || {
        if is_done.get() {
            icondata_lu::LuCircleCheck
        } else {
            icondata_lu::LuCircle
        }
    };
    view! {
        <li class="first-step" class:is-done=is_done>
            <details open=!is_done.get_untracked()>
                <summary>
                    {move || view! { <Icon icon=icon() /> }}
                    <span>{title}</span>
                    <span role="status" class="first-step-state">{move || is_done.get().then_some("Done")}</span>
                </summary>
                <div class="first-step-body">{children()}</div>
            </details>
        </li>
    }
}

#[component]
fn CreateToken(is_created: Signal<bool>) -> impl IntoView {
    let text = move || {
        if is_created.get() {
            "A token exists. Create another one for each system that sends events."
        } else {
            "A system that sends events authenticates with a token. Its name appears as the source of the events."
        }
    };
    view! {
        <p>{text}</p>
        <CreateTokenForm can_ingest=true />
    }
}

/// The command has the token that was just created; it is shown only once.
#[component]
fn PostEvent(instance: Signal<Instance>) -> impl IntoView {
    let created = expect_context::<Settings>().create_token.value();
    let token = move || {
        created.with(|answer| {
            let secret = answer.as_ref()?.as_ref().ok()?.secret.as_ref()?;
            Some(secret.text.clone())
        })
    };
    let command = Signal::derive(move || {
        let token = token();
        instance.with(|instance| post_event(&instance.public_url, token.as_deref()))
    });
    let hint = move || {
        if token().is_some() {
            "From any host that can reach this server:"
        } else {
            "From any host that can reach this server, with a token in TOKEN:"
        }
    };
    view! {
        <p>{hint}</p>
        <div class="code-line">
            <pre tabindex="0" role="region" aria-label="Command that posts an event">
                <code>{command}</code>
            </pre>
            <CopyButton text=command label="Copy the command that posts an event" />
        </div>
    }
}
