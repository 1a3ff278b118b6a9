//! A request as it was sent, and its response, each to unfold.

use domain::connection_test::{SentBody, SentHeader, SentRequest, TestAnswer};
use leptos::prelude::*;

use crate::model::text::counted;

#[component]
pub(super) fn SentDetails(sent: SentRequest, title: &'static str) -> impl IntoView {
    let headers = sent.headers.into_iter().map(|SentHeader { name, value }| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{value}</td>
            </tr>
        }
    });
    let body = match sent.body {
        SentBody::Text(text) => view! { <BodyText label="Body of the request" text /> }.into_any(),
        SentBody::Hidden(0) => view! { <p class="quiet">"No request body."</p> }.into_any(),
        SentBody::Hidden(bytes) => {
            let text = format!("The request body of {} is not shown.", counted(bytes, "byte"));
            view! { <p class="quiet">{text}</p> }.into_any()
        }
    };
    view! {
        <details class="exchange">
            <summary>{title}</summary>
            <p class="exchange-line">
                <strong>{sent.method}</strong>
                " "
                {sent.url}
            </p>
            <table class="exchange-headers" aria-label="Headers of the request">
                <tbody>{headers.collect_view()}</tbody>
            </table>
            {body}
        </details>
    }
}

#[component]
pub(super) fn AnswerDetails(answer: TestAnswer, is_open: bool) -> impl IntoView {
    let body = match answer.body {
        None => view! { <p class="quiet">"The response body is a secret and is not shown."</p> }.into_any(),
        Some(text) if text.is_empty() => view! { <p class="quiet">"No response body."</p> }.into_any(),
        Some(text) => view! { <BodyText label="Body of the response" text /> }.into_any(),
    };
    view! {
        <details class="exchange" open=is_open>
            <summary>{format!("Answer {}", answer.status)}</summary>
            {body}
        </details>
    }
}

#[component]
fn BodyText(label: &'static str, text: String) -> impl IntoView {
    view! {
        <pre class="answer" tabindex="0" role="region" aria-label=label>
            {text}
        </pre>
    }
}
