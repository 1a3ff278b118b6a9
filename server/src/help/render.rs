//! From Markdown to the HTML document: every heading gets an address, and the sections a table of contents.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};

/// A section of the guide.
struct Section {
    id: String,
    title: String,
    level: HeadingLevel,
}

/// The whole document. `css` is the address of the style sheet, `first_script` runs before the first paint, `search` at the end.
pub(super) fn page(guide: &str, css: &str, first_script: &str, search: &str) -> String {
    let (sections, events) = addressed(Parser::new_ext(guide, Options::ENABLE_TABLES).collect());
    let mut text = String::new();
    push_html(&mut text, events.into_iter());
    let contents = contents(&sections);
    format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Help · Audit Streams</title>
<script>{first_script}</script>
<link rel="stylesheet" href="{css}">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
</head>
<body>
<a class="skip-link" href="#main">Skip to content</a>
<header class="guide-bar">
<button type="button" class="button guide-open" popovertarget="contents">Contents</button>
<a class="guide-home" href="/"><img src="/favicon.svg" alt="" width="24" height="24">Audit Streams</a>
<a class="button" href="/">Back to the app</a>
</header>
<div class="guide">
<nav id="contents" class="guide-contents" aria-label="Contents" popover="auto">
<div class="guide-search needs-script">
<label class="visually-hidden" for="guide-search">Search the guide</label>
<input id="guide-search" class="field-input" type="search" placeholder="Search the guide" autocomplete="off">
<p id="guide-found" class="field-hint" role="status"></p>
</div>
{contents}</nav>
<main id="main" class="guide-text" tabindex="-1">
{text}</main>
</div>
<script>{search}</script>
</body>
</html>
"##
    )
}

/// Gives each heading an id made of its words, sends pictures to where they are served, and lets wide tables and
/// commands scroll by keyboard.
fn addressed(events: Vec<Event<'_>>) -> (Vec<Section>, Vec<Event<'_>>) {
    let mut sections = Vec::new();
    let mut out = Vec::with_capacity(events.len());
    for (position, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let title = words_until_end(&events, position);
                let id = id_of(&title);
                out.push(Event::Start(Tag::Heading {
                    level: *level,
                    id: Some(id.clone().into()),
                    classes: Vec::new(),
                    attrs: Vec::new(),
                }));
                sections.push(Section {
                    id,
                    title,
                    level: *level,
                });
            }
            Event::Start(Tag::Image {
                link_type,
                dest_url,
                title,
                id,
            }) => out.push(Event::Start(Tag::Image {
                link_type: *link_type,
                dest_url: CowStr::from(format!("/help/{dest_url}")),
                title: title.clone(),
                id: id.clone(),
            })),
            Event::Start(Tag::Table(_)) => {
                out.push(Event::Html(
                    r#"<div class="guide-table" role="group" aria-label="Table" tabindex="0">"#.into(),
                ));
                out.push(event.clone());
            }
            Event::End(TagEnd::Table) => {
                out.push(event.clone());
                out.push(Event::Html("</div>\n".into()));
            }
            Event::Start(Tag::CodeBlock(_)) => {
                out.push(Event::Html(
                    r#"<div class="guide-code" role="group" aria-label="Example" tabindex="0">"#.into(),
                ));
                out.push(event.clone());
            }
            Event::End(TagEnd::CodeBlock) => {
                out.push(event.clone());
                out.push(Event::Html("</div>\n".into()));
            }
            _ => out.push(event.clone()),
        }
    }
    (sections, out)
}

fn words_until_end(events: &[Event<'_>], heading: usize) -> String {
    let rest = events.iter().skip(heading);
    rest.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

/// Lowercase words with hyphens between them, as code hosts make them of a heading.
fn id_of(title: &str) -> String {
    let words: Vec<String> = title
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

fn contents(sections: &[Section]) -> String {
    let mut list = String::from("<ul>\n");
    for section in sections {
        let class = match section.level {
            HeadingLevel::H2 => "guide-part",
            HeadingLevel::H3 => "guide-task",
            _ => continue,
        };
        let mut title = String::new();
        push_html(&mut title, [Event::Text(section.title.as_str().into())].into_iter());
        list.push_str(&format!(
            "<li class=\"{class}\"><a href=\"#{}\">{title}</a></li>\n",
            section.id
        ));
    }
    list.push_str("</ul>\n");
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_addresses_and_stand_in_the_contents() {
        let html = page(
            "# Help\n\n## Event filters\n\n### Add & update `headers`\n",
            "/a.css",
            "",
            "",
        );
        assert!(html.contains(r#"<h2 id="event-filters">Event filters</h2>"#), "{html}");
        assert!(html.contains(r##"<a href="#event-filters">Event filters</a>"##));
        assert!(html.contains(r##"<a href="#add-update-headers">Add &amp; update headers</a>"##));
        assert!(!html.contains(r##"href="#help""##), "the title is no section");
    }

    #[test]
    fn pictures_come_from_the_binary() {
        let html = page("![The sign-in page](images/guide-sign-in.png)\n", "/a.css", "", "");
        assert!(
            html.contains(r#"<img src="/help/images/guide-sign-in.png" alt="The sign-in page""#),
            "{html}"
        );
    }
}
