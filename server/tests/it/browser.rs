//! A browser as far as the server can tell: it keeps a cookie and says where its requests come from.

use serde_json::Value;

use domain::Timestamp;

use crate::instance::{Answer, Instance, PASSWORD};

pub(crate) struct Browser<'instance> {
    instance: &'instance Instance,
    cookie: Option<String>,
}

impl<'instance> Browser<'instance> {
    pub(crate) fn new(instance: &'instance Instance) -> Self {
        Self { instance, cookie: None }
    }

    /// One that has signed in as `root`.
    pub(crate) async fn signed_in(instance: &'instance Instance) -> Self {
        let mut browser = Self::new(instance);
        let answer = browser.sign_in("root", PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        browser
    }

    pub(crate) async fn sign_in(&mut self, username: &str, password: &str) -> Answer {
        let form = [("username", username), ("password", password), ("return_to", "")];
        self.submit("session/sign_in", &form).await
    }

    /// Calls a server function that takes a form.
    pub(crate) async fn submit(&mut self, function: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.form(function, form);
        self.send(request).await
    }

    /// Calls a server function that takes JSON.
    pub(crate) async fn call(&mut self, function: &str, input: &Value) -> Answer {
        let request = self.request(reqwest::Method::POST, &format!("/api/page/{function}"));
        self.send(
            request
                .header("content-type", "application/json")
                .body(input.to_string()),
        )
        .await
    }

    /// Calls a server function that reads.
    pub(crate) async fn read(&mut self, function: &str) -> Answer {
        let request = self.request(reqwest::Method::GET, &format!("/api/page/{function}"));
        self.send(request).await
    }

    /// Opens a page.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        let request = self.request(reqwest::Method::GET, path);
        self.send(request.header("accept", "text/html,application/xhtml+xml"))
            .await
    }

    /// Posts a form as a browser does without the page's program, from this page.
    pub(crate) async fn post_form(&mut self, function: &str, form: &[(&str, &str)], page: &str) -> Answer {
        let request = self.form(function, form);
        let request = request
            .header("accept", "text/html,application/xhtml+xml")
            .header("referer", format!("http://{}{page}", self.instance.address()));
        self.send(request).await
    }

    pub(crate) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    pub(crate) fn with_cookie(instance: &'instance Instance, cookie: Option<&str>) -> Self {
        Self {
            instance,
            cookie: cookie.map(str::to_owned),
        }
    }

    fn form(&self, function: &str, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self.request(reqwest::Method::POST, &format!("/api/page/{function}"));
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.instance.client().request(method, self.instance.url(path));
        let request = request.header("origin", format!("http://{}", self.instance.address()));
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let answer = Answer::of(request).await;
        let cookies = answer.headers.get_all("set-cookie").iter();
        let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
        if let Some(cookie) = cookies.find(|cookie| cookie.contains("audit_streams_session")) {
            let pair = cookie.split(';').next().unwrap_or_default();
            self.cookie = if cookie.contains("Max-Age=0") {
                None
            } else {
                Some(pair.to_owned())
            };
        }
        answer
    }
}

/// A time in an answer to the page, as the number that the page's addresses hold.
pub(crate) fn unix_ms(moment: &Value) -> i64 {
    let text = moment.as_str().unwrap_or_else(|| panic!("{moment} is not a time"));
    Timestamp::parse(text).unwrap().unix_ms()
}
