//! What the event rules make of whole texts, with the built-in catalog.

use jiff::civil::date;

use super::*;
use crate::analysis::{Block, BlockKind};

/// A document of these paragraphs; "# " makes a heading. A paragraph is split after ". ".
pub(super) fn document(paragraphs: &[&str]) -> (Document, Vec<Sentence>) {
    let (mut document, mut sentences) = (Document::default(), Vec::new());
    for paragraph in paragraphs {
        let (kind, text) = match paragraph.strip_prefix("# ") {
            Some(heading) => (BlockKind::Heading(2), heading),
            None => (BlockKind::Paragraph, *paragraph),
        };
        let start = document.text.len();
        let block = document.blocks.len();
        let mut from = 0;
        for (at, _) in text.match_indices(". ").filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_ascii_digit())) {
            sentences.push(Sentence { span: start + from..start + at + 1, block });
            from = at + 2;
        }
        sentences.push(Sentence { span: start + from..start + text.len(), block });
        document.text.push_str(text);
        document.blocks.push(Block { kind, span: start..document.text.len(), links: Vec::new() });
        document.text.push('\n');
    }
    (document, sentences)
}

struct Case<'a> {
    title: Option<&'a str>,
    published: Option<jiff::civil::Date>,
    text: &'a [&'a str],
}

fn text<'a>(text: &'a [&'a str]) -> Case<'a> {
    Case { title: None, published: None, text }
}

fn event_of(case: &Case<'_>, hints: &EventHints) -> Option<Event> {
    let (mut document, sentences) = document(case.text);
    document.title = case.title.map(str::to_owned);
    document.published = case.published;
    let catalog = Catalog::builtin();
    find(&document, &sentences, &Words::of_document(&document), &catalog, &Lexicon::new(&catalog.languages), hints)
}

/// Edition, city, days and inferred fields in one line.
fn show(event: &Option<Event>) -> String {
    let Some(event) = event else { return "none".to_owned() };
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{} | {} | {} | {}..{} | {}",
        or(&event.name).replace("KubeCon + CloudNativeCon", "KC"),
        or(&event.edition),
        or(&event.location),
        or(&event.start_date),
        or(&event.end_date),
        event.inferred.join(",")
    )
}

fn check(case: &Case<'_>, want: &str) {
    assert_eq!(show(&event_of(case, &EventHints::default())), want, "{:?} {:?}", case.title, case.text);
}

const TALKS: &str = "We attended many talks about Kubernetes, and the keynote was about containers.";

#[test]
fn what_the_text_states_is_not_inferred() {
    for (paragraph, want) in [
        (
            "Vom 2. bis 4. Mai fand in Kopenhagen die KubeCon + CloudNativeCon Europe 2018 statt.",
            "KC | Europe 2018 | Copenhagen | 2018-05-02..2018-05-04 | ",
        ),
        (
            "Van 19 t/m 22 maart was ons team op KubeCon Europe 2024 in Parijs.",
            "KC | Europe 2024 | Paris | 2024-03-19..2024-03-22 | ",
        ),
        (
            "La KubeCon Europe 2022 s'est tenue à Valence du 16 au 20 mai 2022.",
            "KC | Europe 2022 | Valencia | 2022-05-16..2022-05-20 | ",
        ),
        (
            "Del 10 al 13 de noviembre se celebró en Atlanta la KubeCon NA 2025.",
            "KC | North America 2025 | Atlanta | 2025-11-10..2025-11-13 | ",
        ),
        (
            "KubeCon EU '23 took place in Amsterdam, April 18-21, 2023.",
            "KC | Europe 2023 | Amsterdam | 2023-04-18..2023-04-21 | ",
        ),
    ] {
        check(&text(&[paragraph, TALKS]), want);
    }
}

#[test]
fn an_edition_follows_from_a_city_and_a_year_or_from_its_days() {
    check(
        &text(&["In 2018 we went to KubeCon in Seattle.", TALKS]),
        "KC | North America 2018 | Seattle | 2018-12-10..2018-12-13 | edition,startDate,endDate",
    );
    check(
        &text(&["From 1 to 4 April the KubeCon filled the halls in London.", TALKS]),
        "KC | Europe 2025 | London | 2025-04-01..2025-04-04 | edition,year",
    );
}

#[test]
fn a_day_of_publication_is_not_a_day_of_the_event() {
    check(
        &text(&["Posted on May 23, 2022 by the cloud team", "KubeCon Europe 2022 was a feast.", TALKS]),
        "KC | Europe 2022 | Valencia | 2022-05-16..2022-05-20 | location,startDate,endDate",
    );
    check(
        &text(&["23/05/2022 • Cloud Team", "KubeCon Europe 2022 was a feast.", TALKS]),
        "KC | Europe 2022 | Valencia | 2022-05-16..2022-05-20 | location,startDate,endDate",
    );
}

#[test]
fn the_year_may_follow_from_the_day_of_publication() {
    let published = Some(date(2026, 3, 29));
    check(
        &Case { published, ..text(&["Last week the KubeCon Europe was held.", TALKS]) },
        "KC | Europe 2026 | Amsterdam | 2026-03-23..2026-03-26 | edition,year,location,startDate,endDate",
    );
    // it does not decide alone
    check(&Case { published, ..text(&["Last week we were at the KubeCon.", TALKS]) }, "KC | - | - | -..- | ");
    check(&text(&["Last week the KubeCon Europe was held.", TALKS]), "KC | - | - | -..- | ");
}

#[test]
fn last_years_and_next_years_editions_are_told_apart() {
    check(
        &text(&[
            "Na de geslaagde KubeCon 2023 in Amsterdam trok de conferentie dit jaar naar Parijs. Van 19 t/m 22 maart kwamen duizenden mensen.",
            TALKS,
            "Volgend jaar zien we elkaar in Londen, van 1 tot en met 4 april 2025.",
        ]),
        "KC | Europe 2024 | Paris | 2024-03-19..2024-03-22 | edition,year",
    );
    check(
        &text(&[
            "KubeCon Europe 2025 in London was bigger than ever.",
            "Compared to Paris last year, the talks were better. The keynote was packed.",
            "See you at KubeCon Europe 2026 in Amsterdam, March 23-26!",
        ]),
        "KC | Europe 2025 | London | 2025-04-01..2025-04-04 | startDate,endDate",
    );
    check(
        &text(&[
            "La KubeCon Europe 2024 a eu lieu à Paris, après Amsterdam l'année dernière.",
            "Les conférences étaient passionnantes. Rendez-vous l'année prochaine à Londres.",
        ]),
        "KC | Europe 2024 | Paris | 2024-03-19..2024-03-22 | startDate,endDate",
    );
}

#[test]
fn an_edition_that_was_announced_when_the_text_appeared_is_not_the_one_it_is_about() {
    let case = Case {
        title: Some("Eindrücke aus Atlanta"),
        published: Some(date(2025, 11, 24)),
        text: &[
            "Vor einem Jahr, in Salt Lake City, war das auf der KubeCon noch anders.",
            "Auf der nordamerikanischen Ausgabe, die vom 10. bis zum 13. November in Atlanta stattfand, ging es um Modelle. Die Vorträge waren voll.",
            "Ingress NGINX wird im März 2026 eingestellt. Die nächste europäische Ausgabe steigt vom 23. bis 26. März 2026 in Amsterdam.",
        ],
    };
    check(&case, "KC | North America 2025 | Atlanta | 2025-11-10..2025-11-13 | edition,year");
}

#[test]
fn days_beside_the_only_mention_of_the_name_make_it_the_subject() {
    let mut text = vec![
        "Rund 4.300 Menschen kamen vom 2. bis 4. Mai zur KubeCon + CloudNativeCon, dreimal so viele wie im Vorjahr in Berlin.",
    ];
    text.extend(std::iter::repeat_n("Das Wetter war gut und der Kaffee auch.", 80));
    let case = Case { title: None, published: Some(date(2018, 5, 9)), text: &text };
    check(&case, "KC | Europe 2018 | Copenhagen | 2018-05-02..2018-05-04 | edition,year,location");
}

#[test]
fn a_larger_event_that_is_still_to_come_is_not_the_subject() {
    check(
        &text(&[
            "# Notes of a day: Kubernetes Community Days France 2023",
            "Centre Pompidou, Paris, 7 mars 2023",
            "La KubeCon d'Amsterdam, le mois prochain, coûte trop cher pour nous. Les orateurs des KCD étaient bons.",
        ]),
        "Kubernetes Community Days | France 2023 | Paris | 2023-03-07..2023-03-07 | ",
    );
}

#[test]
fn hashtags_name_editions_too() {
    check(
        &text(&["Back from #KubeConEU2024 with a full notebook.", TALKS]),
        "KC | Europe 2024 | Paris | 2024-03-19..2024-03-22 | location,startDate,endDate",
    );
}

#[test]
fn series_without_an_edition_of_that_year_are_named_by_city_and_year() {
    check(
        &text(&["Op 9 mei 2019 vond DevOpsDays Rotterdam 2019 plaats.", "De sprekers en de sessies waren goed."]),
        "DevOpsDays | Rotterdam 2019 | Rotterdam | 2019-05-09..2019-05-09 | ",
    );
    let event = event_of(
        &text(&["Wir waren am KCD Zürich 2022.", "Die Vorträge waren gut, die Sprecher auch."]),
        &EventHints::default(),
    );
    assert!(show(&event).starts_with("Kubernetes Community Days | Zurich 2022 | Zurich"), "{event:?}");
}

#[test]
fn a_co_located_event_is_the_subject_only_where_it_stands_alone() {
    let beside = event_of(&text(&["KubeCon NA 2023 in Chicago began with ArgoCon.", TALKS]), &EventHints::default());
    assert!(show(&beside).starts_with("KC | North America 2023 | Chicago"), "{beside:?}");
    let alone =
        event_of(&text(&["ArgoCon 2022 gathered users of Argo CD in Mountain View.", TALKS]), &EventHints::default());
    assert!(show(&alone).starts_with("ArgoCon | "), "{alone:?}");
    assert_eq!(alone.and_then(|event| event.year), Some(2022));
}

#[test]
fn a_larger_event_that_is_named_once_only_says_what_the_smaller_was_beside() {
    let report = [
        "Rejekts is where the refused talks go. Rejekts in Chicago ran on November 4 and 5, 2023, before KubeCon opened.",
        "We spoke about Kubernetes, Cilium and Envoy for two days. I learned more than I had hoped.",
    ];
    let event = event_of(&text(&report), &EventHints::default());
    assert!(show(&event).contains("2023-11-04..2023-11-05"), "{event:?}");
    assert_eq!(event.and_then(|event| event.name).as_deref(), Some("Cloud Native Rejekts"));
}

#[test]
fn a_full_date_beside_the_name_is_the_day_of_a_small_event() {
    let report = Case {
        title: Some("GitOpsCon Europe 2022 : une journée à Valence"),
        published: None,
        text: &[
            "Le mardi 17 mai 2022, la veille de KubeCon, GitOpsCon occupait une salle. Nous y avons parlé de GitOps.",
        ],
    };
    let event = event_of(&report, &EventHints::default());
    assert!(show(&event).contains("2022-05-17..2022-05-17"), "{event:?}");
}

#[test]
fn a_city_alone_tells_the_edition_of_a_cloud_native_report() {
    let report = [
        "Kubernetes was everywhere, and the CNCF showed its projects. Prometheus and Helm were in every talk.",
        "Security was a hot topic in Copenhagen, said the speakers. The keynote agreed: containers need care.",
    ];
    check(
        &text(&report),
        "KC | Europe 2018 | Copenhagen | 2018-05-02..2018-05-04 | name,edition,year,startDate,endDate",
    );
    check(&text(&["Our office in Copenhagen moved. The new rooms are light."]), "none");
}

#[test]
fn a_mention_in_passing_is_no_event() {
    let mut product = vec!["Our product backs up your databases."; 12];
    product.push("Meet us at KubeCon Europe 2024.");
    check(&text(&product), "none");
    check(&text(&["The harbour of Rotterdam moves containers day and night."]), "none");
}

#[test]
fn what_is_known_beforehand_leaves_nothing_of_another_edition() {
    let hints = EventHints { location: Some("Lyon".to_owned()), year: Some(2020), ..EventHints::default() };
    let case = text(&["Last week the KubeCon Europe was held.", TALKS]);
    let event = event_of(&Case { published: Some(date(2026, 3, 29)), ..case }, &hints);
    assert_eq!(show(&event), "KC | - | Lyon | -..- | ");
    assert_eq!(event.and_then(|event| event.year), Some(2020));
    let only = event_of(&text(&["Nothing here."]), &hints);
    assert_eq!(show(&only), "- | - | Lyon | -..- | ");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_fail(words in proptest::collection::vec(
        "(KubeCon|Europe|2018|’23|in|Paris|du|19|au|22|mars|next|year|,|\\. |\\PC{0,6})", 0..40)) {
        let text = words.join(" ");
        let first = event_of(&self::text(&[&text]), &EventHints::default());
        proptest::prop_assert_eq!(first, event_of(&self::text(&[&text]), &EventHints::default()));
    }
}

#[test]
fn titles_and_short_notes_are_enough() {
    for (title, published, paragraph, want) in [
        (
            "KubeCon + CloudNativeCon Europe 2025: day one",
            None,
            "The first day was full.",
            "KC | Europe 2025 | London | 2025-04-01..2025-04-04 | location,startDate,endDate",
        ),
        (
            "Kubecon 2019 San Diego",
            None,
            "Sun.",
            "KC | North America 2019 | San Diego | 2019-11-18..2019-11-21 | edition,startDate,endDate",
        ),
        (
            "KubeCon North America 2020 (Virtual)",
            None,
            "From my couch.",
            "KC | North America 2020 | - | 2020-11-17..2020-11-20 | startDate,endDate",
        ),
        (
            "Retour de KubeCon : Londres 2025",
            None,
            "Quatre jours.",
            "KC | Europe 2025 | London | 2025-04-01..2025-04-04 | edition,startDate,endDate",
        ),
        (
            "KubeCon Valencia",
            None,
            "Vier Tage.",
            "KC | Europe 2022 | Valencia | 2022-05-16..2022-05-20 | edition,year,startDate,endDate",
        ),
        // two editions were in Barcelona
        ("KubeCon Barcelona", None, "Vier Tage.", "KC | - | Barcelona | -..- | "),
        (
            "KubeCon Barcelona",
            Some(date(2019, 6, 2)),
            "Vier Tage.",
            "KC | Europe 2019 | Barcelona | 2019-05-20..2019-05-23 | edition,year,startDate,endDate",
        ),
        (
            "KubeCon 2024",
            Some(date(2024, 11, 20)),
            "We were there with six people.",
            "KC | North America 2024 | Salt Lake City | 2024-11-12..2024-11-15 | edition,location,startDate,endDate",
        ),
        (
            "Open Source Summit Europe 2022",
            None,
            "Dublin, 13–16 September",
            "Open Source Summit | Europe 2022 | Dublin | 2022-09-13..2022-09-16 | ",
        ),
        (
            "KubeCon + Open Source Summit China 2024",
            None,
            "Hong Kong, August 21-23, 2024",
            "KC | China 2024 | Hong Kong | 2024-08-21..2024-08-23 | ",
        ),
        (
            "Eindrücke",
            Some(date(2025, 4, 9)),
            "Letzte Woche war ich in London auf der KubeCon. Nächstes Jahr ist sie vom 23. bis 26. März 2026 in Amsterdam.",
            "KC | Europe 2025 | London | 2025-04-01..2025-04-04 | edition,year,startDate,endDate",
        ),
        (
            "Notes",
            None,
            "KubeCon, Seattle, Dec. 10-13, 2018",
            "KC | North America 2018 | Seattle | 2018-12-10..2018-12-13 | edition",
        ),
        (
            "Container Days 2019",
            None,
            "Vom 24. bis 26. Juni waren wir in Hamburg.",
            "ContainerDays | 2019 | Hamburg | 2019-06-24..2019-06-26 | ",
        ),
    ] {
        check(&Case { title: Some(title), published, text: &[paragraph, TALKS] }, want);
    }
}
