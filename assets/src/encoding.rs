//! Which form of an asset a browser gets, by its Accept-Encoding (RFC 9110 §12.5.3).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// A form in which an asset may travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The content coding, unless it is none.
    pub(super) fn coding(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// The form that the browser likes best among those there are. Equally liked, the first of `available` wins. One
    /// that accepts none of them gets the plain bytes, as it would from a server that cannot compress.
    pub(super) fn choose(request: &HeaderMap, available: &[Self]) -> Self {
        let accepted = accepted(request);
        let mut best = (Self::Identity, 0.0);
        for encoding in available {
            let quality = encoding.coding().map_or(0.0, |coding| quality_of(&accepted, coding));
            if quality > best.1 {
                best = (*encoding, quality);
            }
        }
        let identity = accepted
            .iter()
            .find(|(coding, _)| coding == "identity")
            .map_or(0.0, |(_, quality)| *quality);
        if identity > best.1 { Self::Identity } else { best.0 }
    }
}

/// Codings with their qualities, as the browser lists them.
fn accepted(request: &HeaderMap) -> Vec<(String, f32)> {
    let values = request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(parse_item).collect()
}

/// `gzip;q=0.5`. A quality that is no number counts as 0: what was meant is unknown, and plain bytes are never wrong.
fn parse_item(item: &str) -> (String, f32) {
    let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
    let quality = match parameters.trim().split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => value.trim().parse().unwrap_or(0.0),
        _ => 1.0,
    };
    (coding.trim().to_ascii_lowercase(), quality)
}

fn quality_of(accepted: &[(String, f32)], coding: &str) -> f32 {
    let named = |name: &str| {
        accepted
            .iter()
            .find(|(listed, _)| listed == name)
            .map(|(_, quality)| *quality)
    };
    named(coding).or_else(|| named("*")).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::Encoding::{Brotli, Gzip, Identity};
    use super::*;

    fn chosen(accept: &'static str) -> Encoding {
        let mut request = HeaderMap::new();
        request.insert(ACCEPT_ENCODING, accept.parse().unwrap());
        Encoding::choose(&request, &[Brotli, Gzip])
    }

    #[test]
    fn the_best_liked_form_is_chosen() {
        let table = [
            ("gzip, deflate, br, zstd", Brotli),
            ("gzip", Gzip),
            ("GZIP", Gzip),
            ("br;q=0.5, gzip;q=0.9", Gzip),
            ("br; q=0, gzip", Gzip),
            ("br;q=0, gzip;q=0", Identity),
            ("*", Brotli),
            ("br;q=0, *", Gzip),
            ("*;q=0", Identity),
            ("identity, gzip;q=0.5", Identity),
            ("identity;q=0.1, gzip;q=0.5", Gzip),
            ("gzip;q=nonsense", Identity),
            ("deflate", Identity),
            ("", Identity),
        ];
        for (accept, expected) in table {
            assert_eq!(chosen(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn no_header_means_plain_bytes() {
        assert_eq!(Encoding::choose(&HeaderMap::new(), &[Brotli, Gzip]), Identity);
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut request = HeaderMap::new();
        request.append(ACCEPT_ENCODING, "deflate".parse().unwrap());
        request.append(ACCEPT_ENCODING, "br".parse().unwrap());
        assert_eq!(Encoding::choose(&request, &[Brotli, Gzip]), Brotli);
    }

    #[test]
    fn a_form_that_does_not_exist_is_not_chosen() {
        let mut request = HeaderMap::new();
        request.insert(ACCEPT_ENCODING, "br".parse().unwrap());
        assert_eq!(Encoding::choose(&request, &[Gzip]), Identity);
    }
}
