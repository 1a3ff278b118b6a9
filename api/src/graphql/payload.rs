//! Payloads: the answers of mutations. Each has `clientMutationId`, `errors`, and what the mutation is about.

/// A payload that tells of nothing but errors.
macro_rules! bare_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(super) struct $name {
            /// What the client sent to know the answer by.
            client_mutation_id: Option<String>,
            /// The rules that were broken; nothing was changed then.
            errors: Vec<String>,
        }

        impl $name {
            fn new(client_mutation_id: Option<String>, told: (Option<()>, Vec<String>)) -> Self {
                Self {
                    client_mutation_id,
                    errors: told.1,
                }
            }
        }
    };
}

/// A payload that shows what there is after the mutation; null if nothing was changed.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$shown_doc:meta])* $shown:ident: $type:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(super) struct $name {
            /// What the client sent to know the answer by.
            client_mutation_id: Option<String>,
            /// The rules that were broken; nothing was changed then.
            errors: Vec<String>,
            $(#[$shown_doc])*
            $shown: Option<$type>,
        }

        impl $name {
            fn new(client_mutation_id: Option<String>, (shown, errors): (Option<$type>, Vec<String>)) -> Self {
                Self {
                    client_mutation_id,
                    errors,
                    $shown: shown,
                }
            }
        }
    };
}

/// A payload that shows a list of event types after the mutation, with warnings about those that were added.
macro_rules! filter_payload {
    ($(#[$doc:meta])* $name:ident { $(#[$shown_doc:meta])* event_type_filters }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(super) struct $name {
            /// What the client sent to know the answer by.
            client_mutation_id: Option<String>,
            /// The rules that were broken; nothing was changed then.
            errors: Vec<String>,
            /// What was added and is probably not meant: event types that this instance does not know. An addition to GitLab's API.
            warnings: Vec<String>,
            $(#[$shown_doc])*
            event_type_filters: Option<Vec<String>>,
        }

        impl $name {
            fn new(
                client_mutation_id: Option<String>,
                (added, errors): (Option<super::event_type_list::Added>, Vec<String>),
            ) -> Self {
                let (event_type_filters, warnings) = match added {
                    Some(added) => (Some(added.event_types), added.warnings),
                    None => (None, Vec::new()),
                };
                Self {
                    client_mutation_id,
                    errors,
                    warnings,
                    event_type_filters,
                }
            }
        }
    };
}

pub(super) use {bare_payload, filter_payload, payload};
