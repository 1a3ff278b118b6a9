//! The custom HTTP headers of a form.

use domain::{Field, view::DestinationSecret};
use leptos::prelude::*;

use super::{
    editing::{Editing, Form},
    message::text_and_link,
    server_fns::reveal_secret,
    state::EditorState,
};
use crate::{browser, streams::context::Streams, ui::Icon};

#[component]
pub(super) fn HeadersTable(editing: Editing) -> impl IntoView {
    let count = editing.read(|editor| editor.headers().len());
    let is_full = editing.read(|editor| !editor.can_add_header());
    let add_id = editing.field_id("add-header");
    let rows = move || (0..u8::try_from(count.get()).unwrap_or(u8::MAX)).collect::<Vec<u8>>();
    let error = editing.message(Field::Headers);
    view! {
        <section class="field" aria-labelledby=editing.field_id("headers")>
            <p class="field-label" id=editing.field_id("headers")>
                "Custom HTTP headers "
                <span class="field-optional">"(optional)"</span>
            </p>
            <p class="field-hint" hidden=Signal::derive(move || count.get() > 0)>
                "No header created yet."
            </p>
            <div class="headers" role="table" aria-label="Custom HTTP headers" hidden=Signal::derive(move || count.get() == 0)>
                <div class="headers-row headers-head" role="row">
                    <span role="columnheader">"Active"</span>
                    <span role="columnheader">"Header"</span>
                    <span role="columnheader">"Value"</span>
                    <span role="columnheader">
                        <span class="off-screen">"Delete"</span>
                    </span>
                </div>
                <For each=rows key=|row| *row let:row>
                    <HeaderRow editing row />
                </For>
            </div>
            <p class="field-error" role="status">
                {move || error.get().map(text_and_link)}
            </p>
            <p class="field-hint" hidden=Signal::derive(move || !is_full.get())>
                "Maximum of 20 HTTP headers has been reached."
            </p>
            <div hidden=is_full>
                <button type="button" class="button" id=add_id on:click=move |_| add(editing)>
                    <Icon icon=icondata_lu::LuPlus />
                    "Add header"
                </button>
            </div>
        </section>
    }
}

fn add(editing: Editing) {
    editing.update(EditorState::add_header);
    let row = editing.now(|editor| editor.headers().len()).unwrap_or_default();
    browser::focus(editing.field_id(&format!("header-{}", row.saturating_sub(1))));
}

fn remove(editing: Editing, row: u8) {
    editing.update(|editor| editor.remove_header(row));
    browser::focus(editing.field_id("add-header"));
}

#[component]
fn HeaderRow(editing: Editing, row: u8) -> impl IntoView {
    let is_active = editing.read(move |editor| editor.header(row).is_some_and(|header| header.active));
    let is_hidden = editing.read(move |editor| editor.is_header_hidden(row));
    let placeholder = Signal::derive(move || {
        if is_hidden.get() {
            "••••••••"
        } else {
            "ex: 1000"
        }
    });
    view! {
        <div class="headers-row" role="row">
            <span role="cell" class="headers-active">
                <input
                    type="checkbox"
                    aria-label="Active"
                    prop:checked=is_active
                    on:change:target=move |event| {
                        editing.update(|editor| editor.set_header_active(row, event.target().checked()));
                    }
                />
            </span>
            <HeaderField editing field=Field::HeaderName(row) label="Header" placeholder="ex: limitation" id=format!("header-{row}") />
            <HeaderField editing field=Field::HeaderValue(row) label="Value" placeholder id=format!("value-{row}")>
                <RevealButton editing row is_hidden />
            </HeaderField>
            <span role="cell">
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Delete"
                    title="Delete"
                    on:click=move |_| remove(editing, row)
                >
                    <Icon icon=icondata_lu::LuTrash2 />
                </button>
            </span>
        </div>
    }
}

#[component]
fn HeaderField(
    editing: Editing,
    field: Field,
    label: &'static str,
    #[prop(into)] placeholder: Signal<&'static str>,
    id: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let error = editing.message(field);
    let error_id = editing.field_id(&format!("{id}-error"));
    let is_wrong = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    view! {
        <span role="cell" class="headers-cell">
            <span class="headers-input">
                <input
                    class="field-input field-code"
                    id=editing.field_id(&id)
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-label=label
                    aria-required="true"
                    aria-invalid=is_wrong
                    aria-describedby=error_id.clone()
                    placeholder=placeholder
                    prop:value=editing.text(field)
                    on:input:target=move |event| editing.update(|editor| editor.set_text(field, event.target().value()))
                    on:blur=move |_| editing.leave(field)
                />
                {children.map(|children| children())}
            </span>
            <span class="field-error" id=error_id role="status">
                {move || error.get().map(text_and_link)}
            </span>
        </span>
    }
}

/// Shows a stored value, fetched only now.
#[component]
fn RevealButton(editing: Editing, row: u8, is_hidden: Signal<bool>) -> impl IntoView {
    let Form::Edit(id) = editing.form else {
        return ().into_any();
    };
    let state = expect_context::<Streams>().state;
    let reveal = Action::new(move |(): &()| async move {
        let Some(header) = editing
            .now(|editor| editor.header(row).and_then(|header| header.id))
            .flatten()
        else {
            return;
        };
        match reveal_secret(id, DestinationSecret::Header(header)).await {
            Ok(value) => {
                editing.update(|editor| editor.reveal_header(header, &value));
                browser::focus(editing.field_id(&format!("value-{row}")));
            }
            Err(error) => {
                state.try_update(|state| state.row_mut(id).map(|row| row.editor.refuse(error)));
            }
        }
    });
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label="Reveal value"
            title="Reveal value"
            hidden=Signal::derive(move || !is_hidden.get())
            on:click=move |_| {
                reveal.dispatch(());
            }
        >
            <Icon icon=icondata_lu::LuEye />
        </button>
    }
    .into_any()
}
