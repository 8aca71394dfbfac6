//! The rules on names as a reader would put them: texts in five languages, with the names that are really in them.

use proptest::prelude::*;

use super::testing::{catalog, document, sentences};
use super::*;
use crate::analysis::document::Link;
use crate::analysis::{Block, BlockKind, Format};
use crate::catalog::Catalog;

fn names_of(text: &str, language: Language) -> (Vec<String>, Vec<String>) {
    let catalog = catalog();
    let document = document(text);
    let names = find(&document, &sentences(&document), language, &catalog);
    (
        names.projects.iter().map(|found| catalog.projects[found.entry].name.clone()).collect(),
        names.organizations.iter().map(|found| catalog.organizations[found.entry].name.clone()).collect(),
    )
}

fn projects(text: &str, language: Language) -> Vec<String> {
    names_of(text, language).0
}

fn organizations(text: &str, language: Language) -> Vec<String> {
    names_of(text, language).1
}

/// Enough certain projects for a text to be one of ours, in no language.
const OURS: &str = "Kubernetes, Istio, Linkerd, Cilium.";

#[test]
fn ordinary_words_are_no_projects_in_texts_about_other_things() {
    let table = [
        (
            Language::En,
            "The harbor was quiet. Harbor pilots waited at the helm. A vault of stars; the first Draft of Keep was in flux.",
        ),
        (
            Language::En,
            "Sydney Harbor Bridge opened late. In Harbor Town the Vault was closed, and Helm was a name for a boat.",
        ),
        (Language::De, "Der Helm lag im Flux der Zeit. Sie fuhr ohne Helm, denn der Vault war zu. Ein Score von zehn."),
        (Language::Nl, "De Helm van de fietser brak. In Harbor Springs ligt een Vault, en Keep is een kasteel."),
        (Language::Fr, "Un Flux de voyageurs arrive. Le Score final est de deux. Harbor est une ville du Maine."),
        (Language::Es, "El Flux del río. La Draft de la temporada; Harbor es un pueblo, y Orange, una ciudad."),
    ];
    for (language, text) in table {
        assert_eq!(names_of(text, language), (Vec::new(), Vec::new()), "{text}");
    }
}

#[test]
fn ordinary_words_stay_words_in_our_own_texts() {
    let table = [
        (Language::En, "We slept in the Harbor Lights Hotel."),
        (Language::En, "This is only a first Draft, and the Draft is late."),
        (Language::Nl, "We sliepen in Hotel Harbor Lights."),
        (Language::De, "Der Helm der Fahrerin war rot."),
        (Language::En, "Keep in mind what the Score was."),
        (Language::En, "A talk by Edward Kong and Dr. Vault."),
    ];
    for (language, text) in table {
        let found = projects(&format!("{OURS}\n\n{text}"), language);
        assert_eq!(found, ["Kubernetes", "Istio", "Linkerd", "Cilium"], "{text}");
    }
}

/// Names of the built-in catalog in a text that names enough certain projects, in no language.
fn of_builtin(text: &str, language: Language) -> (Vec<String>, Vec<String>) {
    let catalog = Catalog::builtin();
    let document =
        document(&format!("Kubernetes, Istio, Linkerd, Cilium, Crossplane, Kyverno, containerd, Keycloak.\n\n{text}"));
    let names = find(&document, &sentences(&document), language, &catalog);
    let new = |entry: &usize| {
        !["Kubernetes", "Istio", "Linkerd", "Cilium", "Crossplane", "Kyverno", "containerd", "Keycloak"]
            .contains(&catalog.projects[*entry].name.as_str())
    };
    (
        names
            .projects
            .iter()
            .map(|found| found.entry)
            .filter(new)
            .map(|entry| catalog.projects[entry].name.clone())
            .collect(),
        names.organizations.iter().map(|found| catalog.organizations[found.entry].name.clone()).collect(),
    )
}

#[test]
fn what_stands_around_an_ordinary_word_makes_it_a_project() {
    let table = [
        (
            Language::En,
            "Calico policy ends up as iptables, with flannel for the plumbing in the cluster.",
            vec!["Calico", "Flannel"],
        ),
        (
            Language::En,
            "We write all names small: calico, falco and rook run in our cluster.",
            vec!["Calico", "Falco", "Rook"],
        ),
        (Language::De, "- Kargo (Akuity): Promotion zwischen Stages.", vec!["Kargo"]),
        (Language::De, "- Tilt wird noch genutzt; Skaffold ebenso.", vec!["Tilt", "Skaffold"]),
        (Language::Nl, "Alles draait in een cluster met kind op de laptop.", vec!["kind"]),
        (Language::Es, "Enseñó un modelo en un clúster de kind.", vec!["kind"]),
        (Language::Fr, "La démo tourne sur un cluster avec kind.", vec!["kind"]),
        (Language::En, "The new Agent Sandbox runs untrusted code in gVisor pods.", vec!["agent-sandbox", "gVisor"]),
        (Language::De, "Die Score-Workloadspec (Humanitec) beschreibt, was Entwickler brauchen.", vec!["Score"]),
        (Language::Nl, "vcluster had de grootste stand.", vec!["vCluster"]),
    ];
    for (language, text, want) in table {
        assert_eq!(of_builtin(text, language).0, want, "{text}");
    }
}

#[test]
fn an_ordinary_word_without_that_stays_one() {
    let table = [
        (Language::En, "Marek is at the helm of that script, and we found a vault-like cellar bar."),
        (Language::En, "Consider it a first draft; the flannel shirt was warm and the flux of visitors great."),
        (Language::Es, "Visitamos la Armada y bebimos una copa en Lima."),
        (Language::Fr, "Porter une application dans un conteneur reste un travail."),
        (Language::De, "Beim Kunden HPA gibt es nur zwei Racks."),
        (Language::De, "Mein Kasten im Schließfach blieb zu, der Teller war leer."),
        (Language::Nl, "Een kind van twaalf kan het starten, met zijn vader als envoy."),
        (Language::Es, "Fue muy kind, como dicen allí, y el portátil iba a despegar."),
    ];
    for (language, text) in table {
        assert_eq!(of_builtin(text, language), (Vec::new(), Vec::new()), "{text}");
    }
}

#[test]
fn companies_with_ordinary_names_are_known_by_those_who_speak_and_work_there() {
    let table = [
        (Language::Nl, "Orange, Vodafone en Bell Canada knikten mee.", "Orange"),
        (Language::Nl, "Alles draait op bare metal bij Packet, zei men.", "Packet"),
        (Language::Nl, "In de middag vertelde men dat Improbable presenteerde hoe het werkt.", "Improbable"),
        (Language::En, "They come from Twitter and it shows.", "Twitter"),
        (Language::De, "Die Telekom fährt ein paar hundert Cluster.", "Deutsche Telekom"),
    ];
    for (language, text, want) in table {
        let found = of_builtin(text, language).1;
        assert!(found.iter().any(|name| name == want), "{text}: {found:?}");
    }
}

#[test]
fn words_are_projects_where_the_text_speaks_for_it() {
    let table = [
        (Language::En, "They moved their clusters to Flux last year.", "Flux"),
        (Language::De, "Images liegen in Harbor, einer Registry im Cluster.", "Harbor"),
        (Language::Nl, "Secrets komen uit HashiCorp Vault.", "Vault"),
        (Language::Fr, "Nous installons tout avec Helm, dans chaque cluster.", "Helm"),
        (Language::Es, "El proyecto Harbor guarda las imágenes.", "Harbor"),
        (Language::En, "The CNCF project Keep was shown.", "Keep"),
        (Language::De, "Flux von Weaveworks war dabei.", "Flux"),
        (Language::Nl, "Met Flux CD en Flux ging het vanzelf.", "Flux"),
        (Language::En, "OPA decides what may run.", "Open Policy Agent (OPA)"),
    ];
    for (language, text, want) in table {
        let found = projects(&format!("{OURS}\n\n{text}"), language);
        assert!(found.iter().any(|name| name == want), "{want} in {text}: {found:?}");
    }
}

#[test]
fn one_meaning_holds_in_the_whole_document() {
    let text = format!("{OURS}\n\nThe GitOps tool Flux 2.1 runs in each cluster. Flux won.");
    let catalog = catalog();
    let document = document(&text);
    let names = find(&document, &sentences(&document), Language::En, &catalog);
    let flux = names.projects.iter().find(|found| catalog.projects[found.entry].name == "Flux").unwrap();
    assert_eq!(flux.mentions.len(), 2);
    assert_eq!(flux.version.as_deref(), Some("2.1"));
}

#[test]
fn the_sub_project_is_named_and_its_parent_only_on_its_own() {
    assert_eq!(projects("Argo CD und Cilium ClusterMesh", Language::De), ["Argo CD", "Cilium ClusterMesh"]);
    assert_eq!(projects("ArgoCD, argo-cd; Argo", Language::En), ["Argo CD", "Argo"]);
}

#[test]
fn possessives_and_compounds_count() {
    let table = [
        ("Die Istio-Installation, Istios Proxy.", "Istio"),
        ("Linkerd’s proxy", "Linkerd"),
        ("een Kubernetescluster", "Kubernetes"),
        ("l'Istio de demain", "Istio"),
        ("#cilium", "Cilium"),
        ("`linkerd check`", "Linkerd"),
    ];
    for (text, want) in table {
        assert_eq!(projects(text, Language::De), [want], "{text}");
    }
}

#[test]
fn addresses_and_code_name_nothing() {
    for text in ["https://istio.io/blog", "ask info@linkerd.io", "see cilium.io/docs", "```\nistio install\n```"] {
        assert_eq!(projects(text, Language::En), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn misspelt_names_are_found_beside_others() {
    assert_eq!(projects("Istio, Linkerd, Kaytena.", Language::De), ["Istio", "Linkerd", "Kayenta"]);
    assert_eq!(projects("Kaytena war eine Stadt.", Language::De), Vec::<String>::new());
}

#[test]
fn everyday_technology_is_recognised_but_not_reported() {
    assert_eq!(projects("Docker und Istio", Language::De), ["Istio"]);
}

#[test]
fn companies_are_told_from_their_products() {
    let table = [
        (Language::En, "We met the CEO of Sysdig.", (vec![], vec!["Sysdig"])),
        (Language::De, "Der Sysdig-CEO sprach.", (vec![], vec!["Sysdig"])),
        (Language::Nl, "De startup Sysdig had een stand.", (vec![], vec!["Sysdig"])),
        (Language::Fr, "Sysdig 0.38 est sorti.", (vec!["Sysdig"], vec![])),
        (Language::Es, "Hablamos de Sysdig.", (vec!["Sysdig"], vec!["Sysdig"])),
    ];
    for (language, text, (software, companies)) in table {
        let found = names_of(text, language);
        assert_eq!(
            found,
            (software.into_iter().map(str::to_owned).collect(), companies.into_iter().map(str::to_owned).collect()),
            "{text}"
        );
    }
}

#[test]
fn ordinary_words_are_companies_where_a_cue_says_so() {
    let ours = "Adidas, Spotify, Buoyant and Weaveworks were there with Istio.";
    let table = [
        (Language::En, "The CTO of Orange told how.", Some("Orange")),
        (Language::Fr, "Un ingénieur chez Orange a parlé.", Some("Orange")),
        (Language::En, "Customers: Adidas, Box, Spotify.", Some("Box")),
        (Language::En, "An orange light; Orange is a colour.", None),
        (Language::En, "Box lunches were fine.", None),
        (Language::En, "@spotify posted it", None),
    ];
    for (language, text, want) in table {
        let mut found = organizations(&format!("{ours}\n\n{text}"), language);
        found.retain(|name| !["Adidas", "Spotify", "Buoyant", "Weaveworks"].contains(&name.as_str()));
        assert_eq!(found, want.into_iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn a_full_product_name_names_its_vendor_too() {
    assert_eq!(organizations("HashiCorp Vault", Language::En), ["HashiCorp"]);
}

#[test]
fn a_link_to_its_own_site_is_a_cue() {
    let catalog = catalog();
    let mut document = document("We tried Keep with Istio, Linkerd and Cilium.");
    document.blocks[0].links.push(Link { span: 9..13, target: "https://www.keephq.dev/docs?x=1".into() });
    let names = find(&document, &sentences(&document), Language::En, &catalog);
    assert!(names.projects.iter().any(|found| catalog.projects[found.entry].name == "Keep"));
}

#[test]
fn furniture_names_nothing() {
    let catalog = catalog();
    let mut document = document("Istio");
    document.blocks[0] = Block { kind: BlockKind::Furniture, span: 0..5, links: Vec::new() };
    assert!(find(&document, &[], Language::En, &catalog).projects.is_empty());
}

#[test]
fn explanations_come_from_the_same_decisions() {
    let catalog = catalog();
    let document = document(
        "Istio, Linkerd, Cilium and Kubernetes in clusters with Flux.\n\nHarbor Lights Hotel, by Sysdig's CEO.",
    );
    let split = sentences(&document);
    let names = find(&document, &split, Language::En, &catalog);
    let accepted: usize = names.projects.iter().chain(&names.organizations).map(|found| found.mentions.len()).sum();
    let candidates = explain(&document, &split, Language::En, &catalog);
    assert_eq!(candidates.iter().filter(|candidate| candidate.accepted).count(), accepted);
    let harbor = candidates.iter().find(|candidate| candidate.name == "Harbor").unwrap();
    assert!(!harbor.accepted && harbor.score < 4 && harbor.evidence_text().contains("before an unknown word"));
}

/// Ordinary prose and texts crowded with tempting words, in five languages: at most 0.1 false projects per 1,000 words with the built-in catalog.
#[test]
fn ordinary_prose_names_hardly_any_project() {
    let lexicon = crate::analysis::Lexicon::new(&Catalog::builtin().languages);
    let catalog = Catalog::builtin();
    let (mut words, mut wrong) = (0, Vec::new());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for folder in ["prose", "negatives"] {
        let mut files: Vec<_> =
            std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for path in files {
            let format = match path.extension().and_then(|extension| extension.to_str()) {
                Some("md") => Format::Markdown,
                Some("html") => Format::Html,
                Some("txt") => Format::Text,
                _ => continue,
            };
            let text = std::fs::read_to_string(&path).unwrap();
            let document = crate::analysis::document::parse(&text, format, &lexicon).unwrap();
            let language = crate::analysis::language::detect(&document, &lexicon);
            let split = crate::analysis::sentences::split(&document, language, &lexicon);
            words += text.split_whitespace().count();
            let names = find(&document, &split, language, &catalog);
            wrong.extend(
                names
                    .projects
                    .iter()
                    .map(|found| format!("{}: {}", path.display(), catalog.projects[found.entry].name)),
            );
        }
    }
    println!("{} false projects in {words} words", wrong.len());
    assert!(words > 10_000 && wrong.len() * 10_000 <= words, "{wrong:#?}");
}

proptest! {
    #[test]
    fn any_text_is_searched_and_spans_are_parts_of_it(text in "(Flux|Istio|Argo CD|’s|-|, |\\.|\n\n|# |İ|é| |Kaytena|Kong|[a-zA-Z]{1,6}|\\PC){0,60}") {
        let catalog = catalog();
        let document = document(&text);
        for candidate in explain(&document, &sentences(&document), Language::Undetermined, &catalog) {
            prop_assert_eq!(document.text.get(candidate.span.clone()), Some(candidate.surface.as_str()));
        }
        let names = find(&document, &sentences(&document), Language::Nl, &catalog);
        for found in names.projects.iter().chain(&names.organizations) {
            prop_assert!(!found.mentions.is_empty());
            prop_assert!(found.mentions.windows(2).all(|pair| pair[0].span.start <= pair[1].span.start));
        }
    }
}

#[test]
fn a_word_of_another_language_with_a_capital_is_rather_a_name() {
    for (language, text, named) in [
        (Language::De, "Der Umzug von Flannel dauerte eine Nacht.", true),
        (Language::En, "It rained. Flannel was warm.", false),
    ] {
        assert_eq!(projects(&format!("{OURS} {text}"), language).contains(&"Flannel".to_owned()), named, "{text}");
    }
}

#[test]
fn the_french_and_spanish_word_for_of_is_no_article() {
    for (language, text) in [
        (Language::Fr, "Les tests de Harbor ont duré une semaine."),
        (Language::Es, "El registro de Harbor va por la segunda versión."),
    ] {
        assert!(projects(&format!("{OURS} {text}"), language).contains(&"Harbor".to_owned()), "{text}");
    }
}

#[test]
fn a_bare_spelling_is_the_company_where_its_product_has_a_name_of_its_own() {
    let (projects, organizations) = names_of(&format!("{OURS} The idea came from CoreOS last week."), Language::En);
    assert!(!projects.contains(&"CoreOS Container Linux".to_owned()), "{projects:?}");
    assert!(organizations.contains(&"CoreOS".to_owned()), "{organizations:?}");
    let (projects, _) = names_of(&format!("{OURS} We run CoreOS Container Linux."), Language::En);
    assert!(projects.contains(&"CoreOS Container Linux".to_owned()), "{projects:?}");
}
