//! Global ids: `gid://gitlab/<model>/<number>`. Each model has its own scalar, so that ids cannot be mixed up.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{Error, ID, InputValueError, InputValueResult, Scalar, ScalarType, TypeName, Value};
use domain::ids::{DestinationId, HeaderId, NamespaceId};

use super::errors::not_there;

const SCHEME: &str = "gid://";
const APP: &str = "gitlab";

/// The model that an id identifies.
pub(super) trait Model: Send + Sync + 'static {
    /// The name of the model in an id.
    const NAME: &'static str;
    /// The scalar of its ids.
    const SCALAR: &'static str;
    /// The type of the number.
    type Id;

    fn id(number: i64) -> Self::Id;

    fn number(id: Self::Id) -> i64;
}

macro_rules! models {
    ($($model:ident($id:ident): $name:literal, $scalar:literal;)*) => {
        $(
            pub(super) struct $model;

            impl Model for $model {
                const NAME: &'static str = $name;
                const SCALAR: &'static str = $scalar;
                type Id = $id;

                fn id(number: i64) -> $id {
                    $id::new(number)
                }

                fn number(id: $id) -> i64 {
                    id.get()
                }
            }
        )*
    };
}

models! {
    HttpModel(DestinationId): "AuditEvents::InstanceExternalAuditEventDestination", "AuditEventsInstanceExternalAuditEventDestinationID";
    HeaderModel(HeaderId): "AuditEvents::Streaming::InstanceHeader", "AuditEventsStreamingInstanceHeaderID";
    GoogleModel(DestinationId): "AuditEvents::Instance::GoogleCloudLoggingConfiguration", "AuditEventsInstanceGoogleCloudLoggingConfigurationID";
    S3Model(DestinationId): "AuditEvents::Instance::AmazonS3Configuration", "AuditEventsInstanceAmazonS3ConfigurationID";
    UnifiedModel(DestinationId): "AuditEvents::Instance::ExternalStreamingDestination", "AuditEventsInstanceExternalStreamingDestinationID";
    NamespaceFilterModel(NamespaceId): "AuditEvents::Instance::NamespaceFilter", "AuditEventsInstanceNamespaceFilterID";
}

/// The global id of an object of this model.
pub(super) fn global_id<M: Model>(id: M::Id) -> ID {
    ID(format!("{SCHEME}{APP}/{}/{}", M::NAME, M::number(id)))
}

/// The global id of a namespace, with its path in place of a number, because there is no list of namespaces here.
pub(super) fn namespace_id(path: &str) -> ID {
    let path: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    ID(format!("{SCHEME}{APP}/Namespace/{}", path.replace('+', "%20")))
}

/// A global id from a client.
pub(super) struct GlobalId<M> {
    text: String,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> GlobalId<M> {
    /// The number of the object.
    ///
    /// # Errors
    /// GitLab's sentences: for what is no global id, for one of another model, and for a number that nothing can have.
    pub(super) fn parse(&self) -> Result<M::Id, Error> {
        let text = &self.text;
        let parts = text.strip_prefix(SCHEME).and_then(|rest| rest.split_once('/'));
        let Some((app, (model, number))) = parts.and_then(|(app, rest)| Some((app, rest.rsplit_once('/')?))) else {
            return Err(Error::new(format!("{text:?} is not a valid Global ID")));
        };
        if app != APP {
            return Err(Error::new(format!("{text:?} is not a Gitlab Global ID")));
        }
        if model != M::NAME {
            return Err(Error::new(format!(
                "{text:?} does not represent an instance of {}",
                M::NAME
            )));
        }
        number.parse().map(M::id).map_err(|_| not_there())
    }
}

impl<M: Model> TypeName for GlobalId<M> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(M::SCALAR)
    }
}

/// A global ID: `gid://gitlab/<model>/<number>`.
#[Scalar(name_type)]
impl<M: Model> ScalarType for GlobalId<M> {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self {
                text,
                model: PhantomData,
            }),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<i64, String> {
        let id = GlobalId::<HeaderModel> {
            text: text.to_owned(),
            model: PhantomData,
        };
        id.parse().map(HeaderId::get).map_err(|error| error.message)
    }

    #[test]
    fn an_id_reads_back_as_written() {
        let ID(text) = global_id::<HeaderModel>(HeaderId::new(7));
        assert_eq!(text, "gid://gitlab/AuditEvents::Streaming::InstanceHeader/7");
        assert_eq!(number(&text), Ok(7));
        assert_eq!(namespace_id("a b/ü").0, "gid://gitlab/Namespace/a%20b%2F%C3%BC");
    }

    #[test]
    fn what_is_no_id_of_the_model_is_told_as_gitlab_tells_it() {
        for (text, message) in [
            ("7", "\"7\" is not a valid Global ID"),
            ("gid://gitlab", "\"gid://gitlab\" is not a valid Global ID"),
            (
                "gid://gitlab/Project",
                "\"gid://gitlab/Project\" is not a valid Global ID",
            ),
            (
                "gid://other/Project/7",
                "\"gid://other/Project/7\" is not a Gitlab Global ID",
            ),
            (
                "gid://gitlab/Project/7",
                "\"gid://gitlab/Project/7\" does not represent an instance of AuditEvents::Streaming::InstanceHeader",
            ),
        ] {
            assert_eq!(number(text), Err(message.to_owned()));
        }
        let not_a_number = number("gid://gitlab/AuditEvents::Streaming::InstanceHeader/x");
        assert_eq!(not_a_number, Err(not_there().message));
    }
}
