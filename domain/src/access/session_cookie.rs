//! The cookies that a browser gets when a user signs in: one for the session, and one that identifies the browser later.
//!
//! Over https, their names have the `__Host-` prefix, which prevents other hosts from setting them. A port that is not the
//! default is a part of the name, because browsers send a cookie to all ports of its host: two instances on one host would
//! otherwise sign each other out.

use std::time::Duration;

use super::SetCookie;

/// How long a browser is known after the last sign-in from it.
pub const BROWSER_KNOWN_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Names and attributes of the cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    is_secure: bool,
    port: Option<u16>,
}

impl SessionCookie {
    /// The cookies of a public URL. `port` is `None` if it is the default of the scheme.
    pub const fn new(is_https: bool, port: Option<u16>) -> Self {
        Self {
            is_secure: is_https,
            port,
        }
    }

    /// Name of the session's cookie.
    pub fn name(self) -> String {
        self.name_of("session")
    }

    /// Sets the key of a session, until the browser is closed. The server knows when the session expires.
    pub fn set(self, key: &str) -> SetCookie {
        SetCookie(format!("{}={key}{}", self.name(), self.attributes()))
    }

    /// Removes the key from the browser.
    pub fn clear(self) -> SetCookie {
        SetCookie(format!("{}=; Max-Age=0{}", self.name(), self.attributes()))
    }

    /// Identifies the browser for as long as the server knows it. It authorises nothing.
    pub fn set_browser(self, id: &str) -> SetCookie {
        let (name, seconds) = (self.name_of("browser"), BROWSER_KNOWN_FOR.as_secs());
        SetCookie(format!("{name}={id}; Max-Age={seconds}{}", self.attributes()))
    }

    /// The key of a session among the values of `Cookie` headers.
    pub fn read<'cookies>(self, cookies: impl IntoIterator<Item = &'cookies str>) -> Option<&'cookies str> {
        value_of(cookies, &self.name())
    }

    /// What identifies the browser, among the values of `Cookie` headers.
    pub fn read_browser<'cookies>(self, cookies: impl IntoIterator<Item = &'cookies str>) -> Option<&'cookies str> {
        value_of(cookies, &self.name_of("browser"))
    }

    fn name_of(self, what: &str) -> String {
        let prefix = if self.is_secure { "__Host-" } else { "" };
        match self.port {
            Some(port) => format!("{prefix}audit_streams_{what}_{port}"),
            None => format!("{prefix}audit_streams_{what}"),
        }
    }

    const fn attributes(self) -> &'static str {
        if self.is_secure {
            "; Path=/; HttpOnly; SameSite=Lax; Secure"
        } else {
            "; Path=/; HttpOnly; SameSite=Lax"
        }
    }
}

fn value_of<'cookies>(cookies: impl IntoIterator<Item = &'cookies str>, name: &str) -> Option<&'cookies str> {
    let mut pairs = cookies
        .into_iter()
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_other_sites_cannot_read_or_send_the_cookie() {
        let SetCookie(secure) = SessionCookie::new(true, None).set("key");
        assert_eq!(
            secure,
            "__Host-audit_streams_session=key; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let SetCookie(plain) = SessionCookie::new(false, None).set("key");
        assert_eq!(plain, "audit_streams_session=key; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn the_key_is_found_among_other_cookies() {
        let cookie = SessionCookie::new(false, None);
        let sent = ["a=b", "c; audit_streams_session=key; audit_streams_browser=id"];
        assert_eq!(cookie.read(sent), Some("key"));
        assert_eq!(cookie.read_browser(sent), Some("id"));
        assert_eq!(SessionCookie::new(true, None).read(sent), None, "another name");
        assert_eq!(cookie.read([]), None);
    }

    #[test]
    fn instances_on_other_ports_of_a_host_have_their_own_cookies() {
        let (first, second) = (
            SessionCookie::new(false, Some(8080)),
            SessionCookie::new(false, Some(8081)),
        );
        let sent = ["audit_streams_session_8080=one; audit_streams_session_8081=two"];
        assert_eq!((first.read(sent), second.read(sent)), (Some("one"), Some("two")));
        let SetCookie(browser) = SessionCookie::new(true, Some(8443)).set_browser("id");
        assert!(
            browser.starts_with("__Host-audit_streams_browser_8443=id; Max-Age=7776000; Path=/;"),
            "{browser}"
        );
    }

    #[test]
    fn signing_out_removes_the_key_from_the_browser() {
        assert_eq!(
            SessionCookie::new(false, None).clear().0,
            "audit_streams_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }
}
