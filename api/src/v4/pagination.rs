//! The pagination headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header::LINK};
use url::form_urlencoded::{Serializer, parse};

const PAGE: HeaderName = HeaderName::from_static("x-page");
const PER_PAGE: HeaderName = HeaderName::from_static("x-per-page");
const NEXT_PAGE: HeaderName = HeaderName::from_static("x-next-page");
const PREV_PAGE: HeaderName = HeaderName::from_static("x-prev-page");
const TOTAL: HeaderName = HeaderName::from_static("x-total");
const TOTAL_PAGES: HeaderName = HeaderName::from_static("x-total-pages");

/// The URL of the request, which links repeat.
pub(super) struct Here<'request> {
    pub(super) public_url: &'request str,
    pub(super) uri: &'request Uri,
}

/// A page with offset pagination.
pub(super) struct Numbered {
    pub(super) page: usize,
    pub(super) per_page: usize,
    pub(super) is_more: bool,
    /// `None` if there are too many to count.
    pub(super) total: Option<usize>,
}

impl Here<'_> {
    /// The headers of a page with offset pagination.
    pub(super) fn numbered_headers(&self, numbered: &Numbered) -> HeaderMap {
        let Numbered {
            page,
            per_page,
            is_more,
            total,
        } = *numbered;
        let total_pages = total.map(|total| total.div_ceil(per_page).max(1));
        let next = is_more.then_some(page + 1);
        let prev = (page > 1).then(|| page - 1);
        let mut headers = HeaderMap::new();
        headers.insert(PAGE, HeaderValue::from(page));
        headers.insert(PER_PAGE, HeaderValue::from(per_page));
        headers.insert(NEXT_PAGE, or_empty(next));
        headers.insert(PREV_PAGE, or_empty(prev));
        if let (Some(total), Some(pages)) = (total, total_pages) {
            headers.insert(TOTAL, HeaderValue::from(total));
            headers.insert(TOTAL_PAGES, HeaderValue::from(pages));
        }
        let pages = [
            ("prev", prev),
            ("next", next),
            ("first", Some(1)),
            ("last", total_pages),
        ];
        let links = pages.into_iter().filter_map(|(rel, page)| {
            let (page, per_page) = (page?.to_string(), per_page.to_string());
            Some(self.link(rel, &[("page", &page), ("per_page", &per_page)]))
        });
        let links: Vec<String> = links.collect();
        headers.extend(HeaderValue::try_from(links.join(", ")).map(|links| (LINK, links)));
        headers
    }

    /// A link to the next page alone.
    pub(super) fn keyset_headers(&self, next_cursor: Option<String>) -> HeaderMap {
        let link = next_cursor.map(|cursor| self.link("next", &[("cursor", &cursor)]));
        let link = link.and_then(|link| HeaderValue::try_from(link).ok());
        link.map(|link| (LINK, link)).into_iter().collect()
    }

    /// The same request with these parameters.
    fn link(&self, rel: &str, changed: &[(&str, &str)]) -> String {
        let given = parse(self.uri.query().unwrap_or_default().as_bytes());
        let mut query = Serializer::new(String::new());
        query.extend_pairs(given.filter(|(name, _)| !changed.iter().any(|(changed, _)| changed == name)));
        query.extend_pairs(changed);
        format!(
            "<{}{}?{}>; rel=\"{rel}\"",
            self.public_url,
            self.uri.path(),
            query.finish()
        )
    }
}

fn or_empty(page: Option<usize>) -> HeaderValue {
    page.map_or(HeaderValue::from_static(""), HeaderValue::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(numbered: &Numbered) -> HeaderMap {
        let uri = Uri::from_static("/api/v4/audit_events?entity_type=User&page=2");
        let here = Here {
            public_url: "https://audit.example",
            uri: &uri,
        };
        here.numbered_headers(numbered)
    }

    #[test]
    fn a_counted_page_leads_everywhere() {
        let headers = headers(&Numbered {
            page: 2,
            per_page: 3,
            is_more: true,
            total: Some(8),
        });
        let text = |name: HeaderName| headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            [
                text(PAGE),
                text(PREV_PAGE),
                text(NEXT_PAGE),
                text(TOTAL),
                text(TOTAL_PAGES)
            ],
            ["2", "1", "3", "8", "3"]
        );
        let base = "https://audit.example/api/v4/audit_events?entity_type=User";
        assert_eq!(
            text(LINK),
            format!(
                "<{base}&page=1&per_page=3>; rel=\"prev\", <{base}&page=3&per_page=3>; rel=\"next\", \
                 <{base}&page=1&per_page=3>; rel=\"first\", <{base}&page=3&per_page=3>; rel=\"last\""
            )
        );
    }

    #[test]
    fn what_is_not_counted_has_no_last_page() {
        let headers = headers(&Numbered {
            page: 1,
            per_page: 3,
            is_more: false,
            total: None,
        });
        assert_eq!([&headers[NEXT_PAGE], &headers[PREV_PAGE]], ["", ""]);
        assert!(!headers.contains_key(TOTAL) && !headers.contains_key(TOTAL_PAGES));
        assert!(!headers[LINK].to_str().unwrap().contains("last"));
    }
}
