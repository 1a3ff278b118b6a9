//! Whatever is accepted can be read.

use proptest::prelude::*;

use super::*;
use crate::event::body::Members;

/// JSON text that has no counterpart in `serde_json::Value`, among more common text.
fn odd_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(r#""\ud83d""#.to_owned()),
        Just(r#""\ude00 \ud83d\u0041\u0000\ud83d\ude00""#.to_owned()),
        Just("1e400".to_owned()),
        Just("-0.0".to_owned()),
        "-?[1-9][0-9]{0,60}",
        ".{0,8}".prop_map(|text| quote(&text)),
        Just("null".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(8, 32, 3, |inner| {
        let name = prop_oneof![
            Just(r#""twice""#.to_owned()),
            Just(r#""\udfff""#.to_owned()),
            "\"[a-z]{1,4}\""
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[ {} ]", items.join(" , "))),
            proptest::collection::vec((name, inner), 0..3).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{name} : {value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn identity(field: &str) -> String {
    match field {
        "author_id" | "entity_id" | "target_id" => "12345678901234567890".to_owned(),
        _ => format!("the {field} \u{1f600}"),
    }
}

const SHOWN: [&str; 9] = [
    "author_id",
    "author_name",
    "entity_id",
    "entity_type",
    "entity_path",
    "target_id",
    "target_type",
    "target_details",
    "ip_address",
];

proptest! {
    #[test]
    fn no_value_hides_who_did_it(details in odd_json(), extra in odd_json(), is_complete in any::<bool>()) {
        let mut json = format!(r#"{{"details":{details},"extra":{extra},"event_type":"x""#);
        for field in SHOWN {
            let value = identity(field);
            let value = if field.ends_with("_id") { value } else { quote(&value) };
            json.push_str(&format!(r#","{field}":{value}"#));
        }
        if is_complete {
            json.push_str(r#","id":"i","created_at":"2025-10-14T18:00:08.677Z""#);
        }
        json.push('}');
        let event = AuditEvent::parse(&json, &received()).unwrap();
        let body = Members::read(&event.body).unwrap();
        for field in SHOWN {
            prop_assert_eq!(body.plain(field), identity(field));
        }
        let again = AuditEvent::parse(&event.body, &received()).unwrap();
        prop_assert_eq!(again, AuditEvent { is_dated: true, ..event });
    }

    #[test]
    fn what_stands_in_details_alone_is_found_beside_odd_values(odd in odd_json()) {
        let json = format!(
            r#"{{"event_type":"x","details":{{"\udfff":{odd},"odd":{odd},"author_name":"Ada","entity_path":"g\ud83d","ip_address":"::1"}}}}"#
        );
        let event = AuditEvent::parse(&json, &received()).unwrap();
        prop_assert_eq!((event.author_name.as_str(), event.ip_address.as_str()), ("Ada", "::1"));
        prop_assert_eq!(event.entity_path.as_str(), "g\u{fffd}");
        let again = AuditEvent::parse(&event.body, &received()).unwrap();
        prop_assert_eq!(again, AuditEvent { is_dated: true, ..event });
    }
}
