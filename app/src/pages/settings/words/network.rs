//! Settings › Network.

use domain::Field;

use super::parts::{field, form, hidden, locked};
use crate::{
    port::settings::{NetworkSummary, RuleSummary, Verdict},
    server_fns::network::UpdateNetwork,
    wire::settings::{Cell, Fact, FieldKind, Form, FormField, Section, Tone},
};

pub(super) fn describe(network: &NetworkSummary) -> Vec<Section> {
    let exceptions = Section {
        heading: "Exceptions".to_owned(),
        lead: "Destinations may be on the public internet. What else they may reach is your choice; it holds at once, and a \
               stream that was blocked tries again."
            .to_owned(),
        form: Some(network_form(network)),
        ..Section::default()
    };
    let rules = Section {
        heading: "What holds now".to_owned(),
        lead: "Each address of a host is checked when its name is resolved, and the connection goes to the address that was \
               checked. Redirects are not followed. Cloud metadata services are refused whatever is allowed here: who \
               reaches one gets the machine's own credentials."
            .to_owned(),
        facts: facts(network),
        ..Section::default()
    };
    vec![exceptions, rules]
}

fn network_form(network: &NetworkSummary) -> Form {
    let allow = FormField {
        hint: "Private networks, this machine itself, and link-local addresses.".to_owned(),
        value: if network.allow_local_network.value { "on" } else { "" }.to_owned(),
        ..field(
            FieldKind::Switch,
            "allow_local_network",
            Field::Allowlist,
            "Allow requests to the local network",
        )
    };
    let allowlist = FormField {
        hint: "Hosts, addresses and ranges that are allowed all the same, one a line, each with or without a port: \
               siem.internal:8088, 10.0.0.7, 10.0.0.0/8, [fd00::7]:443."
            .to_owned(),
        value: network.allowlist.value.join("\n"),
        is_optional: true,
        ..field(FieldKind::Lines, "allowlist", Field::Allowlist, "Allowlist")
    };
    // Of the two, only the allowlist can be wrong.
    let allow = FormField { field: None, ..allow };
    let (allow_fixed, list_fixed) = (network.allow_local_network.is_fixed, network.allowlist.is_fixed);
    let fields = vec![
        hidden("version", network.version),
        locked(
            allow,
            allow_fixed,
            "--allow-local-network",
            "AUDIT_STREAMS_ALLOW_LOCAL_NETWORK",
        ),
        locked(
            allowlist,
            list_fixed,
            "--network-allowlist",
            "AUDIT_STREAMS_NETWORK_ALLOWLIST",
        ),
    ];
    let submit = if allow_fixed && list_fixed { "" } else { "Save" };
    form::<UpdateNetwork>(submit, fields)
}

fn facts(network: &NetworkSummary) -> Vec<Fact> {
    let internet = Fact {
        label: "Public internet".to_owned(),
        value: Cell::Badge(Tone::Good, "Allowed".to_owned()),
        note: String::new(),
    };
    let listed = network.allowlist.value.iter().map(|entry| Fact {
        label: "On the allowlist".to_owned(),
        value: Cell::Code(entry.clone()),
        note: String::new(),
    });
    let rules = network.rules.iter().map(fact);
    std::iter::once(internet).chain(rules).chain(listed).collect()
}

fn fact(rule: &RuleSummary) -> Fact {
    let (tone, word) = match rule.verdict {
        Verdict::Allowed => (Tone::Good, "Allowed"),
        Verdict::Refused => (Tone::Quiet, "Refused, but for the allowlist"),
        Verdict::Never => (Tone::Bad, "Never allowed"),
    };
    Fact {
        label: rule.what.clone(),
        value: Cell::Badge(tone, word.to_owned()),
        note: rule.ranges.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::settings::SettingSummary;

    #[test]
    fn the_rules_are_told_as_they_are() {
        let network = NetworkSummary {
            version: 1,
            allow_local_network: SettingSummary {
                value: true,
                is_fixed: true,
            },
            allowlist: SettingSummary {
                value: vec!["siem.internal".into()],
                is_fixed: false,
            },
            rules: vec![RuleSummary {
                what: "Cloud metadata services".into(),
                ranges: vec!["169.254.169.254".into()],
                verdict: Verdict::Never,
            }],
        };
        let sections = describe(&network);
        let facts = &sections[1].facts;
        assert_eq!(facts[1].value, Cell::Badge(Tone::Bad, "Never allowed".into()));
        assert_eq!(facts[2].value, Cell::Code("siem.internal".into()));
        let form = sections[0].form.as_ref().unwrap();
        assert!(form.fields[1].is_locked && !form.fields[1].value.is_empty() && form.submit == "Save");
    }
}
