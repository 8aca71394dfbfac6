//! Encodings, as servers declare them, as pages declare them, and as they are: read through the whole operator.

use encoding_rs::{Encoding, ISO_8859_2, ISO_8859_7, ISO_8859_15, KOI8_R, SHIFT_JIS, UTF_8, WINDOWS_1252};
use serde_json::json;
use testbed::report_server::{Page, ReportServer};

use crate::support::{Bench, report, secret};

const GERMAN: &str = "Größe und Kühle: über Öl für 5 Äpfel";
const EURO: &str = "Der Preis: 100 € – „günstig“";
const POLISH: &str = "Źródła i łąki, żółw na gałęzi";
const GREEK: &str = "Καλημέρα από την Αθήνα";

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, failed) = encoding.encode(text);
    assert!(!failed, "{} should have the letters of {text:?}", encoding.name());
    bytes.into_owned()
}

/// A page with the title; `head` goes before it.
fn page(head: &str, title: &str) -> String {
    format!(
        "<!doctype html><html><head>{head}<title>{title}</title></head><body><article><h1>{title}</h1><p>At KubeCon Europe 2023 in \
         Amsterdam we saw Cilium and Linkerd at work in a large Kubernetes cluster.</p></article></body></html>"
    )
}

#[test]
fn a_text_is_read_in_the_encoding_that_it_is_in() {
    let html = "text/html";
    let boms: [&[u8]; 3] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];
    let meta = |name: &str| format!("<meta charset={name}>");
    let old_meta = r#"<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-2">"#;
    let with = |bom: &[u8], bytes: Vec<u8>| [bom, &bytes].concat();
    let utf8 = |title: &str| page("", title).into_bytes();
    // What it is, what the server says, the bytes, and the title that must be read.
    let rows: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("UTF-8, declared", "text/html; charset=utf-8", utf8(GREEK), GREEK),
        ("UTF-8, not declared", html, utf8(POLISH), POLISH),
        ("UTF-8, declared as Latin-1", "text/html; charset=iso-8859-1", utf8(GERMAN), GERMAN),
        (
            "UTF-8 with BOM, declared as windows-1252",
            "text/html; charset=windows-1252",
            with(boms[0], utf8(EURO)),
            EURO,
        ),
        ("UTF-16LE with BOM", html, with(boms[1], utf16(&page("", GREEK), false)), GREEK),
        ("UTF-16BE with BOM", html, with(boms[2], utf16(&page("", POLISH), true)), POLISH),
        (
            "UTF-16LE with BOM, declared as UTF-8",
            "text/html; charset=utf-8",
            with(boms[1], utf16(&page("", EURO), false)),
            EURO,
        ),
        ("UTF-16BE, declared", "text/html; charset=utf-16be", utf16(&page("", GERMAN), true), GERMAN),
        ("UTF-16LE, not declared", html, utf16(&page("", GERMAN), false), GERMAN),
        ("windows-1252, declared", "text/html; charset=windows-1252", encoded(WINDOWS_1252, &page("", EURO)), EURO),
        (
            "windows-1252, declared as ISO-8859-1 as browsers read it",
            "text/html; charset=ISO-8859-1",
            encoded(WINDOWS_1252, &page("", EURO)),
            EURO,
        ),
        (
            "windows-1252, declared as UTF-8",
            "text/html; charset=utf-8",
            encoded(WINDOWS_1252, &page("", GERMAN)),
            GERMAN,
        ),
        ("windows-1252 by meta", html, encoded(WINDOWS_1252, &page(&meta("windows-1252"), EURO)), EURO),
        ("windows-1252, not declared", html, encoded(WINDOWS_1252, &page("", GERMAN)), GERMAN),
        (
            "ISO-8859-15, declared",
            "text/html; charset=\"ISO-8859-15\"",
            encoded(ISO_8859_15, &page("", "5 € für Öl")),
            "5 € für Öl",
        ),
        ("ISO-8859-2 by the old meta", html, encoded(ISO_8859_2, &page(old_meta, POLISH)), POLISH),
        ("ISO-8859-7, declared", "text/html; charset=iso-8859-7", encoded(ISO_8859_7, &page("", GREEK)), GREEK),
        (
            "ISO-8859-7 declared by the server, another by meta",
            "text/html; charset=iso-8859-7",
            encoded(ISO_8859_7, &page(&meta("iso-8859-2"), GREEK)),
            GREEK,
        ),
        ("KOI8-R by meta", html, encoded(KOI8_R, &page(&meta("koi8-r"), "Привет из Москвы")), "Привет из Москвы"),
        (
            "Shift_JIS, declared",
            "text/html; charset=shift_jis",
            encoded(SHIFT_JIS, &page("", "東京のレポート")),
            "東京のレポート",
        ),
        ("UTF-8 with a label that is none", "text/html; charset=planted", encoded(UTF_8, &page("", GERMAN)), GERMAN),
        ("UTF-8 by meta that says UTF-16", html, page(&meta("utf-16"), GERMAN).into_bytes(), GERMAN),
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(ReportServer::start()).unwrap();
    let port = format!("--http-allow-port={}", server.port());
    let bench = Bench::new("charsets", &["--http-allow-host=localhost", &port]);
    let mut items = vec![secret("ca", json!({"ca.crt": server.authority()}))];
    for (number, (_, content_type, bytes, _)) in rows.iter().enumerate() {
        let path = format!("page{number}");
        server.put(&path, Page::new(content_type, bytes.clone()));
        let http = json!({"url": server.url(&path), "certSecretRef": {"name": "ca"}});
        items.push(report(&path, json!({"source": {"http": http}})));
    }
    bench.apply_all(items);
    for (number, (what, _, _, title)) in rows.iter().enumerate() {
        let report = bench.until_ready(&format!("page{number}"));
        assert_eq!(report["status"]["title"], *title, "{what}");
    }
    println!("{} encodings and declarations", rows.len());
}
