//! The variants of a spelling that need not be written in the catalog. Pure functions.
//!
//! Hyphens count as spaces in folded text, so only joined and split spellings, acronyms in parentheses and vendor prefixes are left.

use serde::{Deserialize, Serialize};

use super::fold::fold;
use super::{Matching, Surface};

/// How a spelling was derived from what the catalog writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Variant {
    /// As written, but for case, spaces and hyphens.
    Written,
    /// Words written as one: "Argo CD", "ArgoCD".
    Joined,
    /// A word with inner capitals taken apart: "JenkinsX", "Jenkins X". Counts only with a capital at each word, since parts are often ordinary words.
    Split,
    /// Without a prefix or suffix such as "Apache" or "Project". Never plain.
    Short,
    /// The acronym in parentheses after a name. Never plain.
    Acronym,
}

/// Words before or after a name that people leave out.
const PREFIXES: [&str; 2] = ["Apache ", "Project "];
const SUFFIXES: [&str; 1] = [" Project"];

/// All folded variants of a spelling with how careful to be with each. The written one comes first.
pub fn variants(surface: &Surface) -> Vec<(String, Matching, Variant)> {
    let mut found: Vec<(String, Matching, Variant)> = Vec::new();
    let mut add = |text: String, matching: Matching, variant| {
        if !text.is_empty() && !found.iter().any(|(known, _, _)| *known == text) {
            found.push((text, matching, variant));
        }
    };
    let written = surface.text.trim();
    let (base, inner) = parentheses(written);
    add(fold(written), surface.matching, Variant::Written);
    if let Some(inner) = inner {
        add(fold(base), surface.matching, Variant::Written);
        if is_acronym(inner) {
            add(fold(inner), surface.matching.max(Matching::NeedsEvidence), Variant::Acronym);
        }
    }
    for text in [Some(base), shortened(base)].into_iter().flatten() {
        let (matching, variant) = if text == base {
            (surface.matching, Variant::Written)
        } else {
            (surface.matching.max(Matching::NeedsEvidence), Variant::Short)
        };
        if variant == Variant::Short {
            add(fold(text), matching, variant);
        }
        let folded = fold(text);
        let words: Vec<&str> = folded.split(' ').collect();
        // Long names are not written as one word, and two-letter joins ("k 3", "go to") are words of their own.
        let joined = words.concat();
        if (2..=3).contains(&words.len()) && joined.chars().count() >= 5 && joined.chars().count() <= 24 {
            add(joined, matching, if variant == Variant::Short { variant } else { Variant::Joined });
        }
        if let Some(split) = camel_split(text) {
            add(fold(&split), matching, if variant == Variant::Short { variant } else { Variant::Split });
        }
    }
    found
}

/// Takes "Name (inner)" apart.
fn parentheses(text: &str) -> (&str, Option<&str>) {
    if let Some((base, rest)) = text.split_once('(')
        && let Some(inner) = rest.trim_end().strip_suffix(')')
        && !base.trim().is_empty()
    {
        return (base.trim(), Some(inner.trim()));
    }
    (text, None)
}

/// Two to six characters, most of them capitals.
fn is_acronym(text: &str) -> bool {
    let letters = text.chars().count();
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    (2..=6).contains(&letters) && text.chars().all(char::is_alphanumeric) && capitals * 2 >= letters && capitals >= 2
}

/// The name without a prefix or suffix that people leave out, where what is left is a name of at least four letters.
fn shortened(text: &str) -> Option<&str> {
    let rest = PREFIXES
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .or_else(|| SUFFIXES.iter().find_map(|suffix| text.strip_suffix(suffix)))?
        .trim();
    (rest.chars().count() >= 4).then_some(rest)
}

/// A word with inner capitals, taken apart at them: "JenkinsX" gives "Jenkins X", "OpenTelemetry" gives "Open Telemetry", "KubeDB" gives "Kube DB".
fn camel_split(text: &str) -> Option<String> {
    if text.contains(' ') || text.contains('-') || text.chars().count() < 6 {
        return None;
    }
    let mut split = String::with_capacity(text.len() + 2);
    let mut previous = None::<char>;
    let mut parts = 1;
    for c in text.chars() {
        if c.is_uppercase() && previous.is_some_and(char::is_lowercase) {
            split.push(' ');
            parts += 1;
        }
        split.push(c);
        previous = Some(c);
    }
    // A first part of one letter ("iOS", "eBay") is no word.
    let first = split.split(' ').next().map_or(0, |part| part.chars().count());
    (parts > 1 && first >= 3 && text.chars().all(char::is_alphanumeric)).then_some(split)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str) -> Vec<String> {
        variants(&Surface { text: name.to_owned(), ..Surface::default() })
            .into_iter()
            .map(|(text, _, _)| text)
            .collect()
    }

    #[test]
    fn joins_splits_and_shortens() {
        let table: [(&str, &[&str]); 10] = [
            ("JenkinsX", &["jenkinsx", "jenkins x"]),
            ("Argo CD", &["argo cd", "argocd"]),
            ("cert-manager", &["cert manager", "certmanager"]),
            ("OpenTelemetry", &["opentelemetry", "open telemetry"]),
            ("Apache Kafka", &["apache kafka", "apachekafka", "kafka"]),
            ("Project Calico", &["project calico", "projectcalico", "calico"]),
            ("Open Policy Agent (OPA)", &["open policy agent (opa)", "open policy agent", "opa", "openpolicyagent"]),
            ("k3s", &["k3s"]),
            ("eBPF", &["ebpf"]),
            ("C++", &["c++"]),
        ];
        for (name, want) in table {
            assert_eq!(texts(name), want, "{name}");
        }
    }

    #[test]
    fn what_is_left_of_a_longer_name_is_never_plain() {
        for (text, matching, variant) in variants(&Surface { text: "Apache Spark".into(), matching: Matching::Plain }) {
            assert_eq!(matching == Matching::Plain, variant != Variant::Short, "{text}");
        }
    }
}
