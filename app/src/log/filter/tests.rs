use domain::Field;

use super::*;
use crate::log::query_text::pairs;

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
        "created_after=2026-03-01T10:30:00.000Z",
        "author_username=a&author_username=b&entity_type=Group&entity_id=a/b&entity_type=Project&entity_id=7&event_type=x&event_type=y",
        "range=last_15_minutes",
        "text=a&not_author_username=root&not_author_username=Ada&not_entity=Group/a/b&not_event_type=x&not_ip_address=::1",
    ] {
        assert_eq!(written(&read(query)), query);
        assert!(read(query).errors().is_empty(), "{query}");
    }
}

#[test]
fn links_of_gitlab_mean_the_same_here() {
    let by_id = read("entity_type=User&entity_id=7&sort=created_desc");
    assert_eq!(written(&by_id), "entity_type=User&entity_id=7");
    assert_eq!(by_id.conditions(), [Condition::is(FilterField::User, "7")]);
    assert_eq!(
        written(&read("entity_type=User&entity_username=ada")),
        "entity_type=User&entity_id=ada"
    );
    assert_eq!(written(&read("entity_type=Group&page=2")), "");
}

#[test]
fn conditions_are_added_replaced_and_removed() {
    let filter = LogFilter::default()
        .with(&Condition::is(FilterField::Group, " engineering "))
        .with(&Condition::is(FilterField::Text, "key"));
    assert_eq!(filter.conditions(), [Condition::is(FilterField::Group, "engineering")]);
    assert!(!filter.is_text_alone());
    let (group, project) = (
        Condition::is(FilterField::Group, "engineering"),
        Condition::is(FilterField::Project, "a/b"),
    );
    let filter = filter.with(&project).with(&project);
    assert_eq!(filter.conditions(), [group.clone(), project.clone()]);
    let filter = filter.without(&group).without(&project);
    assert!(filter.is_text_alone() && filter.conditions().is_empty());
    assert!(filter.without(&Condition::is(FilterField::Text, "key")).is_empty());
}

#[test]
fn a_field_has_several_values_and_a_text_is_replaced() {
    let filter = ["root", "Ada", "root"]
        .iter()
        .fold(LogFilter::default(), |filter, author| {
            filter.with(&Condition::is(FilterField::Author, *author))
        });
    assert_eq!(written(&filter), "author_username=root&author_username=Ada");
    let text = filter
        .with(&Condition::is(FilterField::Text, "a"))
        .with(&Condition::is(FilterField::Text, "b"));
    assert_eq!(written(&text), "author_username=root&author_username=Ada&text=b");
    // One type for all, as forms and programs may write it.
    let groups = read("entity_id=a&entity_type=Group&entity_id=b");
    assert_eq!(
        written(&groups),
        "entity_type=Group&entity_id=a&entity_type=Group&entity_id=b"
    );
}

#[test]
fn values_are_excluded_one_by_one() {
    let conditions = [
        Condition::is_not(FilterField::Author, "root"),
        Condition::is_not(FilterField::Author, "Ada"),
        Condition::is_not(FilterField::Group, "a/b"),
        Condition::is_not(FilterField::Object, "Gitlab::Audit::InstanceScope/1"),
        Condition::is_not(FilterField::EventType, "x"),
        Condition::is_not(FilterField::IpAddress, "::1"),
    ];
    let filter = conditions
        .iter()
        .chain(&conditions)
        .fold(LogFilter::default(), LogFilter::with);
    assert_eq!(filter.conditions(), conditions);
    assert!(!filter.is_empty() && filter.errors().is_empty());
    let filter = conditions.iter().fold(filter, LogFilter::without);
    assert!(filter.is_empty());
    let user = LogFilter::default().with(&Condition::is_not(FilterField::User, "ada"));
    assert_eq!(written(&user), "not_author_username=ada&not_entity=User/ada");
}

#[test]
fn a_value_is_included_or_excluded_and_not_both() {
    let included = LogFilter::default().with(&Condition::is(FilterField::Author, "root"));
    let excluded = included.with(&Condition::is_not(FilterField::Author, "root"));
    assert_eq!(written(&excluded), "not_author_username=root");
    let included = excluded.with(&Condition::is(FilterField::Author, "root"));
    assert_eq!(written(&included), "author_username=root");
    let group = LogFilter::default()
        .with(&Condition::is_not(FilterField::Group, "a"))
        .with(&Condition::is(FilterField::Group, "a"));
    assert_eq!(written(&group), "entity_type=Group&entity_id=a");
}

#[test]
fn an_entity_of_any_type_is_a_condition() {
    let scope = Condition::entity("Gitlab::Audit::InstanceScope", "1");
    let filter = LogFilter::default().with(&scope);
    assert_eq!(written(&filter), "entity_type=Gitlab::Audit::InstanceScope&entity_id=1");
    assert_eq!(filter.conditions(), [scope]);
    assert_eq!(
        Condition::entity("Project", "a/b"),
        Condition::is(FilterField::Project, "a/b")
    );
}

#[test]
fn the_sort_is_no_filter_and_a_date_is_one() {
    assert!(read("sort=created_asc").is_empty());
    assert!(!read("created_after=2026-01-01").is_empty());
    let dated = read("created_after=2026-01-01&range=this_month");
    assert_eq!(written(&dated), "created_after=2026-01-01");
    assert_eq!(written(&dated.over("this_month")), "range=this_month");
    let between = read("range=this_month").between("2026-01-01", "2026-01-02");
    assert_eq!(written(&between), "created_after=2026-01-01&created_before=2026-01-02");
}

#[test]
fn what_is_wrong_is_reported_at_its_field() {
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
        let errors = read(&format!("created_before={}", day.replace('+', "%2B"))).errors();
        assert_eq!(errors.message_for(Field::CreatedBefore), Some(wrong_date), "{day}");
        assert_eq!(errors.message_for(Field::CreatedAfter), None);
    }
    assert_eq!(message("created_after=2024-02-29&created_before=2024-02-29"), "");
    assert!(message("created_after=2026-03-02&created_before=2026-03-01").contains("must be later than From"));
    assert!(message("range=forever").starts_with("Range:"));
    assert!(message("sort=name").starts_with("Sort by:"));
    assert!(message("entity_id=1").contains("requires entity_type"));
    assert!(message("not_entity=1").contains("a slash"));
    assert!(message(&format!("text={}", "x".repeat(256))).contains("255"));
    let many: Vec<String> = (0..21).map(|number| format!("not_event_type=t{number}")).collect();
    assert!(message(&many.join("&")).contains("at most 20"));
}
