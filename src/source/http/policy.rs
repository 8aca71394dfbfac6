//! Which hosts, ports and addresses the operator may reach on behalf of somebody who writes a URL into a spec. Pure.
//!
//! The address is judged where the connection is made (see `dial`): after the name was resolved, on the very address that is dialled,
//! so that neither a redirect, nor another spelling of an address, nor a name that changes its answer leads around it.
//! The ranges are those of the IANA special-purpose address registries (RFC 6890 and what updates it).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What an installation opens and closes beyond the defaults.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Ranges that may be reached although they are not public.
    pub allow_cidrs: Vec<IpNet>,
    /// Hosts that may be reached whatever address they have.
    pub allow_hosts: Vec<HostPattern>,
    /// Hosts that must not be reached; stronger than anything that allows.
    pub deny_hosts: Vec<HostPattern>,
    /// Ports beyond 80 and 443.
    pub allow_ports: Vec<u16>,
}

/// A host name, or with a leading `*.` all names below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    below: bool,
}

/// A host pattern that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no host: write a name such as reports.example.org without a port, *.example.org for all names below it, or an address"
)]
pub struct InvalidHostPattern(String);

impl std::str::FromStr for HostPattern {
    type Err = InvalidHostPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let invalid = || InvalidHostPattern(text.to_owned());
        // With a port it would be no host that any URL has, and match nothing without a word.
        if name.contains([':', '[', ']']) {
            let inner = name.strip_prefix('[').map_or(Some(name), |rest| rest.strip_suffix(']')).ok_or_else(invalid)?;
            let address: Ipv6Addr = inner.parse().map_err(|_| invalid())?;
            return if below { Err(invalid()) } else { Ok(Self { name: address.to_string(), below }) };
        }
        let valid = !name.is_empty()
            && name.len() <= 253
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
        if valid { Ok(Self { name: normal_host(name), below }) } else { Err(invalid()) }
    }
}

impl HostPattern {
    /// Whether a host is meant; case and a trailing dot make no difference.
    pub fn matches(&self, host: &str) -> bool {
        let host = normal_host(host);
        if self.below {
            host.strip_suffix(&self.name).is_some_and(|rest| rest.ends_with('.'))
        } else {
            host == self.name
        }
    }
}

fn normal_host(host: &str) -> String {
    host.trim_matches(|c| c == '[' || c == ']').trim_end_matches('.').to_ascii_lowercase()
}

impl Policy {
    /// Why a host and port must not be asked at all, before any name is resolved.
    pub fn refuse_host(&self, host: &str, port: u16) -> Option<&'static str> {
        if self.deny_hosts.iter().any(|pattern| pattern.matches(host)) {
            return Some("the host is denied by the operator's configuration (--http-deny-host)");
        }
        if !matches!(port, 80 | 443) && !self.allow_ports.contains(&port) {
            return Some(
                "only the ports 80 and 443 are allowed; the operator's administrator opens others with --http-allow-port",
            );
        }
        None
    }

    /// Why an address must not be dialled for a host.
    pub fn refuse_address(&self, host: &str, address: IpAddr) -> Option<&'static str> {
        if self.allow_hosts.iter().any(|pattern| pattern.matches(host)) {
            return None;
        }
        let address = embedded_ipv4(address).map_or(address, IpAddr::V4);
        if self.allow_cidrs.iter().any(|range| range.contains(&address)) {
            return None;
        }
        match address {
            IpAddr::V4(address) => special_ipv4(address),
            IpAddr::V6(address) => special_ipv6(address),
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, translated (RFC 6052) or tunnelled by 6to4.
fn embedded_ipv4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let [a, b, c, d, e, f, g, h] = address.segments();
    let low = || Ipv4Addr::from((u32::from(g) << 16) | u32::from(h));
    match (a, b, c, d, e, f) {
        // ::ffff:a.b.c.d
        (0, 0, 0, 0, 0, 0xffff) => Some(low()),
        // ::a.b.c.d, but neither :: nor ::1
        (0, 0, 0, 0, 0, 0) if u32::from(low()) > 1 => Some(low()),
        // 64:ff9b::a.b.c.d; where the address stands in 64:ff9b:1::/48 is a network's own affair, so that is refused as a whole
        (0x64, 0xff9b, 0, 0, 0, 0) => Some(low()),
        // 2002:aabb:ccdd::
        (0x2002, _, _, _, _, _) => Some(Ipv4Addr::from((u32::from(b) << 16) | u32::from(c))),
        _ => None,
    }
}

/// IPv4 ranges that are not public, each with what is said of an address in it.
const SPECIAL_IPV4: [(Ipv4Addr, u8, &str); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "the address is unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "the address is private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "the address is shared by a carrier's network (RFC 6598)"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "the address is loopback"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "the address is that of the host in a cloud (Azure)"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "the address is link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "the address is private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "the address is reserved for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "the address is reserved for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "the address is reserved for 6to4 relays"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "the address is private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "the address is reserved for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "the address is reserved for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "the address is reserved for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "the address is multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "the address is reserved"),
];

fn special_ipv4(address: Ipv4Addr) -> Option<&'static str> {
    SPECIAL_IPV4
        .into_iter()
        .find(|(network, length, _)| Ipv4Net::new(*network, *length).is_ok_and(|range| range.contains(&address)))
        .map(|(_, _, why)| why)
}

const fn ipv6(a: u16, b: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)
}

/// IPv6 ranges that are not public, in the same way. Nor is anything outside 2000::/3.
const SPECIAL_IPV6: [(Ipv6Addr, u8, &str); 9] = [
    (Ipv6Addr::UNSPECIFIED, 128, "the address is unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "the address is loopback"),
    (ipv6(0xfc00, 0), 7, "the address is private"),
    (ipv6(0xfe80, 0), 10, "the address is link-local"),
    (ipv6(0xfec0, 0), 10, "the address is site-local"),
    (ipv6(0xff00, 0), 8, "the address is multicast"),
    (ipv6(0x2001, 0), 23, "the address is reserved for protocols"),
    (ipv6(0x2001, 0xdb8), 32, "the address is reserved for documentation"),
    (ipv6(0x3fff, 0), 20, "the address is reserved for documentation"),
];

fn special_ipv6(address: Ipv6Addr) -> Option<&'static str> {
    let contains = |network, length| Ipv6Net::new(network, length).is_ok_and(|range| range.contains(&address));
    SPECIAL_IPV6
        .into_iter()
        .find(|(network, length, _)| contains(*network, *length))
        .map(|(_, _, why)| why)
        // Everything public lies in 2000::/3.
        .or_else(|| (!contains(ipv6(0x2000, 0), 3)).then_some("the address is reserved"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(address: &str) -> Option<&'static str> {
        Policy::default().refuse_address("host.example", address.parse().unwrap())
    }

    #[test]
    fn addresses_inside_the_cluster_and_the_machine_are_refused() {
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "168.63.129.16",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.1",
            "192.0.2.7",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.9",
            "203.0.113.5",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.88.99.1",
            "::",
            "::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "100::1",
            "4000::1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b:1::808:808",
            "2002:7f00:1::",
            "2002:a00:1::1",
        ] {
            assert!(verdict(address).is_some(), "{address} should be refused");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert_eq!(verdict(address), None, "{address} should be allowed");
        }
    }

    #[test]
    fn an_allowed_range_opens_just_itself_in_every_form() {
        let policy = Policy { allow_cidrs: vec!["10.1.0.0/16".parse().unwrap()], ..Policy::default() };
        for (address, allowed) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("10.2.0.1", false), ("127.0.0.1", false)]
        {
            assert_eq!(policy.refuse_address("x", address.parse().unwrap()).is_none(), allowed, "{address}");
        }
    }

    #[test]
    fn host_patterns_match_names_and_what_is_below_them() {
        for (pattern, host, expected) in [
            ("reports.example.org", "reports.example.org", true),
            ("reports.example.org", "REPORTS.example.org.", true),
            ("reports.example.org", "x.reports.example.org", false),
            ("*.example.org", "reports.example.org", true),
            ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("*.example.org", "badexample.org", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("[::1]", "::1", true),
            ("2001:DB8:0::7", "[2001:db8::7]", true),
        ] {
            let parsed: HostPattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(host), expected, "{pattern} against {host}");
        }
        let no_hosts = [
            "",
            "*.",
            "a b",
            "https://x.org",
            "x.org/path",
            "x.org:443",
            "10.0.0.1:80",
            "[::1]:80",
            "[::1",
            "::1]",
            "*.::1",
        ];
        for pattern in no_hosts {
            assert!(pattern.parse::<HostPattern>().is_err(), "{pattern:?} is no host");
        }
    }

    #[test]
    fn a_denied_host_stays_denied_even_where_it_is_allowed_too() {
        let policy = Policy {
            allow_hosts: vec!["*.example.org".parse().unwrap()],
            deny_hosts: vec!["secret.example.org".parse().unwrap()],
            ..Policy::default()
        };
        assert!(policy.refuse_host("secret.example.org", 443).is_some());
        assert!(policy.refuse_host("open.example.org", 443).is_none());
        assert!(policy.refuse_address("open.example.org", "10.0.0.1".parse().unwrap()).is_none());
    }

    #[test]
    fn other_ports_than_those_of_the_web_need_permission() {
        let policy = Policy { allow_ports: vec![8443], ..Policy::default() };
        for (port, allowed) in [(80, true), (443, true), (8443, true), (22, false), (6443, false), (0, false)] {
            assert_eq!(policy.refuse_host("example.org", port).is_none(), allowed, "port {port}");
        }
    }

    /// The first and the last address of a range, and those beside it.
    fn edges(range: IpNet) -> Vec<IpAddr> {
        match range {
            IpNet::V4(range) => {
                let (first, last) = (u32::from(range.network()), u32::from(range.broadcast()));
                [first.saturating_sub(1), first, last, last.saturating_add(1)]
                    .map(|at| Ipv4Addr::from(at).into())
                    .into()
            }
            IpNet::V6(range) => {
                let (first, last) = (u128::from(range.network()), u128::from(range.broadcast()));
                [first.saturating_sub(1), first, last, last.saturating_add(1)]
                    .map(|at| Ipv6Addr::from(at).into())
                    .into()
            }
        }
    }

    #[test]
    fn the_network_policy_lets_through_what_the_operator_would_dial() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("charts/conference-report-operator/templates/networkpolicy.yaml");
        let template = std::fs::read_to_string(file).unwrap();
        let ranges = |text: &str| -> Vec<IpNet> {
            let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | '[' | ']'));
            words.filter_map(|word| word.parse().ok()).collect()
        };
        // Each block is a range without some that lie in it.
        let blocks = template.split("cidr: ").skip(1);
        let blocks: Vec<Vec<IpNet>> = blocks.map(ranges).filter(|block| !block.is_empty()).collect();
        assert_eq!(blocks.len(), 3, "IPv4, IPv6, and IPv4 translated: {blocks:?}");
        let lets_through = |address: &IpAddr| {
            let mut ranges = blocks.iter().filter_map(|block| block.split_first());
            ranges.any(|(all, but)| all.contains(address) && !but.iter().any(|range| range.contains(address)))
        };
        let own = SPECIAL_IPV4.map(|(network, length, _)| IpNet::new(network.into(), length).unwrap()).into_iter();
        let own = own.chain(SPECIAL_IPV6.map(|(network, length, _)| IpNet::new(network.into(), length).unwrap()));
        let mut looked_at = 0;
        for address in own.chain(blocks.iter().flatten().copied()).flat_map(edges) {
            let translated = match address {
                IpAddr::V4(address) => {
                    let [a, b, c, d] = address.octets().map(u16::from);
                    let (high, low) = (a << 8 | b, c << 8 | d);
                    Some(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into())
                }
                // The operator looks at the IPv4 address in one of 6to4; a policy cannot, and keeps back all.
                IpAddr::V6(address) if address.segments()[0] == 0x2002 => continue,
                IpAddr::V6(_) => None,
            };
            for address in std::iter::once(address).chain(translated) {
                let refused = Policy::default().refuse_address("host.example", address);
                assert_eq!(lets_through(&address), refused.is_none(), "{address}: {refused:?}");
                looked_at += 1;
            }
        }
        assert!(looked_at > 200, "{looked_at}");
    }
}
