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

pub(super) use {bare_payload, payload};
