//! Settings › Network.

use domain::{
    Field,
    view::{NetworkView, RuleVerdict, RuleView},
};

use super::parts::{card, cell, choice, fact, facts, field, form, hidden, holding, locked, optional};
use crate::{
    server_fns::network::UpdateNetwork,
    wire::settings::{Kind, Part},
};

const EXCEPTIONS: &str = "Destinations may be on the public internet. What else they may reach is your choice; it holds at \
                          once, and a stream that was blocked tries again.";

const RULES: &str = "Each address of a host is checked when its name is resolved, and the connection goes to the address that \
                     was checked. Redirects are not followed. Cloud metadata services and link-local addresses stay blocked \
                     when local networks are allowed, because a metadata service returns the machine's own credentials. \
                     Only an allowlist entry for the exact address allows one.";

const ALLOWLIST: &str = "Hosts, addresses and ranges that are allowed all the same, one a line, each with or without a port: \
                         siem.internal:8088, 10.0.0.7, 10.0.0.0/8, [fd00::7]:443.";

pub(super) fn describe(network: &NetworkView) -> Vec<Part> {
    vec![
        card("Exceptions", EXCEPTIONS, vec![network_form(network)]),
        card("What holds now", RULES, vec![facts(describe_rules(network))]),
    ]
}

fn network_form(network: &NetworkView) -> Part {
    let is_on = network.allow_local_network.value;
    let allow = Part {
        // Of the two fields, only the allowlist can be wrong.
        error_field: None,
        parts: vec![choice("true", "Allow requests to the local network".to_owned(), is_on)],
        ..field(
            Kind::Choices,
            "allow_local_network",
            Field::Allowlist,
            "Local network",
            "Private networks and this machine itself.",
        )
    };
    let allowlist = optional(field(
        Kind::Lines,
        "allowlist",
        Field::Allowlist,
        "Allowlist",
        ALLOWLIST,
    ));
    let (allow_fixed, list_fixed) = (network.allow_local_network.fixed, network.allowlist.fixed);
    let fields = vec![
        hidden("version", network.version),
        locked(
            allow_fixed,
            "--allow-local-network",
            "AUDIT_STREAMS_ALLOW_LOCAL_NETWORK",
            allow,
        ),
        locked(
            list_fixed,
            "--network-allowlist",
            "AUDIT_STREAMS_NETWORK_ALLOWLIST",
            holding(network.allowlist.value.join("\n"), allowlist),
        ),
    ];
    let submit = if allow_fixed && list_fixed { "" } else { "Save" };
    form::<UpdateNetwork>(submit, fields)
}

fn describe_rules(network: &NetworkView) -> Vec<Part> {
    let internet = fact("Public internet", cell(Kind::Good, "Allowed"), String::new());
    let listed = network.allowlist.value.iter();
    let listed = listed.map(|entry| fact("On the allowlist", cell(Kind::Code, entry), String::new()));
    let rules = network.rules.iter().map(describe_rule);
    std::iter::once(internet).chain(rules).chain(listed).collect()
}

fn describe_rule(rule: &RuleView) -> Part {
    let (kind, word) = match rule.verdict {
        RuleVerdict::Allowed => (Kind::Good, "Allowed"),
        RuleVerdict::Refused => (Kind::Quiet, "Blocked unless allowlisted"),
        RuleVerdict::ExactOnly => (Kind::Bad, "Blocked unless listed exactly"),
    };
    fact(&rule.what, cell(kind, word), rule.ranges.join(", "))
}

#[cfg(test)]
mod tests {
    use domain::view::SettingView;

    use super::*;

    #[test]
    fn the_rules_are_told_as_they_are() {
        let network = NetworkView {
            version: 1,
            allow_local_network: SettingView {
                value: true,
                fixed: true,
            },
            allowlist: SettingView {
                value: vec!["siem.internal".into()],
                fixed: false,
            },
            rules: vec![RuleView {
                what: "Cloud metadata services".into(),
                ranges: vec!["169.254.169.254".into()],
                verdict: RuleVerdict::ExactOnly,
            }],
        };
        let cards = describe(&network);
        let facts = &cards[1].parts[0].parts;
        assert_eq!(facts[1].parts[0], cell(Kind::Bad, "Blocked unless listed exactly"));
        assert_eq!(facts[2].parts[0], cell(Kind::Code, "siem.internal"));
        let form = &cards[0].parts[0];
        assert!(form.parts[1].is_locked && form.parts[1].parts[0].is_marked && form.label == "Save");
    }
}
