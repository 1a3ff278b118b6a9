//! How the server of a destination is connected to: how TLS is trusted, and through which proxy. The settings are the same for every kind;
//! the table of a kind has the fields that make sense for it.

use super::{FieldMap, FieldSpec, Input, TlsSettings};
use crate::{Field, FieldError, FieldErrors, proxy::ProxyChoice};

pub(super) const PROXY: FieldSpec = FieldSpec {
    hint: "default for the proxy of this instance, if it has one; direct for none; or the URL of a proxy: http:// (which supports CONNECT), socks5:// (the host is resolved here) or socks5h:// (the proxy resolves it).",
    placeholder: "http://user:password@proxy.example.com:3128",
    description: "`default` for the proxy of the instance (`AUDIT_STREAMS_PROXY`), if it has one; `direct` for none; or the URL of a proxy: an \
                  HTTP proxy that supports CONNECT, such as `http://user:password@proxy.example.com:3128`, or a SOCKS5 proxy (`socks5://` resolves \
                  the host here, `socks5h://` lets the proxy resolve it). The password is returned as `••••`, which stands for the stored one if \
                  the rest of the URL is the same.",
    input: Input::Proxy,
    default: ProxyChoice::DEFAULT,
    max_chars: Some(2_000),
    group: Some("Proxy"),
    gitlab_key: Some("proxy"),
    is_addition: true,
    is_required: false,
    ..FieldSpec::new(Field::Proxy, "proxy", "Proxy")
};

/// Made by parsing alone.
pub(super) struct ConnectionSettings {
    pub(super) tls: TlsSettings,
    proxy: ProxyChoice,
}

impl ConnectionSettings {
    /// A field that is left out has its default.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub(super) fn parse(values: &FieldMap) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let tls = errors.collect_all(TlsSettings::parse(values));
        let proxy = errors.collect(parse_proxy(values.text(Field::Proxy)));
        match (tls, proxy) {
            (Some(tls), Some(proxy)) => Ok(Self { tls, proxy }),
            _ => Err(errors),
        }
    }

    /// These settings as values, those of them that are fields of this table.
    pub(super) fn values(&self, table: &[FieldSpec]) -> impl Iterator<Item = (Field, String)> {
        let proxy = (Field::Proxy, self.proxy.expose());
        let values = self.tls.values().into_iter().chain([proxy]);
        let is_of_table = |field| table.iter().any(|spec| spec.field == field);
        values.filter(move |(field, _)| is_of_table(*field))
    }
}

fn parse_proxy(text: &str) -> Result<ProxyChoice, FieldError> {
    ProxyChoice::parse(text).map_err(|invalid| FieldError::new(Field::Proxy, format!("Proxy {invalid}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::DestinationKind;

    #[test]
    fn a_kind_gets_the_values_of_its_own_fields_alone() {
        let connection = ConnectionSettings::parse(&FieldMap::from([(Field::Proxy, "direct")])).unwrap();
        for kind in DestinationKind::ALL {
            let table = kind.spec().fields;
            let fields: Vec<Field> = connection.values(table).map(|(field, _)| field).collect();
            assert!(
                fields.iter().all(|field| kind.spec().field(*field).is_some()),
                "{kind:?}: {fields:?}"
            );
            assert!(fields.contains(&Field::Proxy), "{kind:?}: {fields:?}");
            let has_verification = kind.spec().field(Field::TlsVerify).is_some();
            assert_eq!(
                fields.contains(&Field::TlsVerify),
                has_verification,
                "{kind:?}: {fields:?}"
            );
        }
        let google = connection.values(DestinationKind::GoogleCloudLogging.spec().fields);
        assert_eq!(google.filter(|(field, _)| *field == Field::TlsVerify).count(), 0);
    }
}
