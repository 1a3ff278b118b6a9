//! The guide at `/help`: for everybody, whole, and with every address that the page links to.

use std::collections::HashSet;

use crate::{browser::Browser, instance::Instance};

/// Addresses inside the guide that the page's own parts link to.
const LINKED: [&str; 1] = ["event-filters"];

#[tokio::test]
async fn anybody_reads_the_guide() {
    let instance = Instance::start();
    let mut stranger = Browser::new(&instance);
    let guide = stranger.open("/help").await;
    assert_eq!(guide.status, 200);
    assert_eq!(guide.header("content-type"), Some("text/html; charset=utf-8"));
    let ids: HashSet<&str> = attributes(&guide.text, " id=\"").collect();
    for linked in LINKED {
        assert!(ids.contains(linked), "{linked} is linked to");
    }
    let inside = attributes(&guide.text, "href=\"#");
    let dangling: Vec<&str> = inside.filter(|id| !ids.contains(id)).collect();
    assert!(dangling.is_empty(), "{dangling:?}");
}

#[tokio::test]
async fn its_pictures_load() {
    let instance = Instance::start();
    let mut stranger = Browser::new(&instance);
    let guide = stranger.open("/help").await;
    let pictures: Vec<&str> = attributes(&guide.text, "src=\"/help").collect();
    assert!(pictures.len() >= 5, "{pictures:?}");
    for picture in pictures {
        let answer = stranger.open(&format!("/help{picture}")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("image/png")),
            "{picture}"
        );
    }
    assert_eq!(stranger.open("/help/images/nothing.png").await.status, 404);
}

#[tokio::test]
async fn it_runs_no_script_but_its_own() {
    let instance = Instance::start();
    let guide = Browser::new(&instance).open("/help").await;
    let policy = guide.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !guide.text.contains(" style=\""));
    assert_eq!(
        guide.text.matches("<script").count(),
        policy.matches("'sha256-").count()
    );
    assert_eq!(guide.header("x-content-type-options"), Some("nosniff"));
}

/// What stands between `start` and the next quotation mark, wherever it occurs.
fn attributes<'text>(text: &'text str, start: &'text str) -> impl Iterator<Item = &'text str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
}
