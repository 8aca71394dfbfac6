//! Words near a name that speak of software, of a company, or of a position in one, in five languages. Data and a look-up; pure functions.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::catalog::fold::Folded;

/// What a word near a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cue {
    /// Software is spoken of: "cluster", "Projekt", "déployer".
    Software,
    /// A company is spoken of: "startup", "CEO", "klant".
    Company,
    /// A position in a company: "CTO", "Entwickler".
    Role,
}

impl Cue {
    /// Number of kinds.
    pub(super) const COUNT: usize = 3;
}

/// Starts of words (a trailing space asks for the whole word) that speak of software.
const SOFTWARE: &[&str] = &[
    "project",
    "projekt",
    "projet",
    "proyecto",
    "tool",
    "werkzeug",
    "outil",
    "herramienta",
    "cncf",
    "cluster",
    "kubernetes",
    "k8s",
    "gitops",
    "container",
    "contenedor",
    "conteneur",
    "cloud native",
    "open source",
    "opensource",
    "operator",
    "opérateur",
    "operador",
    "sandbox",
    "incubat",
    "graduat",
    "graduier",
    "deploy",
    "déploi",
    "déploy",
    "desplieg",
    "despleg",
    "ausroll",
    "uitrol",
    "pods ",
    "yaml",
    "manifest",
    "registry",
    "registries",
    "service mesh",
    "pipeline",
    "observab",
    "monitoring",
    "metric",
    "metriek",
    "metrik",
    "métrique",
    "métrica",
    "github",
    "plugin",
    "controller",
    "contrôleur",
    "controlador",
    "microservice",
    "open policy",
    "workload",
    "sidecar",
    "namespace",
    "ingress",
    "crd ",
    "crds ",
    "helm chart",
    "api gateway",
    "framework",
    "runtime",
    "backend",
    "install",
    "konfigur",
    "configur",
    "implementa",
    "implementeer",
    "implementier",
    "dashboard",
    "ci cd",
    "continuous",
    "proxy",
    "provision",
    "multi tenan",
    "multi cluster",
    "backup",
    "secrets",
    "scanner",
    "scan ",
    "vulnerab",
    "kwetsbaarhe",
    "schwachstelle",
    "maintainer",
    "contributor",
    "commits",
    "upstream",
    "release",
    "repository",
    "daemonset",
    "statefulset",
    "virtual machine",
    "llm",
    "gpu",
    "inference",
    "database",
    "datenbank",
    "base de datos",
    "base de données",
];

/// Starts of words that speak of a company.
const COMPANY: &[&str] = &[
    "startup",
    "start up",
    "company",
    "companies",
    "firma",
    "firmen",
    "unternehmen",
    "hersteller",
    "anbieter",
    "kunde",
    "bedrijf",
    "bedrijven",
    "leverancier",
    "klant",
    "entreprise",
    "société",
    "éditeur",
    "fournisseur",
    "client ",
    "clients ",
    "empresa",
    "compañía",
    "proveedor",
    "cliente",
    "vendor",
    "customer",
    "sponsor",
    "booth",
    "stand ",
    "stände",
    "messestand",
    "kiosk",
    "founder",
    "founded",
    "gegründet",
    "gründer",
    "gründung",
    "opgericht",
    "oprichter",
    "fondé",
    "fondateur",
    "fundad",
    "fundador",
    "acquire",
    "acquisition",
    "übernahme",
    "übernommen",
    "übernimmt",
    "overname",
    "overgenomen",
    "racheté",
    "rachat",
    "adquir",
    "adquisición",
    "announced",
    "announces",
    "kündigte",
    "kündigt",
    "aangekondigd",
    "kondigde",
    "kondigt",
    "annoncé",
    "annonce ",
    "anunció",
    "anuncia ",
    "revenue",
    "umsatz",
    "omzet",
    "investor",
    "funding",
    "employee",
    "mitarbeiter",
    "medewerker",
    "werknemer",
    "employé",
    "salarié",
    "empleado",
    "team at",
    "team bei",
    "team von",
    "team van",
    "member",
    "mitglied",
    "lid van",
    "membre",
    "miembro",
    "headquarter",
    "gmbh",
    "inc ",
    "inc.",
    "ltd",
    "b.v.",
    "s.a.",
];

/// Starts of words for a position.
const ROLE: &[&str] = &[
    "ceo",
    "cto",
    "ciso",
    "cio ",
    "cpo ",
    "cfo",
    "vp ",
    "vice president",
    "president",
    "chief",
    "director",
    "direktor",
    "directeur",
    "directrice",
    "engineer",
    "ingenieur",
    "ingénieur",
    "ingenier",
    "entwickler",
    "ontwikkelaar",
    "développeu",
    "desarrollador",
    "architect",
    "architekt",
    "architecte",
    "arquitect",
    "product manager",
    "manager",
    "evangelist",
    "advocate",
    "head of",
    "leiter",
    "lead ",
    "leads ",
    "researcher",
    "consultant",
    "berater",
    "founder",
    "gründer",
    "oprichter",
    "fondateur",
    "fundador",
    "geschäftsführer",
    "responsable",
    "speaker",
    "spreker",
    "sprecher",
    // whoever is named by the company alone: "a colleague of", "Leute von", "quelqu'un de chez"
    "colleague",
    "kolleg",
    "collega",
    "collègue",
    "colega ",
    "people",
    "folks",
    "leute",
    "mensen van",
    "mensen bij",
    "someone",
    "somebody",
    "jemand",
    "iemand",
    "quelqu'un",
    "alguien",
];

struct Lists {
    automaton: Option<AhoCorasick>,
    cues: Vec<Cue>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let lists = [(Cue::Software, SOFTWARE), (Cue::Company, COMPANY), (Cue::Role, ROLE)];
    let (words, cues): (Vec<&str>, Vec<Cue>) =
        lists.iter().flat_map(|(cue, words)| words.iter().map(|word| (*word, *cue))).unzip();
    Lists { automaton: AhoCorasick::builder().match_kind(MatchKind::Standard).build(words).ok(), cues }
});

/// All cues in a part of a text with where they stand, in text order.
pub(super) fn find(text: &str, span: Range<usize>) -> Vec<(Cue, Range<usize>)> {
    let Some(automaton) = &LISTS.automaton else { return Vec::new() };
    let folded = Folded::new(text, span);
    let mut found: Vec<(Cue, Range<usize>)> = automaton
        .find_overlapping_iter(&folded.text)
        .filter(|hit| {
            // German and Dutch put such words at the end of compounds too, but there they say less; only starts of words count.
            folded
                .text
                .get(..hit.start())
                .and_then(|before| before.chars().next_back())
                .is_none_or(|c| !c.is_alphanumeric())
        })
        .filter_map(|hit| {
            let cue = *LISTS.cues.get(hit.pattern().as_usize())?;
            Some((cue, folded.original(hit.start()..hit.end())?))
        })
        .collect();
    found.sort_by_key(|(cue, range)| (range.start, range.end, *cue));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_are_found_at_starts_of_words_in_five_languages() {
        let text = "Der Hersteller, ein outil déployé, el proyecto, de klant; precluster";
        let found: Vec<_> = find(text, 0..text.len()).into_iter().map(|(cue, range)| (cue, &text[range])).collect();
        let want = [
            (Cue::Company, "Hersteller"),
            (Cue::Software, "outil"),
            (Cue::Software, "déploy"),
            (Cue::Software, "proyecto"),
            (Cue::Company, "klant"),
        ];
        assert_eq!(found, want);
    }
}
