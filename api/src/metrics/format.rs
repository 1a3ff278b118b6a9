//! The two formats of metrics.

use axum::http::{HeaderMap, header::ACCEPT};
use prometheus_client::{
    encoding::{prometheus_text, text},
    registry::Registry,
};

const OPEN_METRICS: &str = "application/openmetrics-text";

/// The formats. Prometheus requests the first, which has units; other programs support only the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    OpenMetrics,
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
    Text,
}

impl Format {
    /// The preferred format of the client, or the older one by default.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let lists = headers.get_all(ACCEPT).iter();
        let ranges = lists
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.split(','));
        let (mut open, mut text) = (0.0_f32, 0.0_f32);
        for (media_type, weight) in ranges.map(read_range) {
            match media_type.as_str() {
                OPEN_METRICS => open = open.max(weight),
                "text/plain" | "text/*" => text = text.max(weight),
                _ => {}
            }
        }
        if open > 0.0 && open >= text {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// The content type of the format.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => prometheus_text::CONTENT_TYPE,
        }
    }

    /// # Errors
    /// A metric that can't be written down.
    pub(super) fn encode(self, registry: &Registry) -> Result<String, std::fmt::Error> {
        let mut written = String::new();
        match self {
            Self::OpenMetrics => text::encode(&mut written, registry)?,
            Self::Text => prometheus_text::encode(&mut written, registry)?,
        }
        Ok(written)
    }
}

/// A media type and its weight.
fn read_range(range: &str) -> (String, f32) {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (media_type, weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(accept: &'static str) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Format::of(&headers)
    }

    #[test]
    fn prometheus_gets_what_it_asks_for_first() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
            application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
            text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        assert_eq!(of(prometheus), Format::OpenMetrics);
        let text_first = "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2";
        assert_eq!(of(text_first), Format::Text);
    }

    #[test]
    fn who_does_not_ask_gets_what_everybody_reads() {
        assert_eq!(Format::of(&HeaderMap::new()), Format::Text);
        for accept in [
            "*/*",
            "text/plain",
            "text/html, */*",
            "",
            "application/openmetrics-text;q=0",
        ] {
            assert_eq!(of(accept), Format::Text, "{accept}");
        }
        assert_eq!(of("Application/OpenMetrics-Text"), Format::OpenMetrics);
    }
}
