//! Requests to GraphQL: the limits on a query, before it is executed.

use api::fuzz::{Weighed, admit_query, read_graphql, weigh_query};
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

const MAX_COMPLEXITY: u32 = 300;
const MAX_DEPTH: u32 = 20;

/// The list whose fields count once for each possible item.
const LIST: &str = "namespaceFilters";
const LIST_LENGTH: u64 = 5;

/// The input is the body of a request, or else a query. What a query is weighed by is what it asks for with its fragments written
/// out, and no query beyond the limits is admitted.
pub fn run(input: &[u8]) {
    match read_graphql(input) {
        Ok(requests) => {
            assert!((1..=10).contains(&requests.len()));
            for request in requests {
                check(&request.query);
            }
        }
        Err(status) => {
            assert!(status.is_client_error());
            check(&String::from_utf8_lossy(input));
        }
    }
}

fn check(query: &str) {
    let admitted = admit_query(query);
    assert!(admitted.as_ref().err().is_none_or(|message| !message.is_empty()));
    let Some(weighed) = weigh_query(query) else {
        assert!(admitted.is_err(), "a query that is not weighed is admitted: {query}");
        return;
    };
    let Weighed {
        complexity,
        depth,
        document,
    } = weighed;
    assert!(complexity >= 1, "a query costs nothing: {query}");
    let is_within = complexity <= MAX_COMPLEXITY && depth <= MAX_DEPTH;
    assert!(
        admitted.is_err() || is_within,
        "{complexity} fields, {depth} deep: {query}"
    );
    if let Some(expanded) = Expansion::of(&document) {
        let expected = u32::try_from(expanded).unwrap_or(u32::MAX);
        assert_eq!(complexity, expected, "{query}");
    }
}

/// Counts fields one by one, as if each fragment were written out where it is used.
struct Expansion<'document> {
    document: &'document ExecutableDocument,
    /// How many more selections are visited.
    steps: u32,
    open: Vec<&'document str>,
}

impl<'document> Expansion<'document> {
    /// `None` if that takes too long, or if a fragment contains itself or is not there.
    fn of(document: &'document ExecutableDocument) -> Option<u64> {
        let mut expansion = Self {
            document,
            steps: 2_000,
            open: Vec::new(),
        };
        let operations = document.operations.iter();
        let operations = operations.map(|(_, operation)| expansion.count(&operation.node.selection_set.node));
        let asked_for = operations.sum::<Option<u64>>()?;
        // Fragments that nothing uses are validated, too.
        let fragments = document.fragments.values();
        let fragments = fragments.map(|fragment| expansion.count(&fragment.node.selection_set.node));
        let most = fragments.collect::<Option<Vec<u64>>>()?.into_iter().max();
        Some(asked_for.max(most.unwrap_or(0)))
    }

    fn count(&mut self, selected: &'document SelectionSet) -> Option<u64> {
        let mut sum = 0_u64;
        for item in &selected.items {
            self.steps = self.steps.checked_sub(1)?;
            let weight = match &item.node {
                Selection::Field(field) => {
                    let times = if field.node.name.node == LIST { LIST_LENGTH } else { 1 };
                    self.count(&field.node.selection_set.node)?
                        .saturating_mul(times)
                        .saturating_add(1)
                }
                Selection::InlineFragment(fragment) => self.count(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.count_fragment(&spread.node.fragment_name.node)?,
            };
            sum = sum.saturating_add(weight);
        }
        Some(sum)
    }

    fn count_fragment(&mut self, name: &'document str) -> Option<u64> {
        // As deep as queries may be; beyond that, a query is rejected whatever it costs.
        const DEEPEST: usize = 20;
        if self.open.contains(&name) || self.open.len() >= DEEPEST {
            return None;
        }
        let fragment = self.document.fragments.get(name)?;
        self.open.push(name);
        let weight = self.count(&fragment.node.selection_set.node);
        self.open.pop();
        weight
    }
}
