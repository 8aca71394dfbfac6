//! Reads a label selector as `kubectl get --selector` takes it. Pure functions.

use std::collections::BTreeSet;

use kube::core::{Expression, Selector};

/// Reads `key=value`, `key==value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key` and `!key`, separated by commas. An empty
/// text selects everything.
///
/// # Errors
/// What cannot be read, and how it is written.
pub fn parse(text: &str) -> Result<Selector, String> {
    let mut parts = requirements(text)?;
    if let [only] = parts.as_slice()
        && only.is_empty()
    {
        parts.clear();
    }
    parts.into_iter().map(requirement).collect()
}

/// Splits at the commas outside of brackets.
fn requirements(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut from, mut open) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '(' if !open => open = true,
            ')' if open => open = false,
            '(' | ')' => return Err(format!("{text:?} has a bracket too many")),
            ',' if !open => {
                parts.push(text.get(from..at).unwrap_or_default().trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    if open {
        return Err(format!("{text:?} lacks a closing bracket"));
    }
    parts.push(text.get(from..).unwrap_or_default().trim());
    Ok(parts)
}

fn requirement(text: &str) -> Result<Expression, String> {
    if let Some(rest) = text.strip_prefix('!') {
        return Ok(Expression::DoesNotExist(key(rest)?));
    }
    if let Some((name, list)) = text.split_once('(') {
        let list = list.strip_suffix(')').ok_or_else(|| unreadable(text))?;
        let values = list.split(',').map(value).collect::<Result<BTreeSet<_>, _>>()?;
        let mut words = name.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(name), Some("in"), None) => Ok(Expression::In(key(name)?, values)),
            (Some(name), Some("notin"), None) => Ok(Expression::NotIn(key(name)?, values)),
            _ => Err(unreadable(text)),
        };
    }
    if let Some((name, wanted)) = text.split_once("!=") {
        return Ok(Expression::NotEqual(key(name)?, value(wanted)?));
    }
    if let Some((name, wanted)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Expression::Equal(key(name)?, value(wanted)?));
    }
    Ok(Expression::Exists(key(text)?))
}

/// A label's key: a name, before it perhaps a DNS name and a slash.
fn key(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (prefix, name) = text.split_once('/').unwrap_or(("x", text));
    if is_word(name, 63) && is_word(prefix, 253) { Ok(text.to_owned()) } else { Err(unreadable(text)) }
}

fn value(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || is_word(text, 63) { Ok(text.to_owned()) } else { Err(unreadable(text)) }
}

/// Letters, digits and in between also `-`, `_` and `.`.
fn is_word(text: &str, longest: usize) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= longest
        && ends(text.chars().next())
        && ends(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn unreadable(text: &str) -> String {
    format!(
        "{text:?} is no label selector; write for example sharding.fluxcd.io/key=shard1, '!sharding.fluxcd.io/key' or 'team in (a,b)'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::SelectorExt;
    use proptest::prelude::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        parse(selector).unwrap().matches(&labels)
    }

    #[test]
    fn shards_share_a_fleet_without_gap_or_overlap() {
        let shards =
            ["sharding.fluxcd.io/key=shard1", "sharding.fluxcd.io/key in (shard2, shard3)", "!sharding.fluxcd.io/key"];
        for labels in [&[][..], &[("team", "x")]] {
            assert_eq!(shards.map(|shard| selects(shard, labels)), [false, false, true]);
        }
        for (key, shard) in [("shard1", 0), ("shard2", 1), ("shard3", 1)] {
            let seen = shards.map(|selector| selects(selector, &[("sharding.fluxcd.io/key", key)]));
            assert_eq!(seen.iter().position(|selected| *selected), Some(shard));
            assert_eq!(seen.iter().filter(|selected| **selected).count(), 1);
        }
    }

    #[test]
    fn every_form_of_kubectl_is_read_and_means_the_same() {
        for (selector, a, b, none) in [
            ("k=a", true, false, false),
            ("k == a", true, false, false),
            ("k!=a", false, true, true),
            ("k notin (a)", false, true, true),
            ("k", true, true, false),
            ("k,k!=b", true, false, false),
            ("", true, true, true),
        ] {
            assert_eq!(
                (selects(selector, &[("k", "a")]), selects(selector, &[("k", "b")]), selects(selector, &[])),
                (a, b, none),
                "{selector}"
            );
        }
    }

    #[test]
    fn what_no_label_can_be_is_refused_with_the_way_to_write_it() {
        for text in ["=a", "k=a b", "k in a", "k in (a", "k)", "a,,b", "!", "k=ä", "-k", "k in ((a))", "a b=c"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains('"'), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic_and_what_it_writes_it_reads(text in "[a-c!=(), ntio]{0,20}") {
            if let Ok(selector) = parse(&text) {
                prop_assert_eq!(parse(&selector.to_string()), Ok(selector));
            }
        }
    }
}
