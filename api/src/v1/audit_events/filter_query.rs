//! The parameters that select events.

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::Timestamp;
use engine::log::{EntityFilter, EventFilter, Exclusions};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::super::fields::refuse_one;
use crate::{error::ApiError, input::parse_pairs};

/// Values of one parameter at most.
const MOST_VALUES: usize = 100;

/// An event must match every parameter. A parameter that occurs several times matches events with any of its values. Texts are
/// compared exactly, except `text`.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::v1) struct FilterQuery {
    /// Id or name of the author. Repeat the parameter for several.
    #[param(example = json!(["Ada Byron"]), required = false)]
    author: Vec<String>,
    /// Id or name of a user who is the author or the entity of the event. Repeat the parameter for several.
    #[param(required = false)]
    user: Vec<String>,
    /// Type of the entity, for example `Project`, `Group` or `Gitlab::Audit::InstanceScope`. Requires `entity`, except with
    /// `order_by=seq`. Occurs once, or once for each `entity`, in the same order.
    #[param(example = json!(["Project"]), required = false)]
    entity_type: Vec<String>,
    /// Id or path of the entity. Requires `entity_type`. Repeat the parameter for several.
    #[param(example = json!(["analytical/engine-room"]), required = false)]
    entity: Vec<String>,
    /// Repeat the parameter for several.
    #[param(example = json!(["project_created"]), required = false)]
    event_type: Vec<String>,
    /// Repeat the parameter for several.
    #[param(example = json!(["192.0.2.10"]), required = false)]
    ip_address: Vec<String>,
    /// Id or name of an author whose events are left out. Repeat the parameter for several.
    #[param(required = false)]
    not_author: Vec<String>,
    /// Type of an entity whose events are left out. Without `not_entity`, events of every entity of the type. Occurs once, or once
    /// for each `not_entity`, in the same order.
    #[param(example = json!(["Group"]), required = false)]
    not_entity_type: Vec<String>,
    /// Id or path of an entity whose events are left out. Requires `not_entity_type`. Repeat the parameter for several.
    #[param(required = false)]
    not_entity: Vec<String>,
    /// Event types that are left out, separated by commas, or each in a parameter.
    #[param(example = json!(["user_logged_in,user_logged_out"]), required = false)]
    not_event_type: Vec<String>,
    /// IP addresses whose events are left out, separated by commas, or each in a parameter.
    #[param(example = json!(["192.0.2.11"]), required = false)]
    not_ip_address: Vec<String>,
    /// Part of any value in `details`, at any depth. ASCII letters match in either case.
    #[param(nullable = false)]
    text: Option<String>,
    /// Earliest creation time: a time (RFC 3339), or a day in UTC.
    #[param(example = "2026-02-23", nullable = false)]
    created_after: Option<String>,
    /// Latest creation time: a time (RFC 3339), or a day in UTC, which includes the whole day.
    #[param(example = "2026-02-23T12:00:00Z", nullable = false)]
    created_before: Option<String>,
}

/// The parameters that select events, and others.
pub(in crate::v1) struct InFilter<T>(pub(super) FilterQuery, pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for InFilter<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let (mut filter, mut others) = (FilterQuery::default(), Vec::new());
        for (name, value) in pairs.into_owned() {
            match filter.slot(&name) {
                Some(slot) => slot.put(&name, value)?,
                None => others.push((name, value)),
            }
        }
        parse_pairs(&others).map(|others| Self(filter, others))
    }
}

/// Where the value of a parameter goes.
enum Slot<'a> {
    One(&'a mut Option<String>),
    Several(&'a mut Vec<String>),
}

impl Slot<'_> {
    /// An empty parameter counts as omitted.
    fn put(self, name: &str, value: String) -> Result<(), ApiError> {
        match self {
            Self::One(Some(_)) => return Err(refuse_one(name, &format!("{name}: duplicate parameter."))),
            Self::Several(values) if values.len() >= MOST_VALUES => {
                return Err(refuse_one(name, &format!("{name}: at most {MOST_VALUES} values.")));
            }
            Self::One(slot) => *slot = Some(value),
            Self::Several(values) if !value.is_empty() => values.push(value),
            Self::Several(_) => {}
        }
        Ok(())
    }
}

impl FilterQuery {
    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "author" => Slot::Several(&mut self.author),
            "user" => Slot::Several(&mut self.user),
            "entity_type" => Slot::Several(&mut self.entity_type),
            "entity" => Slot::Several(&mut self.entity),
            "event_type" => Slot::Several(&mut self.event_type),
            "ip_address" => Slot::Several(&mut self.ip_address),
            "not_author" => Slot::Several(&mut self.not_author),
            "not_entity_type" => Slot::Several(&mut self.not_entity_type),
            "not_entity" => Slot::Several(&mut self.not_entity),
            "not_event_type" => Slot::Several(&mut self.not_event_type),
            "not_ip_address" => Slot::Several(&mut self.not_ip_address),
            "text" => Slot::One(&mut self.text),
            "created_after" => Slot::One(&mut self.created_after),
            "created_before" => Slot::One(&mut self.created_before),
            _ => return None,
        })
    }

    /// Whether an entity type may stand alone depends on the order of the list.
    ///
    /// # Errors
    /// 422 at the first parameter that is not right.
    pub(super) fn parse(self, allows_type_alone: bool) -> Result<EventFilter, ApiError> {
        let entities = entities(("entity_type", self.entity_type), ("entity", self.entity))?;
        if !allows_type_alone && entities.iter().any(|entity| entity.entity.is_none()) {
            let rule = "entity: required with entity_type, except with order_by=seq.";
            return Err(refuse_one("entity", rule));
        }
        let excluded = entities_of_not(self.not_entity_type, self.not_entity)?;
        let moment = |field: &str, text: Option<String>, read: fn(&str) -> Option<Timestamp>| {
            let rule = || format!("{field}: must be a time such as 2025-10-14T18:00:08Z, or a day such as 2025-10-14.");
            let moment = given(text).map(|text| read(&text).ok_or_else(|| refuse_one(field, &rule())));
            moment.transpose()
        };
        Ok(EventFilter {
            authors: self.author,
            users: self.user,
            entities,
            event_types: self.event_type,
            ip_addresses: self.ip_address,
            text: given(self.text),
            created_from: moment("created_after", self.created_after, Timestamp::start_of)?,
            created_before: moment("created_before", self.created_before, Timestamp::end_of)?,
            except: Exclusions {
                authors: self.not_author,
                entities: excluded,
                event_types: separated(&self.not_event_type),
                ip_addresses: separated(&self.not_ip_address),
            },
        })
    }
}

fn entities_of_not(types: Vec<String>, entities_given: Vec<String>) -> Result<Vec<EntityFilter>, ApiError> {
    entities(("not_entity_type", types), ("not_entity", entities_given))
}

/// One type is that of every entity; several belong to the entities one by one.
fn entities(
    (type_name, types): (&str, Vec<String>),
    (name, entities): (&str, Vec<String>),
) -> Result<Vec<EntityFilter>, ApiError> {
    if entities.is_empty() {
        let all = types.into_iter().map(|entity_type| EntityFilter {
            entity_type,
            entity: None,
        });
        return Ok(all.collect());
    }
    let types = match types.as_slice() {
        [] => return Err(refuse_one(type_name, &format!("{type_name}: required with {name}."))),
        [one] => vec![one.clone(); entities.len()],
        _ if types.len() == entities.len() => types,
        _ => {
            let rule = format!("{type_name}: must occur once, or once for each {name}.");
            return Err(refuse_one(type_name, &rule));
        }
    };
    let pairs = types.into_iter().zip(entities);
    let pairs = pairs.map(|(entity_type, entity)| EntityFilter {
        entity_type,
        entity: Some(entity),
    });
    Ok(pairs.collect())
}

/// An empty parameter counts as omitted.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn separated(lists: &[String]) -> Vec<String> {
    let values = lists.iter().flat_map(|list| list.split(',')).map(str::trim);
    values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    async fn filter(query: &str) -> Result<EventFilter, String> {
        let request = Request::get(format!("/?{query}")).body(()).unwrap();
        let parsed = InFilter::<Nothing>::from_request_parts(&mut request.into_parts().0, &()).await;
        let filter = parsed.and_then(|InFilter(filter, Nothing {})| filter.parse(false));
        filter.map_err(|error| format!("{error:?}"))
    }

    fn entity(entity_type: &str, entity: &str) -> EntityFilter {
        EntityFilter {
            entity_type: entity_type.into(),
            entity: Some(entity.into()),
        }
    }

    #[tokio::test]
    async fn parameters_that_occur_several_times_have_several_values() {
        let query = "author=a&author=b%20c&user=7&event_type=x&event_type=&ip_address=::1&ip_address=::2&text=t\
            &not_author=d&not_author=e&not_event_type=p,q&not_event_type=r";
        let found = filter(query).await.unwrap();
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        assert_eq!((found.authors, found.users), (texts(&["a", "b c"]), texts(&["7"])));
        assert_eq!(
            (found.event_types, found.ip_addresses),
            (texts(&["x"]), texts(&["::1", "::2"]))
        );
        assert_eq!(found.text, Some("t".into()));
        assert_eq!(
            (found.except.authors, found.except.event_types),
            (texts(&["d", "e"]), texts(&["p", "q", "r"]))
        );
    }

    #[tokio::test]
    async fn entities_have_one_type_or_one_each() {
        let one = filter("entity_type=Group&entity=a&entity=b&not_entity_type=Project")
            .await
            .unwrap();
        assert_eq!(one.entities, [entity("Group", "a"), entity("Group", "b")]);
        assert_eq!(one.except.entities[0].entity, None);
        let each = filter("entity_type=Group&entity=a&entity=b&entity_type=Project").await;
        assert_eq!(each.unwrap().entities, [entity("Group", "a"), entity("Project", "b")]);
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let too_many = vec!["author=a"; MOST_VALUES + 1].join("&");
        for (query, message) in [
            ("entity=a", "entity_type: required with entity."),
            ("entity_type=Group", "entity: required with entity_type"),
            ("entity_type=A&entity_type=B&entity=c", "once for each entity"),
            ("not_entity=a", "not_entity_type: required with not_entity."),
            ("text=a&text=b", "text: duplicate parameter."),
            ("created_after=x", "created_after: must be a time"),
            ("autor=a", "autor"),
            (too_many.as_str(), "author: at most 100 values."),
        ] {
            let refused = filter(query).await.unwrap_err();
            assert!(refused.contains(message), "{query}: {refused}");
        }
    }
}
