//! Declares mutations: [`mutations!`] makes the input, the payload and the resolver of each.

use async_graphql::Error;

use super::errors::Refusal;

/// Declares the mutations of a family. Each is written once, as a function from the fields of its input to the fields of its
/// payload. A body returns `Result<_, Refusal>`: the value of the payload's field, a tuple for several, `()` for none. If a rule
/// is broken, the fields have their default values and `errors` says which.
///
/// ```text
/// mutations! {
///     ThingMutations
///
///     /// Adds a thing.
///     fn thing_create(ctx, input: {
///         /// Name of the thing.
///         name: String,
///     }) -> {
///         /// The new thing.
///         thing: Option<Thing>,
///     } {
///         add(ctx, input.name).await.map(Thing::of)
///     }
/// }
/// ```
///
/// expands to
///
/// ```text
/// /// Input of `thingCreate`.
/// #[derive(InputObject)]
/// pub(super) struct ThingCreateInput { client_mutation_id: Option<String>, name: String }
///
/// /// Payload of `thingCreate`.
/// #[derive(SimpleObject)]
/// pub(super) struct ThingCreatePayload { client_mutation_id: Option<String>, errors: Vec<String>, thing: Option<Thing> }
///
/// #[derive(Default)]
/// pub(super) struct ThingMutations;
///
/// #[Object]
/// impl ThingMutations {
///     /// Adds a thing.
///     async fn thing_create(&self, ctx: &Context<'_>, input: ThingCreateInput) -> Option<Result<ThingCreatePayload>> {
///         let client_mutation_id = input.client_mutation_id.clone();
///         let answer = answer(async { add(ctx, input.name).await.map(Thing::of) }.await);
///         Some(answer.map(|(thing, errors)| ThingCreatePayload { client_mutation_id, errors, thing }))
///     }
/// }
/// ```
macro_rules! mutations {
    ($mutations:ident $(
        $(#[$doc:meta])*
        fn $name:ident($ctx:ident, $input:ident: { $($(#[$($attribute:tt)*])* $argument:ident: $argument_type:ty,)* })
            -> { $($(#[$field_doc:meta])* $field:ident: $field_type:ty,)* } { $($body:tt)* }
    )*) => { pastey::paste! {
        $(
            #[doc = "Input of `" $name:lower_camel "`."]
            #[derive(async_graphql::InputObject)]
            pub(super) struct [<$name:camel Input>] {
                /// Returned in the payload.
                client_mutation_id: Option<String>,
                $($(#[$($attribute)*])* $argument: $argument_type,)*
            }

            #[doc = "Payload of `" $name:lower_camel "`."]
            #[derive(async_graphql::SimpleObject)]
            pub(super) struct [<$name:camel Payload>] {
                /// The `clientMutationId` of the input.
                client_mutation_id: Option<String>,
                /// Validation errors. If there are any, nothing was changed.
                errors: Vec<String>,
                $($(#[$field_doc])* $field: $field_type,)*
            }
        )*

        #[derive(Default)]
        pub(super) struct $mutations;

        #[async_graphql::Object]
        impl $mutations {
            $(
                $(#[$doc])*
                async fn $name(
                    &self,
                    $ctx: &async_graphql::Context<'_>,
                    $input: [<$name:camel Input>],
                ) -> Option<async_graphql::Result<[<$name:camel Payload>]>> {
                    let client_mutation_id = $input.client_mutation_id.clone();
                    let answer = super::mutation::answer(async { $($body)* }.await);
                    Some(answer.map(|(super::mutation::fields!($($field),*), errors)| [<$name:camel Payload>] {
                        client_mutation_id,
                        errors,
                        $($field,)*
                    }))
                }
            )*
        }
    }};
}

/// The name of one field, or a tuple of the names of none or several.
macro_rules! fields {
    ($field:ident) => { $field };
    ($($field:ident),*) => { ($($field),*) };
}

pub(super) use {fields, mutations};

/// The fields of a payload, and its `errors`.
///
/// # Errors
/// An error that is reported at the top level of the response.
pub(super) fn answer<Fields: Default>(result: Result<Fields, Refusal>) -> Result<(Fields, Vec<String>), Error> {
    match result {
        Ok(fields) => Ok((fields, Vec::new())),
        Err(Refusal::Messages(messages)) => Ok((Fields::default(), messages)),
        Err(Refusal::Error(error)) => Err(error),
    }
}
