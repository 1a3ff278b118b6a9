//! The conditions that are set, each with a link that removes it.

use leptos::prelude::*;

use super::{
    filter::{Condition, LogFilter},
    location::LogLocation,
};
use crate::ui::Icon;

#[component]
pub(super) fn Chips(location: LogLocation) -> impl IntoView {
    let filter = location.filter.clone();
    let chip = |(condition, is_alternative): (Condition, bool)| {
        let href = location.clone().with_filter(filter.clone().without(&condition)).href();
        let name = format!(
            "Remove {} {} {}",
            condition.field.label(),
            condition.operator(),
            condition.value
        );
        view! {
            <li class="log-chip" class:is-excluded=condition.is_not>
                <span>
                    {is_alternative.then_some("or ")} {condition.field.label()} " " {condition.operator()} " "
                </span>
                <bdi title=condition.value.clone()>{condition.value.clone()}</bdi>
                <a href=href data-noscroll="true" aria-label=name>
                    <Icon icon=icondata_lu::LuX />
                </a>
            </li>
        }
    };
    (!filter.is_empty()).then(|| {
        view! {
            <ul class="log-chips" aria-label="Filters">
                {with_alternatives(filter.conditions()).into_iter().map(chip).collect_view()}
                <li>{clear_link(&location)}</li>
            </ul>
        }
        .into_any()
    })
}

/// Which of the conditions is an alternative to one before it: a field has one of the values that are included.
fn with_alternatives(conditions: Vec<Condition>) -> Vec<(Condition, bool)> {
    let is_alternative = |index: usize, condition: &Condition| {
        let before = conditions.iter().take(index).filter(|other| !other.is_not);
        !condition.is_not
            && before
                .into_iter()
                .any(|other| other.field.is_alternative_to(condition.field))
    };
    let marked = conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| (condition.clone(), is_alternative(index, condition)));
    marked.collect()
}

pub(super) fn clear_link(location: &LogLocation) -> AnyView {
    let cleared = LogFilter {
        sort: location.filter.sort.clone(),
        ..LogFilter::default()
    };
    let href = location.clone().with_filter(cleared).href();
    view! { <a class="log-clear" href=href data-noscroll="true">"Clear filters"</a> }.into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_field_are_alternatives() {
        let query = "author_username=root&author_username=Ada&entity_type=Group&entity_id=a&entity_type=Project&entity_id=7\
            &entity_type=User&entity_id=8&not_event_type=x&not_event_type=y";
        let marked = with_alternatives(LogLocation::from_query(query).filter.conditions());
        let alternatives: Vec<_> = marked.iter().filter(|(_, is_alternative)| *is_alternative).collect();
        let names: Vec<&str> = alternatives
            .iter()
            .map(|(condition, _)| condition.value.as_str())
            .collect();
        assert_eq!(names, ["Ada", "7"]);
        let owner = Owner::new();
        owner.set();
        let html = view! { <Chips location=LogLocation::from_query(query) /> }.to_html();
        assert_eq!(html.matches(">or <").count(), 2, "{html}");
        assert!(html.contains("Remove Author is Ada"), "{html}");
    }
}
