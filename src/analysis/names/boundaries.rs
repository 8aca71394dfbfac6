//! Where a name begins and ends in running text: word edges, possessives, plurals, hyphen compounds, solid compounds, addresses. Pure functions.
//!
//! Everything is decided on the original text, never on folded text. Offsets are byte offsets at character boundaries; an odd one is no edge.

use std::ops::Range;

/// What follows a name without a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing: the word ends.
    Clean,
    /// "Helm's", "Helm’s", "Kubernetes'".
    Possessive,
    /// A plural or genitive s: "Istios".
    Plural,
    /// "Helm-installatie".
    Compound,
    /// "Kubernetes-native": speaks of the name without naming it.
    Weak,
    /// "Kubernetescluster": the rest of a word for a name that is known to be written so.
    Solid,
}

/// Last parts of compounds that say "like it" or "made for it".
const WEAK_TAILS: [&str; 15] = [
    "native",
    "like",
    "compatible",
    "ähnlich",
    "style",
    "free",
    "less",
    "agnostic",
    "kompatibel",
    "konform",
    "compliant",
    "achtig",
    "vrij",
    "inspired",
    "based",
];

/// First parts of compounds that deny or precede the name.
const WEAK_HEADS: [&str; 6] = ["non", "anti", "pseudo", "ex", "nicht", "niet"];

/// Names that German and Dutch write together with a following word, and what may follow (empty: any word of at least four letters).
const SOLID: [(&str, &[&str]); 4] = [
    ("kubernetes", &[]),
    ("docker", &["container", "image", "host", "daemon"]),
    ("helm", &["chart"]),
    ("prometheus", &["metri", "exporter", "server"]),
];

/// Endings of host names that people write in running text.
const TOP_LEVEL_DOMAINS: [&str; 40] = [
    "com", "io", "dev", "org", "net", "de", "nl", "be", "fr", "es", "eu", "ch", "at", "uk", "us", "ai", "sh", "app",
    "cloud", "tech", "gov", "edu", "info", "me", "co", "tv", "gl", "it", "pt", "dk", "se", "pl", "in", "jp", "cn",
    "br", "mx", "blog", "ly", "be",
];

fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

fn after(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// The letters and digits that follow.
fn word_after(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// The letters and digits that precede.
fn word_before(text: &str, at: usize) -> &str {
    let rest = text.get(..at).unwrap_or_default();
    let start =
        rest.char_indices().rev().take_while(|(_, c)| c.is_alphanumeric()).last().map_or(rest.len(), |(i, _)| i);
    rest.get(start..).unwrap_or_default()
}

/// What a word ends in once folded to lower case.
fn starts_folded(word: &str, prefix: &str) -> bool {
    let mut letters = word.chars().flat_map(char::to_lowercase);
    prefix.chars().all(|c| letters.next() == Some(c))
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}' | '\u{2012}')
}

/// Whether a name may start at an offset.
pub(super) fn starts(text: &str, at: usize) -> bool {
    let Some(previous) = before(text, at) else { return true };
    if previous.is_alphanumeric() || matches!(previous, '_' | '$' | '\\') {
        return false;
    }
    // "Node.js" does not name "js"; but "Istio.Envoy" is a full stop without its space.
    if previous == '.' {
        let first = after(text, at);
        let stem = at.checked_sub(1).and_then(|dot| before(text, dot));
        return !stem.is_some_and(char::is_alphanumeric) || first.is_some_and(char::is_uppercase);
    }
    true
}

/// What a name that ends at an offset is followed by; none where it does not end there.
pub(super) fn tail(text: &str, span: &Range<usize>) -> Option<Tail> {
    let at = span.end;
    let name = text.get(span.clone())?;
    let Some(next) = after(text, at) else { return Some(Tail::Clean) };
    if next.is_alphanumeric() {
        return solid_tail(text, name, at);
    }
    let behind = at + next.len_utf8();
    match next {
        '_' => None,
        '\'' | '\u{2019}' | '\u{2018}' | '\u{b4}' | '`' => {
            let word = word_after(text, behind);
            Some(if word.is_empty() || word == "s" || word == "S" { Tail::Possessive } else { Tail::Clean })
        }
        '+' | '#' if name.chars().count() <= 2 => None,
        '.' => match after(text, behind) {
            Some(c) if c.is_ascii_digit() => None,
            Some(c) if c.is_lowercase() => None,
            _ => Some(Tail::Clean),
        },
        c if is_hyphen(c) => {
            let word = word_after(text, behind);
            if word.is_empty() {
                return Some(Tail::Clean);
            }
            Some(if WEAK_TAILS.iter().any(|weak| starts_folded(word, weak)) { Tail::Weak } else { Tail::Compound })
        }
        _ => Some(Tail::Clean),
    }
}

/// A plural s, or the rest of a solid compound.
fn solid_tail(text: &str, name: &str, at: usize) -> Option<Tail> {
    let rest = word_after(text, at);
    if rest == "s" && name.chars().count() >= 4 && !name.ends_with(['s', 'S']) {
        return Some(Tail::Plural);
    }
    let (_, allowed) = SOLID.iter().find(|(solid, _)| name.eq_ignore_ascii_case(solid))?;
    let fits = if allowed.is_empty() {
        rest.chars().count() >= 4 && rest.chars().all(char::is_lowercase)
    } else {
        allowed.iter().any(|start| starts_folded(rest, start))
    };
    fits.then_some(Tail::Solid)
}

/// Whether the name is the later part of a compound that denies it ("non-Kubernetes").
pub(super) fn weak_head(text: &str, start: usize) -> bool {
    let Some(hyphen) = before(text, start).filter(|c| is_hyphen(*c)) else { return false };
    let word = word_before(text, start - hyphen.len_utf8());
    WEAK_HEADS.iter().any(|weak| word.eq_ignore_ascii_case(weak))
}

/// The addresses in a part of a text: URLs, e-mail addresses, host names with or without a path, file names with a path. A name inside one
/// of them is no mention.
pub(super) fn addresses(text: &str, span: Range<usize>) -> Vec<Range<usize>> {
    let Some(part) = text.get(span.clone()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in part.char_indices().chain([(part.len(), ' ')]) {
        let inside = c.is_ascii_alphanumeric()
            || !c.is_whitespace()
                && !matches!(
                    c,
                    '<' | '>' | '"' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '“' | '”' | '«' | '»' | ',' | ';'
                );
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(first)) => {
                start = None;
                let token =
                    part.get(first..at).unwrap_or_default().trim_end_matches(['.', ':', '!', '?', '\'', '’', '…']);
                if is_address(token) {
                    found.push(span.start + first..span.start + first + token.len());
                }
            }
            _ => {}
        }
    }
    found
}

fn is_address(token: &str) -> bool {
    // Nearly all words.
    if !token.bytes().any(|byte| matches!(byte, b'.' | b':')) {
        return false;
    }
    if token.contains("://") || starts_folded(token, "www.") || starts_folded(token, "mailto:") {
        return true;
    }
    if token.starts_with('@') || token.starts_with('#') {
        return false;
    }
    let host = token.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = match host.split_once('@') {
        Some((user, host)) if !user.is_empty() && host.contains('.') => return !host.ends_with('.'),
        _ => host,
    };
    // A possessive after a host name does not end it: "kubernetes.io's".
    let host = host.split(['\'', '’']).next().unwrap_or_default();
    let Some((stem, domain)) = host.rsplit_once('.') else { return false };
    // Full stops without a space behind ("Envoy.De") are told from host names by the capital.
    !stem.is_empty()
        && stem.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
        && TOP_LEVEL_DOMAINS.contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail_of(text: &str, name: &str) -> Option<Tail> {
        let at = text.find(name).unwrap();
        if !starts(text, at) {
            return None;
        }
        tail(text, &(at..at + name.len()))
    }

    #[test]
    fn a_name_ends_at_a_word_edge() {
        let table = [
            ("Helm is", "Helm", Some(Tail::Clean)),
            ("(Helm)", "Helm", Some(Tail::Clean)),
            ("Helm, Flux", "Helm", Some(Tail::Clean)),
            ("Istio/Envoy", "Envoy", Some(Tail::Clean)),
            ("Istio/Envoy", "Istio", Some(Tail::Clean)),
            ("Helmet", "Helm", None),
            ("Überhelm", "helm", None),
            ("Istio.Envoy folgt", "Istio", Some(Tail::Clean)),
            ("Istio.Envoy folgt", "Envoy", Some(Tail::Clean)),
            ("values.helm", "helm", None),
            ("helm.sh", "helm", None),
            ("MY_helm", "helm", None),
            ("d'Istio", "Istio", Some(Tail::Clean)),
            ("C++ and", "C", None),
        ];
        for (text, name, want) in table {
            assert_eq!(tail_of(text, name), want, "{name} in {text}");
        }
    }

    #[test]
    fn possessives_plurals_and_compounds_name_the_head() {
        let table = [
            ("Helm's charts", "Helm", Tail::Possessive),
            ("eBPF’s", "eBPF", Tail::Possessive),
            ("Kubernetes' API", "Kubernetes", Tail::Possessive),
            ("Istios Weg", "Istio", Tail::Plural),
            ("Linkerd-implementatie", "Linkerd", Tail::Compound),
            ("Buoyant-CEO", "Buoyant", Tail::Compound),
            ("Kubernetes-native tools", "Kubernetes", Tail::Weak),
            ("Kubernetes-ähnliche Systeme", "Kubernetes", Tail::Weak),
            ("Kubernetescluster", "Kubernetes", Tail::Solid),
            ("Helmcharts", "Helm", Tail::Solid),
            ("Dockercontainer", "Docker", Tail::Solid),
        ];
        for (text, name, want) in table {
            assert_eq!(tail_of(text, name), Some(want), "{name} in {text}");
        }
        assert_eq!(tail_of("Dockerize", "Docker"), None);
        assert!(weak_head("non-Kubernetes", 4));
        assert!(!weak_head("multi-Kubernetes", 6));
    }

    #[test]
    fn addresses_are_told_from_sentences() {
        let text = "See https://helm.sh/docs, mail ann@istio.io, argoproj.io/cd or kubernetes.io. Not Envoy.De facto, e.g. v1.2, @linkerd.";
        let found: Vec<&str> = addresses(text, 0..text.len()).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["https://helm.sh/docs", "ann@istio.io", "argoproj.io/cd", "kubernetes.io"]);
    }
}
