//! Limits the complexity and depth of queries, before they are executed. The limits and messages are GitLab's for administrators.
//!
//! A query can use a fragment many times, and nested fragments let a short query request more than any server can handle. So each
//! fragment is weighed once, and the sums saturate.

use std::collections::HashMap;

use async_graphql::{
    Name, ServerError,
    parser::types::{ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet},
};
use domain::destination::MAX_NAMESPACES;

use super::brackets::deepest_bracket;

const MAX_COMPLEXITY: u32 = 300;
const MAX_DEPTH: u32 = 20;

/// The only list that leads back to its parent, so that nested lists multiply. Its fields count once for each possible item.
const RETURNING_LIST: &str = "namespaceFilters";
const LIST_LENGTH: u32 = 5;
const _: () = assert!(MAX_NAMESPACES == 5);

/// Lists of the introspection schema that lead from type to type. No client nests them.
const TYPE_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
const MAX_TYPE_LISTS: u32 = 1;

/// Maximum depth of brackets: far more than any query within the limits, and far fewer than would overflow the stack. The parser
/// limits selections itself, but not lists, objects and types.
pub(super) const MAX_BRACKETS: usize = 64;

/// Maximum depth of fragments. Weighing and validating recurse into them, and they do not need nested brackets.
const MAX_FRAGMENTS: u32 = MAX_DEPTH;

const TOO_DEEP: &str = "Query is nested too deep";

/// Rejects a query that exceeds a limit. Other errors are found later.
///
/// # Errors
/// What it asks for too much of.
pub(super) fn check_limits(request: &mut async_graphql::Request) -> Result<(), ServerError> {
    match deepest_bracket(&request.query) {
        Ok(deepest) if deepest <= MAX_BRACKETS => {}
        Ok(_) => return Err(ServerError::new(TOO_DEEP, None)),
        Err(error) => return Err(ServerError::new(error.to_string(), Some(error.position))),
    }
    let operation = request.operation_name.clone();
    let weight = Scale::new(request.parsed_query()?).weigh_document(operation.as_deref());
    if weight.fragments > MAX_FRAGMENTS {
        return Err(ServerError::new(TOO_DEEP, None));
    }
    if weight.complexity > MAX_COMPLEXITY {
        let complexity = weight.complexity;
        let message = format!("Query has complexity of {complexity}, which exceeds max complexity of {MAX_COMPLEXITY}");
        return Err(ServerError::new(message, None));
    }
    if weight.depth > MAX_DEPTH {
        let message = format!(
            "Query has depth of {}, which exceeds max depth of {MAX_DEPTH}",
            weight.depth
        );
        return Err(ServerError::new(message, None));
    }
    if weight.type_lists > MAX_TYPE_LISTS {
        return Err(ServerError::new("Maximum introspection depth exceeded", None));
    }
    Ok(())
}

/// The cost of a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    /// Number of fields, with fragments expanded.
    complexity: u32,
    /// Depth of fields.
    depth: u32,
    /// Depth of lists of types.
    type_lists: u32,
    /// Depth of fragments.
    fragments: u32,
}

impl Weight {
    /// Weight of a fragment that does not exist or contains itself. It is rejected later, by the validation.
    const WRONG: Self = Self {
        complexity: 1,
        depth: 0,
        type_lists: 0,
        fragments: 0,
    };

    /// Weight of a fragment that is nested too deep to be visited.
    const TOO_DEEP: Self = Self {
        fragments: u32::MAX,
        ..Self::WRONG
    };

    fn and(self, other: Self) -> Self {
        Self {
            complexity: self.complexity.saturating_add(other.complexity),
            ..self.or(other)
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            complexity: self.complexity.max(other.complexity),
            depth: self.depth.max(other.depth),
            type_lists: self.type_lists.max(other.type_lists),
            fragments: self.fragments.max(other.fragments),
        }
    }

    fn of_field(field: &Field, selected: Self) -> Self {
        let name = field.name.node.as_str();
        let times = if name == RETURNING_LIST { LIST_LENGTH } else { 1 };
        let lists = u32::from(TYPE_LISTS.contains(&name));
        Self {
            complexity: selected.complexity.saturating_mul(times).saturating_add(1),
            depth: selected.depth.saturating_add(1),
            type_lists: selected.type_lists.saturating_add(lists),
            fragments: selected.fragments,
        }
    }
}

struct Scale<'document> {
    document: &'document ExecutableDocument,
    /// Fragments that are weighed; `None` while one is being weighed.
    weighed: HashMap<&'document Name, Option<Weight>>,
    /// Number of nested fragments that are being weighed.
    open: u32,
}

impl<'document> Scale<'document> {
    fn new(document: &'document ExecutableDocument) -> Self {
        Self {
            document,
            weighed: HashMap::new(),
            open: 0,
        }
    }

    /// Weighs the requested operation, or all of them without a name, and every fragment, because unused ones are validated, too.
    fn weigh_document(&mut self, asked_for: Option<&str>) -> Weight {
        let document = self.document;
        let operations = document.operations.iter();
        let operations =
            operations.filter(|(name, _)| asked_for.is_none_or(|asked_for| name.is_none_or(|name| name == asked_for)));
        let weight = operations.fold(Weight::default(), |sum, (_, operation)| {
            sum.and(self.weigh(&operation.node.selection_set.node))
        });
        let fragments = document.fragments.keys();
        fragments.fold(weight, |most, name| most.or(self.weigh_fragment(name)))
    }

    fn weigh(&mut self, selected: &'document SelectionSet) -> Weight {
        let items = selected.items.iter();
        items.fold(Weight::default(), |sum, item| {
            let weight = match &item.node {
                Selection::Field(field) => Weight::of_field(&field.node, self.weigh(&field.node.selection_set.node)),
                Selection::InlineFragment(fragment) => self.weigh(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.weigh_fragment(&spread.node.fragment_name.node),
            };
            sum.and(weight)
        })
    }

    fn weigh_fragment(&mut self, name: &'document Name) -> Weight {
        if let Some(weighed) = self.weighed.get(name) {
            return weighed.unwrap_or(Weight::WRONG);
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Weight::WRONG;
        };
        if self.open > MAX_FRAGMENTS {
            return Weight::TOO_DEEP;
        }
        let fragment: &'document FragmentDefinition = &fragment.node;
        self.weighed.insert(name, None);
        self.open += 1;
        let weight = self.weigh(&fragment.selection_set.node);
        self.open -= 1;
        let weight = Weight {
            fragments: weight.fragments.saturating_add(1),
            ..weight
        };
        self.weighed.insert(name, Some(weight));
        weight
    }
}

/// Complexity and depth of a document, as they are compared with the limits.
#[cfg(feature = "fuzzing")]
pub(super) fn weigh(document: &ExecutableDocument) -> (u32, u32) {
    let weight = Scale::new(document).weigh_document(None);
    (weight.complexity, weight.depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(query: &str) -> (u32, u32) {
        let document = async_graphql::parser::parse_query(query).unwrap();
        let weight = Scale::new(&document).weigh_document(None);
        (weight.complexity, weight.depth)
    }

    fn refusal(query: &str) -> Option<String> {
        check_limits(&mut async_graphql::Request::new(query))
            .err()
            .map(|error| error.message)
    }

    #[test]
    fn fields_are_counted_wherever_they_stand() {
        assert_eq!(weight("{ a b { c } ... on X { d } }"), (4, 2));
        assert_eq!(weight("{ ...F ...F } fragment F on X { a { b } }"), (4, 2));
        assert_eq!(weight("query A { a } query B { b }"), (2, 1));
        assert_eq!(weight("{ ...Missing }"), (1, 0));
    }

    #[test]
    fn a_query_within_the_limits_passes_and_a_larger_one_does_not() {
        assert_eq!(refusal(&format!("{{ {} }}", "a ".repeat(300))), None);
        assert_eq!(
            refusal(&format!("{{ {} }}", "a ".repeat(301))).unwrap(),
            "Query has complexity of 301, which exceeds max complexity of 300"
        );
        let nested = |depth: usize| format!("{}{}", "{a".repeat(depth), "}".repeat(depth));
        assert_eq!(refusal(&nested(20)), None);
        assert_eq!(
            refusal(&nested(21)).unwrap(),
            "Query has depth of 21, which exceeds max depth of 20"
        );
        assert!(refusal(&"[".repeat(5_000)).unwrap().contains("nested too deep"));
    }

    #[test]
    fn the_operation_that_is_asked_for_is_weighed_alone() {
        let query = format!("query Small {{ a }} query Large {{ {} }}", "a ".repeat(300));
        let refusal = |name: &str| {
            let mut request = async_graphql::Request::new(&query);
            if !name.is_empty() {
                request = request.operation_name(name);
            }
            check_limits(&mut request).err().map(|error| error.message)
        };
        assert_eq!(refusal("Small"), None);
        assert_eq!(refusal("Large"), None);
        assert_eq!(
            refusal("").unwrap(),
            "Query has complexity of 301, which exceeds max complexity of 300"
        );
    }

    #[test]
    fn a_list_that_leads_back_counts_as_often_as_it_may_be_answered() {
        assert_eq!(weight("{ namespaceFilters { id } }"), (6, 2));
        assert_eq!(
            weight("{ a: namespaceFilters { b { namespaceFilters { id } } } }"),
            (36, 4)
        );
        let pairs = |count: usize| {
            let open = "namespaceFilters { externalStreamingDestination { ".repeat(count);
            format!("{{ list {{ nodes {{ {open} id {} }} }} }}", "} }".repeat(count))
        };
        assert_eq!(refusal(&pairs(2)), None);
        let refused = refusal(&pairs(8)).unwrap();
        assert!(refused.contains("exceeds max complexity of 300"), "{refused}");
        let without_end = weight(&pairs(30)).0;
        assert_eq!(without_end, u32::MAX);
    }

    #[test]
    fn types_of_types_are_not_read_on_and_on() {
        let once = "{ __schema { types { fields { type { ofType { name } } } inputFields { name } } } }";
        assert_eq!(refusal(once), None);
        let twice =
            "{ __schema { types { fields { type { ...T } } } } } fragment T on __Type { possibleTypes { name } }";
        assert_eq!(refusal(twice).unwrap(), "Maximum introspection depth exceeded");
    }

    #[test]
    fn fragments_are_followed_only_so_deep_whether_they_are_used_or_not() {
        let chain = |count: u32| -> String {
            let inner = (1..count).map(|number| format!("fragment f{number} on A{{...f{}}}", number + 1));
            format!("{}fragment f{count} on A{{a}}", inner.collect::<String>())
        };
        for count in [MAX_FRAGMENTS + 1, 100, 300] {
            for start in ["{...f1}", "{a}"] {
                let refused = refusal(&format!("{start}{}", chain(count)));
                assert_eq!(refused.as_deref(), Some("Query is nested too deep"), "{start} {count}");
            }
        }
        assert_eq!(refusal(&format!("{{...f1}}{}", chain(MAX_FRAGMENTS))), None);
    }

    #[test]
    fn fragments_in_fragments_are_weighed_at_once() {
        let fragments = (0..15).map(|step| {
            format!(
                "fragment F{step} on X {{ {} }} ",
                format!("...F{} ", step + 1).repeat(10)
            )
        });
        let fragments: String = fragments.collect();
        for (start, end) in [("...F0", "a"), ("...F0", "...Missing"), ("...F0", "...F15"), ("a", "a")] {
            let query = format!("{{ {start} }} {fragments} fragment F15 on X {{ {end} }}");
            assert_eq!(weight(&query).0, u32::MAX, "{start}, {end}");
        }
        let within_itself = weight("{ ...F } fragment F on X { a ...F }");
        assert_eq!(within_itself, (2, 1));
    }
}
