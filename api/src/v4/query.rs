//! The parameters of a list.

use std::{collections::HashMap, time::Duration};

use axum::http::{StatusCode, Uri};
use engine::log::{EntityFilter, EventFilter};

use super::{error::GitlabError, moment::moment};

const PER_PAGE: usize = 20;
const MOST_PER_PAGE: usize = 100;

/// The requested events.
pub(super) struct ListQuery {
    pub(super) filter: EventFilter,
    pub(super) newest_first: bool,
    pub(super) per_page: usize,
    pub(super) page: Page,
}

/// Position of its start.
pub(super) enum Page {
    /// From 1.
    Number(usize),
    /// By keyset: after the previous page, or at the start.
    After(Option<String>),
}

impl ListQuery {
    /// # Errors
    /// 400 at the first parameter that is not right, 405 for a keyset by another order.
    pub(super) fn parse(uri: &Uri) -> Result<Self, GitlabError> {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        // The last of repeated parameters counts, and an empty parameter counts as omitted.
        let given: HashMap<_, _> = pairs.into_owned().filter(|(_, value)| !value.is_empty()).collect();
        let text = |name: &str| given.get(name).cloned();
        // Other parameters are ignored, as in GitLab.
        let sort = given.get("sort").map(String::as_str);
        let newest_first = !matches!(sort, Some("asc" | "created_asc"));
        let page = match given.get("pagination").map(String::as_str) {
            Some("keyset") => keyset(text("order_by"), text("cursor"))?,
            _ => Page::Number(number(&given, "page", 1)?.max(1)),
        };
        let per_page = number(&given, "per_page", PER_PAGE)?;
        if per_page == 0 {
            return Err(not_allowed("per_page has a value not allowed"));
        }
        Ok(Self {
            filter: filter(&given)?,
            newest_first,
            per_page: per_page.min(MOST_PER_PAGE),
            page,
        })
    }
}

fn filter(given: &HashMap<String, String>) -> Result<EventFilter, GitlabError> {
    let moment = |name: &str| {
        let moment = given.get(name).map(|text| moment(text));
        moment
            .map(|moment| moment.ok_or_else(|| GitlabError::invalid(name)))
            .transpose()
    };
    let text = |name: &str| given.get(name).cloned();
    let entity = match (text("entity_type"), text("entity_id")) {
        (Some(entity_type), entity) => Some(EntityFilter { entity_type, entity }),
        (None, Some(_)) => return Err(not_allowed("entity_type is missing")),
        (None, None) => None,
    };
    Ok(EventFilter {
        authors: text("author_id").into_iter().collect(),
        entities: entity.into_iter().collect(),
        created_from: moment("created_after")?,
        // The time itself is included.
        created_before: moment("created_before")?.map(|moment| moment.plus(Duration::from_millis(1))),
        ..EventFilter::default()
    })
}

fn keyset(order_by: Option<String>, cursor: Option<String>) -> Result<Page, GitlabError> {
    match order_by.as_deref() {
        None | Some("id") => Ok(Page::After(cursor)),
        Some(_) => Err(GitlabError::error(
            StatusCode::METHOD_NOT_ALLOWED,
            "Keyset pagination is not yet available for this type of request",
        )),
    }
}

fn number(given: &HashMap<String, String>, name: &str, otherwise: usize) -> Result<usize, GitlabError> {
    let number = given.get(name).map_or(Ok(otherwise), |text| text.parse());
    number.map_err(|_| GitlabError::invalid(name))
}

fn not_allowed(text: &str) -> GitlabError {
    GitlabError::error(StatusCode::BAD_REQUEST, text)
}
