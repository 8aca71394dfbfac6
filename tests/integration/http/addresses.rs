//! Where the fetcher goes and where it does not. What would be dialled is recorded; only loopback ever is.

use std::sync::Arc;

use conference_report_operator::api::Reason;
use conference_report_operator::source::Fetch;
use conference_report_operator::source::http::dial::Network;
use conference_report_operator::source::http::policy::Policy;
use conference_report_operator::source::http::{HttpClient, HttpSettings};
use serde_json::json;

use super::client::{fetch, request, settings};
use super::servers::{Loopback, Server, answer};
use crate::support::{Bench, condition, ready_reason, report};

/// Addresses that no report may lead to: loopback in fifteen spellings, the metadata services of clouds in sixteen, and others.
const SPELLINGS: [&str; 46] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.1",
    "017700000001",
    "１２７.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "0.0.0.0",
    "[::]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:a9fe:a9fe]",
    "169.254.169.254.",
    "169.254.43518",
    "169.16689662",
    "0xa9.0xfe.0xa9.0xfe",
    "0xa9.254.169.254",
    "025177524776",
    "１６９.254.169.254",
    "[::169.254.169.254]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "[fe80::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[2001:db8::1]",
];

fn recorded(settings: HttpSettings, network: &Arc<Loopback>) -> HttpClient {
    HttpClient::with_network(settings, Arc::clone(network) as Arc<dyn Network>).unwrap()
}

#[test]
fn addresses_that_are_not_public_are_refused_in_every_spelling_before_anything_is_sent() {
    for spelling in SPELLINGS {
        let network = Loopback::knowing(&[]);
        let error = fetch(&recorded(HttpSettings::default(), &network), &request(&format!("http://{spelling}/")));
        let error = error.expect_err(spelling);
        assert_eq!(error.reason(), Reason::AddressBlocked, "{spelling}: {error}");
        assert!(network.dialled().is_empty(), "{spelling} led to {:?}", network.dialled());
    }
    println!("{} spellings of forbidden addresses, none dialled", SPELLINGS.len());
}

#[test]
fn the_address_that_was_judged_is_the_one_that_is_dialled() {
    let network = Loopback::knowing(&[("public.example", &[&["8.8.8.8"], &["127.0.0.1"]])]);
    let error = fetch(&recorded(HttpSettings::default(), &network), &request("https://public.example/")).unwrap_err();
    assert_eq!(error.reason(), Reason::ConnectionFailed, "the recording network leads nowhere: {error}");
    assert_eq!(network.dialled(), ["8.8.8.8:443".parse().unwrap()]);
    assert_eq!(network.asked("public.example"), 1);
}

#[test]
fn a_name_that_changes_its_answer_leads_nowhere() {
    let server = Server::answering(answer("200 OK", "content-type: text/plain\r\n", b"inside"));
    // 127.0.0.2 is allowed here; 127.0.0.1, where the server is, is not.
    let policy = Policy {
        allow_cidrs: vec!["127.0.0.2/32".parse().unwrap()],
        allow_ports: vec![server.port],
        ..Policy::default()
    };
    let settings = HttpSettings { policy, ..settings(&[]) };
    for first in ["127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1"] {
        let network = Loopback::knowing(&[("rebind.example", &[&[first], &["127.0.0.1"]])]);
        let url = format!("http://rebind.example:{}/", server.port);
        let error = fetch(&recorded(settings.clone(), &network), &request(&url)).unwrap_err();
        assert_eq!(error.reason(), Reason::AddressBlocked, "{first}: {error}");
        assert_eq!(network.asked("rebind.example"), 1, "there is no second look-up that could answer differently");
        assert!(network.dialled().is_empty());
    }
    assert!(server.asked().is_empty(), "nothing should have reached the server");
}

#[test]
fn of_several_addresses_only_those_that_pass_are_dialled() {
    let server = Server::answering(answer("200 OK", "content-type: text/plain\r\n", b"At KubeCon"));
    let policy = Policy {
        allow_cidrs: vec!["127.0.0.1/32".parse().unwrap()],
        allow_ports: vec![server.port],
        ..Policy::default()
    };
    let network = Loopback::knowing(&[("mixed.example", &[&["10.0.0.1", "169.254.169.254", "127.0.0.1"]])]);
    let client = recorded(HttpSettings { policy, ..settings(&[]) }, &network);
    let fetched = fetch(&client, &request(&server.url_for("mixed.example")));
    assert!(matches!(fetched, Ok(Fetch::Text(_))), "{fetched:?}");
    assert_eq!(network.dialled(), [format!("127.0.0.1:{}", server.port).parse().unwrap()]);
}

#[test]
fn the_operator_refuses_forbidden_addresses_in_every_spelling_and_says_which_rule_holds_them_back() {
    let bench = Bench::new("blocked", &[]);
    let mut urls: Vec<String> = SPELLINGS.iter().map(|spelling| format!("https://{spelling}/latest")).collect();
    urls.extend(["https://localhost/".to_owned(), "https://localhost:10250/".to_owned()]);
    bench.apply_all(
        urls.iter()
            .enumerate()
            .map(|(number, url)| report(&format!("r{number}"), json!({"source": {"http": {"url": url}}})))
            .collect(),
    );
    for (number, url) in urls.iter().enumerate() {
        let stalled = bench.until(&format!("r{number}"), "stalled", |report| condition(report, "Stalled").is_some());
        assert_eq!(ready_reason(&stalled), "AddressBlocked", "{url}");
    }
    println!("{} forbidden addresses in reports, none reached", urls.len());
}
