//! What stands for a token in a request.

use axum::http::{header::AUTHORIZATION, request::Parts};

use super::bearer::{PRIVATE_TOKEN, bearer_text};
use crate::web::ClientCertificate;

/// A token, or a certificate that stands for one.
#[derive(Clone, Copy)]
pub(crate) enum Sent<'request> {
    Token(&'request str),
    Certificate(&'request ClientCertificate),
}

impl<'request> Sent<'request> {
    /// A certificate counts if there is no header for tokens, not even an unreadable one.
    pub(crate) fn of(parts: &'request Parts) -> Option<Self> {
        if let Some(text) = bearer_text(&parts.headers) {
            return Some(Self::Token(text));
        }
        let has_header = parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key(PRIVATE_TOKEN);
        let certificate = parts.extensions.get::<ClientCertificate>().filter(|_| !has_header);
        certificate.map(Self::Certificate)
    }
}
