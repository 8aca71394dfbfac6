//! What the API server lets in, and what it says to what it does not.

use crate::support::cluster;

/// A spec, and what the message must say; nothing where the spec is good.
const SPECS: &[(&str, Option<&str>)] = &[
    (r#"{"source": {"inline": "KubeCon"}}"#, None),
    (r#"{"source": {"configMapRef": {"name": "texts"}}}"#, None),
    (r#"{"source": {"configMapRef": {"name": "texts.2024", "key": "report_1.md"}}}"#, None),
    (r#"{"source": {"http": {"url": "https://example.org/report"}}}"#, None),
    (r#"{"source": {"http": {"url": "http://example.org/report", "insecure": true}}}"#, None),
    (r#"{"source": {"http": {"url": "https://example.org/a@b"}}}"#, None),
    (
        r#"{"source": {"http": {"url": "https://example.org/", "timeout": "1m30s", "secretRef": {"name": "a"}, "certSecretRef": {"name": "b"}}}, "interval": "6h"}"#,
        None,
    ),
    (
        r#"{"source": {"inline": "x"}, "language": "nl", "format": "HTML", "suspend": true, "summary": {"maxWords": 20}, "event": {"name": "KubeCon + CloudNativeCon", "year": 2024, "startDate": "2024-03-19", "endDate": "2024-03-22"}, "catalogRefs": [{"name": "ours"}]}"#,
        None,
    ),
    ("{}", Some("spec.source: Required value")),
    (r#"{"source": {}}"#, Some("source must have exactly one of configMapRef, http and inline")),
    (r#"{"source": {"inline": "x", "configMapRef": {"name": "x"}}}"#, Some("source must have exactly one of")),
    (
        r#"{"source": {"inline": "x", "http": {"url": "https://x.org"}, "configMapRef": {"name": "x"}}}"#,
        Some("source must have exactly one of"),
    ),
    (r#"{"source": {"inline": ""}}"#, Some("inline is empty; put the text of the report here")),
    (r#"{"source": {"file": "report.md"}}"#, Some("unknown field \"spec.source.file\"")),
    (r#"{"source": {"configMapRef": {}}}"#, Some("spec.source.configMapRef.name: Required value")),
    (
        r#"{"source": {"configMapRef": {"name": ""}}}"#,
        Some("configMapRef.name must be the name of a ConfigMap in this namespace"),
    ),
    (r#"{"source": {"configMapRef": {"name": "Texts_1"}}}"#, Some("lower-case letters, digits, '-' and '.'")),
    (
        r#"{"source": {"configMapRef": {"name": "x", "namespace": "kube-system"}}}"#,
        Some("unknown field \"spec.source.configMapRef.namespace\""),
    ),
    (
        r#"{"source": {"configMapRef": {"name": "x", "key": "a/b.md"}}}"#,
        Some("configMapRef.key must be a key of the ConfigMap"),
    ),
    (
        r#"{"source": {"configMapRef": {"name": "x", "key": ""}}}"#,
        Some("leave it out when the ConfigMap has exactly one key"),
    ),
    (
        r#"{"source": {"http": {"url": "http://example.org"}}}"#,
        Some("a plain http:// address needs insecure: true beside it"),
    ),
    (r#"{"source": {"http": {"url": "ftp://example.org/report"}}}"#, Some("http.url must begin with https://")),
    (r#"{"source": {"http": {"url": "example.org/report"}}}"#, Some("http.url must begin with https://")),
    (r#"{"source": {"http": {"url": "https://"}}}"#, Some("for example https://example.org/report.md")),
    (r#"{"source": {"http": {"url": "https://example.org/my report"}}}"#, Some("write a space as %20")),
    (
        r#"{"source": {"http": {"url": "https://ann:hunter2@example.org"}}}"#,
        Some("put them into a Secret and refer to it with secretRef"),
    ),
    (
        r#"{"source": {"http": {"url": "http://example.org", "insecure": true, "secretRef": {"name": "a"}}}}"#,
        Some("need an https:// address"),
    ),
    (
        r#"{"source": {"http": {"url": "https://example.org", "timeout": "soon"}}}"#,
        Some("http.timeout must be a duration"),
    ),
    (
        r#"{"source": {"http": {"url": "https://example.org", "timeout": "10m"}}}"#,
        Some("http.timeout must lie between 1s and 5m"),
    ),
    (
        r#"{"source": {"http": {"url": "https://example.org", "timeout": "1ms"}}}"#,
        Some("http.timeout must lie between 1s and 5m"),
    ),
    (r#"{"source": {"inline": "x"}, "interval": "1d"}"#, Some("units ms, s, m or h, for example 30m")),
    (r#"{"source": {"inline": "x"}, "interval": "30s"}"#, Some("interval must be at least 1m")),
    (
        r#"{"source": {"inline": "x"}, "format": "PDF"}"#,
        Some(r#"supported values: "Auto", "Text", "Markdown", "HTML""#),
    ),
    (r#"{"source": {"inline": "x"}, "language": "dutch"}"#, Some("two-letter ISO 639-1 code in lower case")),
    (r#"{"source": {"inline": "x"}, "language": "NL"}"#, Some("for example nl, de, en, fr or es")),
    (r#"{"source": {"inline": "x"}, "language": "xx"}"#, Some("for example nl, de, en, fr or es")),
    (
        r#"{"source": {"inline": "x"}, "event": {"startDate": "2024-02-31"}}"#,
        Some("event.startDate must be a day that exists"),
    ),
    (
        r#"{"source": {"inline": "x"}, "event": {"endDate": "2023-02-29"}}"#,
        Some("event.endDate must be a day that exists"),
    ),
    (
        r#"{"source": {"inline": "x"}, "summary": {"maxWords": 5}}"#,
        Some("summary.maxWords must lie between 20 and 500"),
    ),
    (
        r#"{"source": {"inline": "x"}, "summary": {"maxWords": 501}}"#,
        Some("summary.maxWords must lie between 20 and 500"),
    ),
    (r#"{"source": {"inline": "x"}, "event": {"year": 24}}"#, Some("event.year must be a year between 2000 and 2100")),
    (
        r#"{"source": {"inline": "x"}, "event": {"startDate": "19/03/2024"}}"#,
        Some("event.startDate must be a day that exists, as YYYY-MM-DD"),
    ),
    (
        r#"{"source": {"inline": "x"}, "event": {"startDate": "2024-03-22", "endDate": "2024-03-19"}}"#,
        Some("event.endDate must not lie before event.startDate"),
    ),
    (
        r#"{"source": {"inline": "x"}, "catalogRefs": [{"name": "Our Catalog"}]}"#,
        Some("name must be the name of a resource in this namespace"),
    ),
];

#[test]
fn good_specs_are_accepted_and_bad_ones_get_a_message_that_says_what_to_write_instead() {
    let namespace = cluster().namespace("admission").unwrap();
    let bad = SPECS.iter().filter(|(_, message)| message.is_some()).count();
    assert!(bad >= 25, "the table should hold at least 25 bad specs, it holds {bad}");
    for (number, (spec, expected)) in SPECS.iter().enumerate() {
        let manifest = format!(
            r#"{{"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {{"name": "r{number}"}}, "spec": {spec}}}"#
        );
        match (cluster().apply(&namespace, &manifest), expected) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) => {
                let message = error.to_string();
                assert!(
                    message.contains(expected),
                    "{spec}\nshould be refused with {expected:?}, but was with\n{message}"
                );
                assert!(!message.contains("hunter2"), "the message repeats a password: {message}");
            }
            (Ok(_), Some(expected)) => panic!("{spec}\nshould be refused with {expected:?}, but was accepted"),
            (Err(error), None) => panic!("{spec}\nshould be accepted, but was refused with\n{error}"),
        }
    }
}

#[test]
fn a_text_that_is_too_long_for_the_spec_is_sent_to_a_config_map() {
    let namespace = cluster().namespace("inline").unwrap();
    let manifest = |length: usize| {
        serde_json::json!({
            "apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": format!("r{length}")},
            "spec": {"source": {"inline": "x".repeat(length)}},
        })
        .to_string()
    };
    cluster().apply(&namespace, &manifest(65_536)).unwrap();
    let message = cluster().apply(&namespace, &manifest(65_537)).unwrap_err().to_string();
    assert!(message.contains("put a longer text into a ConfigMap"), "{message}");
}

#[test]
fn a_new_report_does_not_look_current_before_anybody_has_seen_it() {
    let namespace = cluster().namespace("unseen").unwrap();
    let manifest = r#"{"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": "new"}, "spec": {"source": {"inline": "x"}}}"#;
    cluster().apply(&namespace, manifest).unwrap();
    let kubectl = |path: &str| {
        cluster()
            .control_plane()
            .run_kubectl(&["-n", &namespace, "get", "cfr", "new", "-o", &format!("jsonpath={path}")])
            .unwrap()
    };
    assert_eq!(kubectl("{.status.observedGeneration}"), "-1");
    assert_eq!(
        kubectl("{.spec.interval} {.spec.format} {.spec.summary.maxWords} {.spec.suspend}"),
        "1h Auto 120 false"
    );
}

#[test]
fn kubectl_explain_reads_well() {
    let text = cluster().control_plane().run_kubectl(&["explain", "conferencereport.spec.source"]).unwrap();
    for expected in
        ["Exactly one of configMapRef, http and inline", "configMapRef", "Text fetched from a URL", "seen at once"]
    {
        let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains(expected), "{expected:?} is missing in\n{text}");
    }
    for path in ["conferencereport.spec", "conferencereport.status", "reportcatalog.spec.projects"] {
        let text = cluster().control_plane().run_kubectl(&["explain", path]).unwrap();
        assert!(!text.contains("<no description>"), "{path} has a field without a description:\n{text}");
    }
}
