//! Connections: paginated lists like GitLab's, with the types of async-graphql. Its `query` helper is not used, because it has no
//! page size, reports invalid arguments with other messages than GitLab, and leaves the cursors to its caller.

use async_graphql::{
    Error, OutputType, Result,
    connection::{Connection, CursorType, Edge, OpaqueCursor},
};
use serde::{Serialize, de::DeserializeOwned};

/// Default and maximum number of nodes on a page.
const PAGE_SIZE: usize = 100;

/// The number or name that nodes are ordered by, as JSON in Base64: valid whether its node still exists or not.
pub(super) type Cursor<Key = i64> = OpaqueCursor<Key>;

/// A key by which nodes are ordered.
pub(super) trait SortKey: Ord + Serialize + DeserializeOwned + Send + Sync {}

impl SortKey for i64 {}
impl SortKey for String {}

/// The arguments that select a page.
pub(super) struct PageArguments {
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
    pub(super) first: Option<i32>,
    pub(super) last: Option<i32>,
}

impl PageArguments {
    /// The arguments of a query.
    pub(super) const fn new(
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Self {
        Self {
            after,
            before,
            first,
            last,
        }
    }
}

/// The page of `nodes`, each with its sort key.
///
/// # Errors
/// For a cursor that was not given out here, and for sizes that make no page.
pub(super) fn page<Key: SortKey, T: OutputType>(
    nodes: Vec<(Key, T)>,
    arguments: PageArguments,
) -> Result<Connection<Cursor<Key>, T>> {
    let (after, before): (Option<Key>, Option<Key>) = (cursor(arguments.after)?, cursor(arguments.before)?);
    let (first, last) = (size(arguments.first, "first")?, size(arguments.last, "last")?);
    if first.is_some() && last.is_some() {
        return Err(Error::new("Can only provide either `first` or `last`, not both"));
    }
    let count = nodes.len();
    let follows = |key: &Key| after.as_ref().is_none_or(|after| key > after);
    let precedes = |key: &Key| before.as_ref().is_none_or(|before| key < before);
    let begins_at = nodes.iter().filter(|(key, _)| !follows(key)).count();
    let between = nodes.into_iter().filter(|(key, _)| follows(key) && precedes(key));
    let between: Vec<(Key, T)> = between.collect();
    let skipped = last.map_or(0, |last| between.len().saturating_sub(last));
    let taken = first.unwrap_or(PAGE_SIZE).min(between.len() - skipped);
    let start = begins_at + skipped;
    let mut connection = Connection::new(start > 0, start + taken < count);
    let shown = between.into_iter().skip(skipped).take(taken);
    connection
        .edges
        .extend(shown.map(|(key, node)| Edge::new(OpaqueCursor(key), node)));
    Ok(connection)
}

fn cursor<Key: SortKey>(text: Option<String>) -> Result<Option<Key>> {
    let cursor = text.map(|text| Cursor::decode_cursor(&text)).transpose();
    let cursor = cursor.map_err(|_| Error::new("Please provide a valid cursor"))?;
    Ok(cursor.map(|cursor| cursor.0))
}

fn size(size: Option<i32>, argument: &str) -> Result<Option<usize>> {
    let size = size.map(|size| usize::try_from(size).map(|size| size.min(PAGE_SIZE)));
    size.transpose()
        .map_err(|_| Error::new(format!("The argument `{argument}` can't be negative")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(count: i64, arguments: PageArguments) -> Result<(Vec<i64>, bool, bool), String> {
        let nodes = (1..=count).map(|number| (number, number)).collect();
        let connection = page(nodes, arguments).map_err(|error| error.message)?;
        let shown = connection.edges.iter().map(|edge| edge.node).collect();
        Ok((shown, connection.has_previous_page, connection.has_next_page))
    }

    fn arguments() -> PageArguments {
        PageArguments::new(None, None, None, None)
    }

    fn at(number: i64) -> Option<String> {
        Some(OpaqueCursor(number).encode_cursor())
    }

    #[test]
    fn a_page_has_at_most_a_hundred_nodes() {
        let first = ask(150, arguments()).unwrap();
        assert_eq!((first.0.len(), first.1, first.2), (100, false, true));
        let more = PageArguments {
            first: Some(500),
            ..arguments()
        };
        assert_eq!(ask(150, more).unwrap().0.len(), 100);
        assert_eq!(ask(0, arguments()), Ok((Vec::new(), false, false)));
    }

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        let next = PageArguments {
            first: Some(2),
            after: at(2),
            ..arguments()
        };
        assert_eq!(ask(5, next), Ok((vec![3, 4], true, true)));
        let to_the_end = PageArguments {
            first: Some(2),
            after: at(3),
            ..arguments()
        };
        assert_eq!(ask(5, to_the_end), Ok((vec![4, 5], true, false)));
        let back = PageArguments {
            last: Some(2),
            before: at(4),
            ..arguments()
        };
        assert_eq!(ask(5, back), Ok((vec![2, 3], true, true)));
        let last = PageArguments {
            last: Some(2),
            ..arguments()
        };
        assert_eq!(ask(5, last), Ok((vec![4, 5], true, false)));
        let none = PageArguments {
            first: Some(0),
            ..arguments()
        };
        assert_eq!(ask(5, none), Ok((Vec::new(), false, true)));
    }

    #[test]
    fn a_page_follows_what_is_no_longer_there() {
        let named = ["b", "c", "e"].map(|name| (name.to_owned(), 0));
        let cursor = |name: &str| Some(OpaqueCursor(name.to_owned()).encode_cursor());
        let ask = |after, before| {
            let connection = page(named.to_vec(), PageArguments::new(after, before, None, None)).unwrap();
            connection
                .edges
                .into_iter()
                .map(|edge| edge.cursor.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(ask(cursor("a"), None), ["b", "c", "e"]);
        assert_eq!(ask(cursor("b"), cursor("d")), ["c"]);
        assert_eq!(ask(cursor("d"), None), ["e"]);
    }

    #[test]
    fn what_makes_no_page_is_refused() {
        let both = PageArguments {
            first: Some(1),
            last: Some(1),
            ..arguments()
        };
        assert_eq!(
            ask(5, both).unwrap_err(),
            "Can only provide either `first` or `last`, not both"
        );
        let negative = PageArguments {
            last: Some(-1),
            ..arguments()
        };
        assert_eq!(ask(5, negative).unwrap_err(), "The argument `last` can't be negative");
        let forged = PageArguments {
            after: Some("x".into()),
            ..arguments()
        };
        assert_eq!(ask(5, forged).unwrap_err(), "Please provide a valid cursor");
    }
}
