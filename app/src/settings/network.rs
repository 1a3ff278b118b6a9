//! Settings › Network.

mod server_fns;

use domain::{
    Field,
    view::{NetworkView, RuleVerdict, RuleView},
};
use leptos::prelude::*;

use self::server_fns::{UpdateNetwork, show_network};
use super::{
    Settings,
    card::{Badge, Card, Fact, Tone, set_on_command_line},
    layout::SettingsLayout,
};
use crate::ui::{CheckField, Form, FormSkeleton, LinesField, Live, TableSkeleton};

const ALLOWLIST: &str = "One host, address or range per line, with or without a port. Always allowed. \
                         For example siem.internal:8088, 10.0.0.7, 10.0.0.0/8 or [fd00::7]:443.";

const EXCEPTIONS: &str = "Destinations can always be on the public internet. Allow anything else here. Changes apply immediately, \
                          and blocked streams retry.";

const RULES: &str = "Each address of a host is checked when its name is resolved, and the connection goes to the address that \
                     was checked. Redirects are not followed. Cloud metadata services and link-local addresses stay blocked \
                     when local networks are allowed, because they hand out this machine's credentials. \
                     Only an allowlist entry for the exact address allows one.";

#[component]
pub(crate) fn NetworkPage() -> impl IntoView {
    let settings = expect_context::<Settings>();
    view! {
        <SettingsLayout title="Network" lead="Which addresses destinations can use.">
            <Live
                source=()
                ask=|(), known| show_network(known)
                what="The network settings can't be shown."
                skeleton=loading
                refresh=settings.refresh
                only_on_refresh=true
                view=network_cards
            />
        </SettingsLayout>
    }
}

fn loading() -> AnyView {
    view! {
        <Card title="Exceptions" lead=EXCEPTIONS>
            <FormSkeleton fields=2 />
        </Card>
        <Card title="Current rules" lead=RULES>
            <TableSkeleton rows=14 />
        </Card>
    }
    .into_any()
}

fn network_cards(network: Signal<NetworkView>) -> AnyView {
    let rules = move || network.with(|network| network.rules.iter().map(rule).collect_view());
    let allowlist = move || network.with(|network| allowlist_entries(&network.allowlist.value));
    view! {
        <Card title="Exceptions" lead=EXCEPTIONS>
            <NetworkForm network />
        </Card>
        <Card title="Current rules" lead=RULES>
            <dl class="facts">
                <Fact name="Public internet">
                    <Badge tone=Tone::Good text="Allowed" />
                </Fact>
                {rules}
                {allowlist}
            </dl>
        </Card>
    }
    .into_any()
}

#[component]
fn NetworkForm(network: Signal<NetworkView>) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let update = ServerAction::<UpdateNetwork>::new();
    let version = Signal::derive(move || network.with(|network| network.version));
    let (is_local_fixed, is_list_fixed) =
        network.with_untracked(|network| (network.allow_local_network.fixed, network.allowlist.fixed));
    let local_hint = if is_local_fixed {
        set_on_command_line("--allow-local-network", "AUDIT_STREAMS_ALLOW_LOCAL_NETWORK")
    } else {
        "Private networks and this machine.".to_owned()
    };
    let list_hint = if is_list_fixed {
        set_on_command_line("--network-allowlist", "AUDIT_STREAMS_NETWORK_ALLOWLIST")
    } else {
        ALLOWLIST.to_owned()
    };
    view! {
        <Form
            action=update
            id="network"
            label="Exceptions"
            submit=(!(is_local_fixed && is_list_fixed)).then_some("Save")
            on_done=move |_| settings.refresh.now()
            on_reload=move |()| settings.refresh.now()
            version
        >
            <input type="hidden" name="version" value=version />
            <CheckField
                name="allow_local_network"
                label="Allow requests to the local network"
                hint=local_hint
                is_ticked=Signal::derive(move || network.with(|network| network.allow_local_network.value))
                is_locked=is_local_fixed
            />
            <LinesField
                name="allowlist"
                field=Field::Allowlist
                label="Allowlist"
                hint=list_hint
                value=Signal::derive(move || network.with(|network| network.allowlist.value.join("\n")))
                is_locked=is_list_fixed
            />
        </Form>
    }
}

fn rule(rule: &RuleView) -> impl IntoView + use<> {
    let (tone, text) = match rule.verdict {
        RuleVerdict::Allowed => (Tone::Good, "Allowed"),
        RuleVerdict::Refused => (Tone::Quiet, "Blocked unless allowlisted"),
        RuleVerdict::ExactOnly => (Tone::Bad, "Blocked unless listed exactly"),
    };
    let ranges = rule.ranges.join(", ");
    view! {
        <Fact name=rule.what.clone()>
            <Badge tone text />
            <span class="fact-note">{ranges}</span>
        </Fact>
    }
}

/// One fact for the whole list.
fn allowlist_entries(entries: &[String]) -> Option<impl IntoView + use<>> {
    if entries.is_empty() {
        return None;
    }
    let entries = entries
        .iter()
        .map(|entry| view! { <li><code>{entry.clone()}</code></li> });
    let entries = entries.collect_view();
    Some(view! {
        <Fact name="On the allowlist">
            <Badge tone=Tone::Good text="Allowed" />
            <ul class="fact-list">{entries}</ul>
        </Fact>
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::view::SettingView;

    use super::*;
    use crate::settings::tests::rendered;

    fn network() -> NetworkView {
        NetworkView {
            version: 7,
            allow_local_network: SettingView {
                value: true,
                fixed: true,
            },
            allowlist: SettingView {
                value: vec!["siem.internal".into(), "<b>.example".into()],
                fixed: false,
            },
            rules: vec![RuleView {
                what: "Cloud metadata services".into(),
                ranges: vec!["169.254.169.254".into()],
                verdict: RuleVerdict::ExactOnly,
            }],
        }
    }

    #[test]
    fn rules_and_exceptions_are_shown_as_they_are() {
        let html = rendered(|| network_cards(Signal::stored(network())));
        for text in [
            "Blocked unless listed exactly",
            "169.254.169.254",
            r#"name="version" value="7""#,
            "Set on the command line, by --allow-local-network",
            "siem.internal\n&lt;b>.example</textarea>",
            ">Save</button>",
        ] {
            assert!(html.contains(text), "{text}: {html}");
        }
        assert_eq!(html.matches("On the allowlist").count(), 1, "{html}");
    }

    #[test]
    fn what_the_command_line_sets_is_not_sent() {
        let mut network = network();
        network.allowlist.fixed = true;
        let html = rendered(|| network_cards(Signal::stored(network)));
        assert!(!html.contains(">Save</button>"), "{html}");
    }
}
