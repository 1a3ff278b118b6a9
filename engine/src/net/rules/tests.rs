use proptest::prelude::*;

use super::*;

fn class(address: &str) -> Option<Forbidden> {
    classify(address.parse().unwrap())
}

#[test]
fn public_addresses_are_open() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "100.128.0.1",
        "172.32.0.1",
        "198.20.0.1",
        "2606:4700::1111",
        "2a00::1",
    ] {
        assert_eq!(class(address), None, "{address}");
    }
}

#[test]
fn each_special_range_is_closed() {
    for (address, expected) in [
        ("127.0.0.1", Forbidden::Loopback),
        ("127.255.255.255", Forbidden::Loopback),
        ("0.0.0.0", Forbidden::Loopback),
        ("10.1.2.3", Forbidden::Private),
        ("172.31.255.255", Forbidden::Private),
        ("192.168.0.1", Forbidden::Private),
        ("169.254.1.1", Forbidden::LinkLocal),
        ("100.64.0.1", Forbidden::Shared),
        ("255.255.255.255", Forbidden::Broadcast),
        ("224.0.0.1", Forbidden::Reserved),
        ("240.0.0.1", Forbidden::Reserved),
        ("192.0.2.1", Forbidden::Reserved),
        ("198.18.0.1", Forbidden::Reserved),
        ("169.254.169.254", Forbidden::Metadata),
        ("100.100.100.200", Forbidden::Metadata),
        ("::1", Forbidden::Loopback),
        ("::", Forbidden::Loopback),
        ("fe80::1", Forbidden::LinkLocal),
        ("fd12::1", Forbidden::Private),
        ("fec0::1", Forbidden::Private),
        ("ff02::1", Forbidden::Reserved),
        ("2001:db8::1", Forbidden::Reserved),
        ("2001:0:1::1", Forbidden::Reserved),
        ("fd00:ec2::254", Forbidden::Metadata),
    ] {
        assert_eq!(class(address), Some(expected), "{address}");
    }
}

#[test]
fn an_ipv4_address_hides_in_no_ipv6_form() {
    for address in [
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
    ] {
        assert_eq!(class(address), Some(Forbidden::Private), "{address}");
    }
    assert_eq!(class("::ffff:169.254.169.254"), Some(Forbidden::Metadata));
    assert_eq!(class("64:ff9b::8.8.8.8"), None);
    assert_eq!(class("64:ff9b:1:a00:0:100:808:808"), Some(Forbidden::Reserved));
    assert_eq!(class("168.63.129.16"), Some(Forbidden::Metadata));
}

#[test]
fn what_is_explained_is_what_is_checked() {
    for allow_local_network in [false, true] {
        let rules = NetworkRules {
            allow_local_network,
            allowlist: Vec::new(),
        };
        let explained = rules.explain();
        assert_eq!(
            explained.iter().map(|kind| kind.ranges.len()).sum::<usize>(),
            V4.len() + V6.len()
        );
        for kind in explained {
            for range in &kind.ranges {
                let first: IpAddr = range.split('/').next().unwrap().parse().unwrap();
                // The first address of a range may be one of a narrower range before it.
                let narrower = Forbidden::KINDS
                    .iter()
                    .any(|(other, what)| *what != kind.what && classify(first) == Some(*other));
                let is_open = rules.check("x", first, 443).is_ok();
                assert!(
                    narrower || is_open == (kind.verdict == RuleVerdict::Allowed),
                    "{range}: {kind:?}"
                );
            }
        }
    }
    let exact_only = NetworkRules::default()
        .explain()
        .into_iter()
        .filter(|kind| kind.verdict == RuleVerdict::ExactOnly);
    assert_eq!(
        exact_only.map(|kind| kind.what).collect::<Vec<_>>(),
        ["Link-local addresses", "Cloud metadata services"]
    );
}

/// What an address may be disguised as.
fn forms(address: Ipv4Addr) -> [IpAddr; 6] {
    let [a, b, c, d] = address.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    [
        IpAddr::V4(address),
        address.to_ipv6_mapped().into(),
        Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low).into(),
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low).into(),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into(),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into(),
    ]
}

#[test]
fn a_metadata_service_is_opened_by_its_exact_address_alone() {
    let rules = |entry: &str| NetworkRules {
        allow_local_network: true,
        allowlist: vec![entry.parse().unwrap()],
    };
    let named = rules("169.254.169.254:80");
    let metadata = Ipv4Addr::new(169, 254, 169, 254);
    assert_eq!(named.check("x", metadata.into(), 80), Ok(()));
    assert_eq!(named.check("x", metadata.into(), 443), Err(Forbidden::Metadata));
    for range in ["169.254.0.0/16", "0.0.0.0/0", "metadata.internal", "169.254.169.0/24"] {
        let checked = rules(range).check("metadata.internal", metadata.into(), 80);
        assert_eq!(checked, Err(Forbidden::Metadata), "{range}");
    }
}

/// The entries of the tables that stay closed when local networks are open.
fn exact_only() -> Vec<IpNet> {
    let is_closed = |kind| NetworkRules::verdict(&open(), kind) == RuleVerdict::ExactOnly;
    let v4 = V4
        .iter()
        .filter(|(_, kind)| is_closed(*kind))
        .map(|(net, _)| IpNet::V4(*net));
    let v6 = V6
        .iter()
        .filter(|(_, kind)| is_closed(*kind))
        .map(|(net, _)| IpNet::V6(*net));
    v4.chain(v6).collect()
}

fn open() -> NetworkRules {
    NetworkRules {
        allow_local_network: true,
        allowlist: Vec::new(),
    }
}

/// An address of the range, chosen by `bits`.
fn within(range: IpNet, bits: u128) -> IpAddr {
    match range {
        IpNet::V4(range) => {
            let bits = u32::try_from(bits & u128::from(u32::MAX)).unwrap();
            Ipv4Addr::from(u32::from(range.network()) | (bits & u32::from(range.hostmask()))).into()
        }
        IpNet::V6(range) => Ipv6Addr::from(u128::from(range.network()) | (bits & u128::from(range.hostmask()))).into(),
    }
}

/// From the IANA registries and the clouds' documentation, written once more: not taken from the tables.
const CLOSED: [&str; 43] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "100.100.100.200/32",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/32",
    "2001:1::1/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fd00:42::42/128",
    "fd00:c1::a9fe:a9fe/128",
    "fd00:ec2::254/128",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

#[test]
fn what_needs_no_resolving_is_told_at_once() {
    let check = |url: &str| NetworkRules::default().check_unresolved(&url.parse().unwrap());
    assert_eq!(check("http://localhost:9000/"), Err(Forbidden::Localhost));
    assert_eq!(check("http://127.1/"), Err(Forbidden::Loopback));
    assert_eq!(check("http://[::ffff:10.0.0.1]/"), Err(Forbidden::Private));
    assert_eq!(check("https://1.1.1.1/"), Ok(()));
    assert_eq!(
        check("https://siem.example/"),
        Ok(()),
        "a name is judged when it is resolved"
    );
    assert_eq!(
        open().check_unresolved(&"http://localhost:9000/".parse().unwrap()),
        Ok(())
    );
}

#[test]
fn a_name_without_addresses_needs_an_entry_of_its_own() {
    let check = |rules: &NetworkRules, url: &str| rules.check_unresolvable(&url.parse().unwrap());
    let named = NetworkRules {
        allow_local_network: false,
        allowlist: vec!["siem.example:443".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
    };
    let closed = Err(Forbidden::Unresolvable);
    assert_eq!(check(&NetworkRules::default(), "https://siem.example/"), closed);
    assert_eq!(check(&named, "https://SIEM.example/"), Ok(()));
    assert_eq!(check(&named, "https://siem.example:8443/"), closed);
    assert_eq!(check(&named, "https://other.example/"), closed);
    assert_eq!(
        check(&open(), "https://siem.example/"),
        closed,
        "it may be a metadata service"
    );
    let metadata = NetworkRules {
        allow_local_network: true,
        allowlist: vec!["metadata.google.internal".parse().unwrap()],
    };
    assert_eq!(
        check(&metadata, "http://metadata.google.internal./"),
        Err(Forbidden::Metadata)
    );
    assert_eq!(
        check(&NetworkRules::default(), "http://localhost/"),
        Err(Forbidden::Localhost)
    );
}

#[test]
fn an_allowlist_opens_just_what_it_names() {
    let rules = NetworkRules {
        allow_local_network: false,
        allowlist: vec!["siem.internal:8088".parse().unwrap()],
    };
    let address: IpAddr = "10.0.0.7".parse().unwrap();
    assert_eq!(rules.check("siem.internal", address, 8088), Ok(()));
    assert_eq!(rules.check("siem.internal", address, 80), Err(Forbidden::Private));
    assert_eq!(rules.check("10.0.0.7", address, 8088), Err(Forbidden::Private));
}

proptest! {
    #[test]
    fn every_form_of_an_ipv4_address_is_judged_alike(bits in any::<u32>()) {
        let address = Ipv4Addr::from(bits);
        let expected = classify_v4(address);
        for form in forms(address) {
            let is_compatible = matches!(form, IpAddr::V6(form) if V4_COMPATIBLE.contains(&form));
            let reserved = is_compatible.then_some(Forbidden::Reserved);
            prop_assert_eq!(classify(form), expected.or(reserved), "{}", form);
        }
    }

    #[test]
    fn every_special_range_is_closed_in_every_form(index in 0..CLOSED.len(), bits in any::<u128>()) {
        let address = within(CLOSED[index].parse().unwrap(), bits);
        let forms = match address {
            IpAddr::V4(address) => forms(address).to_vec(),
            IpAddr::V6(_) => vec![address],
        };
        for form in forms {
            prop_assert!(NetworkRules::default().check("siem.example", form, 443).is_err(), "{}", form);
        }
    }

    #[test]
    fn metadata_and_link_local_stay_closed_beside_open_local_networks(
        index in any::<proptest::sample::Index>(), bits in any::<u128>(), prefix in 0_u8..32,
    ) {
        let closed = exact_only();
        let address = within(closed[index.index(closed.len())], bits);
        let forms = match address {
            IpAddr::V4(address) => forms(address).to_vec(),
            IpAddr::V6(_) => vec![address],
        };
        for form in forms {
            let around = IpNet::new(form, prefix).unwrap();
            let entries = [around.to_string(), "siem.example".to_owned(), form.to_string()];
            let [around, host, exact] = entries.map(|entry| entry.parse::<AllowEntry>().unwrap());
            let check = |allowlist: Vec<AllowEntry>| {
                NetworkRules { allowlist, ..open() }.check("siem.example", form, 443)
            };
            prop_assert!(check(Vec::new()).is_err(), "{}", form);
            prop_assert!(check(vec![around, host]).is_err(), "{}", form);
            prop_assert_eq!(check(vec![exact]), Ok(()), "{}", form);
        }
    }

    #[test]
    fn nothing_that_std_calls_local_is_open(bits in any::<u32>()) {
        let address = Ipv4Addr::from(bits);
        let local = address.is_private() || address.is_loopback() || address.is_link_local()
            || address.is_multicast() || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
        prop_assert!(!local || classify_v4(address).is_some());
    }
}
