//! Words near a name that speak of software, of a company, or of a position in one, in five languages. Data and a look-up; pure functions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::catalog::fold::Folded;
use crate::catalog::spellings::Spellings;

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
    spellings: Spellings,
    /// What each says; "founder" says two things.
    cues: Vec<Vec<Cue>>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut words: BTreeMap<&str, Vec<Cue>> = BTreeMap::new();
    for (cue, list) in [(Cue::Software, SOFTWARE), (Cue::Company, COMPANY), (Cue::Role, ROLE)] {
        for word in list {
            words.entry(word).or_default().push(cue);
        }
    }
    Lists { spellings: Spellings::new(words.keys()), cues: words.into_values().collect() }
});

/// All cues in a part of a text with where they stand, in text order. German and Dutch put such words at the end of compounds too, but there they
/// say less: only starts of words count.
pub(super) fn find(text: &str, span: Range<usize>) -> Vec<(Cue, Range<usize>)> {
    find_in(&Folded::new(text, span))
}

/// As [`find`], in a part of a text that is folded already.
pub(super) fn find_in(folded: &Folded) -> Vec<(Cue, Range<usize>)> {
    let mut found: Vec<(Cue, Range<usize>)> = Vec::new();
    for (start, rest) in folded.starts() {
        for (word, length) in LISTS.spellings.at(rest) {
            let Some(range) = folded.original(start..start + length) else { continue };
            found.extend(LISTS.cues.get(word).into_iter().flatten().map(|cue| (*cue, range.clone())));
        }
    }
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
