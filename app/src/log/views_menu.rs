//! Saved views: filters under names, for the user who saved them.

use domain::{Field, view::SavedView};
use leptos::{form::ActionForm, prelude::*};

use super::{
    location::{AUDIT_EVENTS, LogLocation},
    menu::Menu,
    server_fns::{DeleteView, RenameView, SaveView, list_views},
};
use crate::{
    browser,
    resource::{JsonResource, json_resource},
    ui::{CancelButton, DialogButton, Icon, suspended},
    wire::AppError,
};

const MENU_ID: &str = "log-views";

/// The saved views, and what changes them.
#[derive(Clone, Copy)]
pub(super) struct Views {
    list: JsonResource<Result<Vec<SavedView>, AppError>>,
    save: ServerAction<SaveView>,
    rename: ServerAction<RenameView>,
    delete: ServerAction<DeleteView>,
}

impl Views {
    pub(super) fn new() -> Self {
        let (save, rename, delete) = (ServerAction::new(), ServerAction::new(), ServerAction::new());
        let changes = move || (save.version().get(), rename.version().get(), delete.version().get());
        Self {
            list: json_resource(changes, |_| list_views()),
            save,
            rename,
            delete,
        }
    }
}

#[component]
pub(super) fn ViewsMenu(location: LogLocation, views: Views) -> impl IntoView {
    let query = location.filter_query();
    let can_save = !query.is_empty();
    let is_wrong = move || {
        [
            views.save.value().get().and_then(Result::err),
            views.rename.value().get().and_then(Result::err),
        ]
    };
    let message = move || is_wrong().into_iter().flatten().next().map(|error| refusal(&error));
    let is_open = untrack(message).is_some();
    focus_after_deletion(views);
    let wrong_name = move || message().is_some().then_some("log-view-error");
    view! {
        <Menu id=MENU_ID icon=icondata_lu::LuBookmark label="Views" is_open>
            <Transition>
                {move || suspended(views.list, move |list| listed(list, views))}
            </Transition>
            <ActionForm action=views.save attr:class="drop-form" attr:aria-label="Save this view">
                <input type="hidden" name="query" value=query />
                <label class="field">
                    <span class="field-label">"Save these filters as"</span>
                    <input
                        class="field-input"
                        name="name"
                        required
                        maxlength="72"
                        autocomplete="off"
                        disabled=!can_save
                        aria-describedby=wrong_name
                    />
                </label>
                <p id="log-view-error" class="field-error" role="alert">
                    {message}
                </p>
                <button type="submit" class="button button-primary" disabled=!can_save>
                    "Save view"
                </button>
                {(!can_save).then(|| view! { <p class="field-hint">"Set a filter to save it as a view."</p> })}
            </ActionForm>
        </Menu>
    }
}

/// What was wrong with the name.
fn refusal(error: &AppError) -> String {
    let of_field = error
        .message_for(Field::Name)
        .or_else(|| error.message_for(Field::Filter));
    of_field.map_or_else(|| error.to_string(), str::to_owned)
}

fn listed(list: Result<Vec<SavedView>, AppError>, views: Views) -> AnyView {
    match list {
        Ok(list) if list.is_empty() => view! { <p class="field-hint">"No saved views yet."</p> }.into_any(),
        Ok(list) => {
            let items = list.into_iter().map(|saved| view! { <Item saved views /> });
            view! { <ul class="drop-list" aria-label="Saved views">{items.collect_view()}</ul> }.into_any()
        }
        Err(error) => view! { <p class="field-error">{error.to_string()}</p> }.into_any(),
    }
}

#[component]
fn Item(saved: SavedView, views: Views) -> impl IntoView {
    let href = format!("{AUDIT_EVENTS}?tab=log&{}", saved.query);
    let (id, name) = (saved.id, saved.name.clone());
    let rename_label = format!("Rename {name}");
    let (shown, value) = (name.clone(), name);
    view! {
        <li class="log-view">
            <a class="menu-item" href=href data-noscroll="true">
                <bdi>{shown}</bdi>
            </a>
            <details class="log-view-rename">
                <summary class="icon-button" aria-label=rename_label title="Rename">
                    <Icon icon=icondata_lu::LuPencil />
                </summary>
                <ActionForm action=views.rename attr:class="log-view-form">
                    <input type="hidden" name="id" value=id.get() />
                    <input class="field-input" name="name" aria-label="New name" required maxlength="72" value=value />
                    <button type="submit" class="button">
                        "Rename"
                    </button>
                </ActionForm>
            </details>
            <DeleteButton saved views />
        </li>
    }
}

/// Asks first.
#[component]
fn DeleteButton(saved: SavedView, views: Views) -> impl IntoView {
    let SavedView { id, name, .. } = saved;
    let dialog = format!("delete-view-{}", id.get());
    view! {
        <DialogButton
            id=dialog.clone()
            label="Delete"
            about=name.clone()
            title=format!("Delete the view {name}?")
            body="Its name and its filters are lost. No event is deleted."
            on_open=move |()| views.delete.clear()
            icon=icondata_lu::LuTrash2
        >
            <ActionForm action=views.delete>
                <input type="hidden" name="id" value=id.get() />
                <p class="field-error" role="alert">
                    {move || views.delete.value().get().and_then(Result::err).map(|error| error.to_string())}
                </p>
                <div class="dialog-actions">
                    <CancelButton dialog takes_focus=true />
                    <button type="submit" class="button button-danger-solid">
                        "Delete view"
                    </button>
                </div>
            </ActionForm>
        </DialogButton>
    }
}

/// The dialog and the button that opened it are gone with the view.
fn focus_after_deletion(views: Views) {
    Effect::new(move |before: Option<usize>| {
        let version = views.delete.version().get();
        let is_deleted = views
            .delete
            .value()
            .with_untracked(|answer| matches!(answer, Some(Ok(()))));
        if is_deleted && before.is_some_and(|before| before != version) {
            browser::close_dialogs();
            browser::focus(MENU_ID);
        }
        version
    });
}
