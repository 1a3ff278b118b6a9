use super::*;
use crate::model::query_text::pairs;

fn read(query: &str) -> LogFilter {
    let mut filter = LogFilter::default();
    pairs(query).for_each(|(name, value)| filter.take(&name, value));
    filter.tidied()
}

fn written(filter: &LogFilter) -> String {
    let mut query = String::new();
    filter.write(&mut query);
    query
}

fn message(query: &str) -> String {
    read(query).errors().to_string()
}

#[test]
fn what_is_written_reads_back() {
    for query in [
        "",
        "author_username=Ada%20Lovelace",
        "entity_type=Project&entity_id=group/project&event_type=user_created&sort=created_asc",
        "ip_address=2001:db8::7&text=R%26D&created_after=2026-03-01&created_before=2026-03-31",
        "range=last_7_days",
    ] {
        assert_eq!(written(&read(query)), query);
        assert!(read(query).errors().is_empty(), "{query}");
    }
}

#[test]
fn links_of_gitlab_mean_the_same_here() {
    let by_id = read("entity_type=User&entity_id=7&sort=created_desc");
    assert_eq!(written(&by_id), "entity_type=User&entity_id=7");
    assert_eq!(by_id.tokens(), [(Token::ByOrAboutUser, "7".to_owned())]);
    assert_eq!(
        written(&read("entity_type=User&entity_username=ada")),
        "entity_type=User&entity_id=ada"
    );
    assert_eq!(written(&read("entity_type=Group&page=2")), "");
}

#[test]
fn tokens_are_added_replaced_and_taken_away() {
    let filter = LogFilter::default()
        .with(Token::Group, " engineering ")
        .with(Token::Text, "key");
    let expected = [
        (Token::Group, "engineering".to_owned()),
        (Token::Text, "key".to_owned()),
    ];
    assert_eq!(filter.tokens(), expected);
    let filter = filter.with(Token::Project, "a/b");
    assert_eq!((filter.value(Token::Group), filter.value(Token::Project)), ("", "a/b"));
    let filter = filter.with(Token::Project, "").with(Token::Text, "");
    assert!(filter.is_empty() && filter.tokens().is_empty());
}

#[test]
fn the_sort_is_no_filter_and_a_date_is_one() {
    assert!(read("sort=created_asc").is_empty());
    assert!(!read("created_after=2026-01-01").is_empty());
    assert_eq!(
        written(&read("created_after=2026-01-01&range=this_month")),
        "created_after=2026-01-01"
    );
    assert_eq!(
        written(&read("created_after=2026-01-01").over("this_month")),
        "range=this_month"
    );
}

#[test]
fn what_is_wrong_is_told_at_its_field() {
    let wrong_date = "Invalid date format. Please use UTC format as YYYY-MM-DD";
    for day in [
        "yesterday",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-1-1",
        "01/02/2026",
        "+026-01-01",
        "2026-01-010",
    ] {
        let errors = read(&format!("created_before={day}")).errors();
        assert_eq!(errors.message_for(Field::CreatedBefore), Some(wrong_date), "{day}");
        assert_eq!(errors.message_for(Field::CreatedAfter), None);
    }
    assert_eq!(message("created_after=2024-02-29&created_before=2024-02-29"), "");
    assert!(message("created_after=2026-03-02&created_before=2026-03-01").contains("must not be before"));
    assert!(message("range=forever").starts_with("Range:"));
    assert!(message("sort=name").starts_with("Sort by:"));
    assert!(message("entity_type=Issue&entity_id=1").starts_with("Object:"));
    assert!(message("entity_id=1").contains("needs entity_type"));
    assert!(message(&format!("text={}", "x".repeat(256))).contains("255"));
}
