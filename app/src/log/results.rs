//! The table of one filter, and what changes it by itself: live tail, and a search for a text that continues.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{
    empty::{EmptyLog, nothing_matches},
    live::{LiveTail, arrived_bar},
    location::LogLocation,
    pager::Pager,
    server_fns::{list_events, list_new_events},
    shown::Shown,
    table::{LogTable, TABLE_ID},
    wire::{LogPage, LogPageRequest, LogPosition},
};
use crate::{
    browser,
    connection::Connection,
    deadline::in_time,
    ui::{Moment, every_while_visible},
    wire::AppError,
};

const EVERY: Duration = Duration::from_secs(1);

/// How often a part of a search that failed is asked for again.
const RETRY_EVERY: Duration = Duration::from_secs(3);

/// Rendered for each page that is loaded.
#[component]
pub(super) fn Results(
    page: LogPage,
    location: Memo<LogLocation>,
    live: LiveTail,
    turned: RwSignal<bool>,
) -> impl IntoView {
    let here = location.get_untracked();
    if page.rows.is_empty()
        && page.searched.is_none()
        && here.page == LogPageRequest::First
        && here.filter.is_empty()
        && !page.has_external_events
    {
        return view! { <EmptyLog /> }.into_any();
    }
    let is_first_steps = here.filter.is_empty() && !page.has_external_events;
    let shown = RwSignal::new(Shown::new(page));
    Effect::new(move |_| live.rows.set(shown.with(Shown::seqs)));
    follow_log(shown, location, live);
    let search = Search::new(shown, here.clone());
    focus_turned_page(turned);
    let is_nothing = Memo::new(move |_| shown.with(Shown::is_nothing));
    let filter = here.clone();
    view! {
        {is_first_steps.then(|| view! { <EmptyLog /> })}
        {arrived_bar(shown, live)}
        {move || match is_nothing.get() {
            true => nothing_matches(&filter),
            false => view! { <LogTable shown location /> }.into_any(),
        }}
        {search.view()}
        <Pager shown here turned />
    }
    .into_any()
}

/// Asks for what has arrived as long as live tail is on, and the newest page is shown.
fn follow_log(shown: RwSignal<Shown>, location: Memo<LogLocation>, live: LiveTail) {
    let connection = expect_context::<Connection>();
    let is_asking = StoredValue::new(false);
    every_while_visible(EVERY, move || {
        if !location.with_untracked(LogLocation::is_live) || is_asking.get_value() {
            return;
        }
        is_asking.set_value(true);
        let since = shown.with_untracked(Shown::received_to);
        let query = location.get_untracked().at(LogPageRequest::First).query();
        spawn_local(async move {
            let answer = in_time(list_new_events(query, since)).await;
            is_asking.try_set_value(false);
            connection.report(&answer);
            if let Ok(arrivals) = answer {
                let follows =
                    !live.is_paused.try_get_untracked().unwrap_or(true) && !browser::is_above_window(TABLE_ID);
                let is_news = arrivals.count > 0 || follows;
                let change = move |shown: &mut Shown| shown.take(since, arrivals, follows);
                if is_news {
                    shown.try_update(change);
                } else {
                    shown.try_update_untracked(change);
                }
            }
        });
    });
}

/// A search for a text that goes on until a page is full.
#[derive(Clone, Copy)]
struct Search {
    shown: RwSignal<Shown>,
    here: StoredValue<LogLocation>,
    is_stopped: RwSignal<bool>,
    problem: RwSignal<Option<AppError>>,
    is_asking: StoredValue<bool>,
}

impl Search {
    fn new(shown: RwSignal<Shown>, here: LogLocation) -> Self {
        let search = Self {
            shown,
            here: StoredValue::new(here),
            is_stopped: RwSignal::new(false),
            problem: RwSignal::new(None),
            is_asking: StoredValue::new(false),
        };
        let from = Memo::new(move |_| shown.with(Shown::continues_at));
        Effect::new(move |_| {
            if let (Some(from), false) = (from.get(), search.is_stopped.get()) {
                search.ask(from);
            }
        });
        every_while_visible(RETRY_EVERY, move || {
            let failed = search.problem.with_untracked(Option::is_some);
            if let (Some(from), true, false) = (from.get_untracked(), failed, search.is_stopped.get_untracked()) {
                search.ask(from);
            }
        });
        search
    }

    fn goes_back(self) -> bool {
        self.here.with_value(|here| match here.page {
            LogPageRequest::OlderThan(_) => true,
            LogPageRequest::NewerThan(_) => false,
            LogPageRequest::First => !here.filter.oldest_first(),
        })
    }

    fn next(self, from: LogPosition) -> LogLocation {
        let page = if self.goes_back() {
            LogPageRequest::OlderThan(from)
        } else {
            LogPageRequest::NewerThan(from)
        };
        self.here.get_value().at(page)
    }

    fn ask(self, from: LogPosition) {
        if self.is_asking.get_value() {
            return;
        }
        self.is_asking.set_value(true);
        let (query, goes_back) = (self.next(from).query(), self.goes_back());
        spawn_local(async move {
            let answer = in_time(list_events(query)).await;
            self.is_asking.try_set_value(false);
            match answer {
                Ok(page) => {
                    self.problem.try_set(None);
                    self.shown.try_update(|shown| shown.append(from, page, !goes_back));
                }
                Err(error) => {
                    if !error.is_temporary() {
                        self.is_stopped.try_set(true);
                    }
                    self.problem.try_set(Some(error));
                }
            }
        });
    }

    /// How far it is, and what stops or continues it.
    fn view(self) -> AnyView {
        let stop = move |_| self.is_stopped.set(true);
        let resume = move |_| {
            self.problem.set(None);
            self.is_stopped.set(false);
        };
        let words = if self.goes_back() { ", back to " } else { ", up to " };
        let progress = move || {
            let searched = self
                .shown
                .with(|shown| shown.searched.filter(|_| shown.continues_at().is_some()))?;
            let href = self.next(searched.to).href();
            let button = match self.is_stopped.get() {
                false => {
                    view! { <button type="button" class="button needs-script" on:click=stop>"Stop"</button> }.into_any()
                }
                true => view! { <button type="button" class="button needs-script" on:click=resume>"Continue"</button> }
                    .into_any(),
            };
            let problem = self
                .problem
                .get()
                .map(|error| view! { <span class="field-error">{error.to_string()}</span> });
            let view = view! {
                <p class="log-searched">
                    <span>{searched.text()} {words} <Moment at=searched.to.created_at />"."</span>
                    {problem} {button} <a class="button no-script" href=href>
                        "Continue"
                    </a>
                </p>
            };
            Some(view.into_any())
        };
        view! { <div role="status">{progress}</div> }.into_any()
    }
}

/// The link that turned the page is gone with the old page: the keyboard goes on at the top of the new one.
fn focus_turned_page(turned: RwSignal<bool>) {
    Effect::new(move |_| {
        if turned.get_untracked() {
            turned.set(false);
            browser::focus(TABLE_ID);
        }
    });
}
