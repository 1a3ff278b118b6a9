//! The cookies that a browser gets when a user signs in: one for the session, and one that identifies the browser later. Over
//! https, their names have the `__Host-` prefix, which prevents other hosts from setting them.

use axum::http::{HeaderMap, header::COOKIE};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::access::SetCookie;
use engine::admin::BROWSER_KNOWN_FOR;

use engine::credentials::SessionKey;

/// Name and attributes of the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCookie {
    /// The public URL is https: the browser sends the cookie only encrypted.
    Secure,
    /// The public URL is http.
    Plain,
}

impl SessionCookie {
    /// The cookie for http or https.
    pub fn new(is_https: bool) -> Self {
        if is_https { Self::Secure } else { Self::Plain }
    }

    /// Name of the cookie.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-audit_streams_session",
            Self::Plain => "audit_streams_session",
        }
    }

    const fn marks(self) -> &'static str {
        match self {
            Self::Secure => "; Path=/; HttpOnly; SameSite=Lax; Secure",
            Self::Plain => "; Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// Sets the key of a session, until the browser is closed. The server knows when the session expires.
    pub fn set(self, key: &SessionKey) -> SetCookie {
        SetCookie([self.name(), "=", key.expose(), self.marks()].concat())
    }

    /// Removes the key from the browser.
    pub fn clear(self) -> SetCookie {
        SetCookie([self.name(), "=; Max-Age=0", self.marks()].concat())
    }

    const fn browser_name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-audit_streams_browser",
            Self::Plain => "audit_streams_browser",
        }
    }

    /// Identifies the browser for as long as the store knows it. It authorises nothing.
    pub fn set_browser(self, sealed: &[u8]) -> SetCookie {
        let value = URL_SAFE_NO_PAD.encode(sealed);
        let (name, seconds) = (self.browser_name(), BROWSER_KNOWN_FOR.as_secs());
        SetCookie(format!("{name}={value}; Max-Age={seconds}{}", self.marks()))
    }

    /// The sealed cookie of an earlier sign-in, if the request has one.
    pub fn read_browser(self, headers: &HeaderMap) -> Option<Vec<u8>> {
        let text = value_of(headers, self.browser_name())?;
        URL_SAFE_NO_PAD.decode(text).ok()
    }

    /// The session key of a request.
    pub fn read(self, headers: &HeaderMap) -> Option<SessionKey> {
        value_of(headers, self.name()).and_then(SessionKey::of_sent)
    }
}

fn value_of<'headers>(headers: &'headers HeaderMap, cookie: &str) -> Option<&'headers str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.parse().unwrap());
        headers
    }

    #[test]
    fn no_script_and_no_other_site_gets_at_it() {
        let key = SessionKey::generate().unwrap();
        let SetCookie(secure) = SessionCookie::new(true).set(&key);
        assert!(secure.starts_with(&format!("__Host-audit_streams_session={}; ", key.expose())));
        assert!(secure.ends_with("Path=/; HttpOnly; SameSite=Lax; Secure"));
        let SetCookie(plain) = SessionCookie::new(false).set(&key);
        assert!(plain.starts_with("audit_streams_session=") && !plain.contains("Secure"));
    }

    #[test]
    fn the_key_is_found_among_other_cookies() {
        let key = SessionKey::generate().unwrap();
        let cookie = SessionCookie::new(false);
        let sent = headers(&format!("a=b; audit_streams_session={}; c", key.expose()));
        assert_eq!(cookie.read(&sent).map(|sent| sent.hash()), Some(key.hash()));
        assert!(SessionCookie::new(true).read(&sent).is_none(), "another name");
        assert!(cookie.read(&headers("audit_streams_session=forged")).is_none());
        assert!(cookie.read(&HeaderMap::new()).is_none());
    }

    #[test]
    fn signing_out_ends_it_in_the_browser() {
        assert_eq!(
            SessionCookie::new(false).clear().0,
            "audit_streams_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }
}
