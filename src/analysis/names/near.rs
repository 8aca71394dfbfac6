//! What stands around the name of a project: its vendor, a link to its site, words of its field, the rest of its line. Pure functions.

use super::candidates::Spot;
use super::context::Context;
use super::words;
use crate::catalog::fold::{fold, squash};

/// Whether a line begins with the name and goes on to say what is to be said about it: "Kargo (Akuity): ...", "Tempo – ...".
pub(super) fn heads_its_item(before: &str, behind: &str) -> bool {
    let marked = behind.trim_start_matches(['*', '_', '"', '”', '“']);
    !before.chars().any(char::is_alphanumeric)
        && (marked.starts_with(':')
            || marked.trim_start().starts_with(['(', '–', '—'])
            || marked.trim_start().starts_with("- ") && marked.starts_with(' '))
}

/// Whether the vendor stands somewhere in the sentence of a spelling, outside it.
pub(super) fn vendor_in_sentence(context: &Context<'_>, spot: &Spot, vendor: &str) -> bool {
    let vendor = fold(vendor);
    let Some(sentence) = context.sentence_of(spot.span.start) else { return false };
    let parts = [sentence.span.start..spot.span.start, spot.span.end..sentence.span.end];
    let starts_word = |text: &str, at: usize| {
        !text.get(..at).and_then(|lead| lead.chars().next_back()).is_some_and(char::is_alphanumeric)
    };
    vendor.chars().count() >= 3
        && parts.into_iter().filter(|part| part.start < part.end && part.len() <= 600).any(|part| {
            let text = fold(context.text(&part));
            text.match_indices(vendor.as_str()).any(|(at, _)| starts_word(&text, at))
        })
}

/// Whether a link on the spelling, or around it, leads to one of the addresses.
pub(super) fn links_to<const N: usize>(context: &Context<'_>, spot: &Spot, addresses: [Option<&str>; N]) -> bool {
    let Some(block) = context.document.blocks.get(spot.block) else { return false };
    // Links of a block do not overlap, so at most one holds the spelling.
    let link = block.links.partition_point(|link| link.span.end < spot.span.end);
    block.links.get(link).is_some_and(|link| {
        link.span.start <= spot.span.start
            && addresses.into_iter().flatten().any(|address| same_site(&link.target, address))
    })
}

/// Whether an address leads to a site or below it.
pub(super) fn same_site(target: &str, site: &str) -> bool {
    let plain = |address: &str| {
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        address.trim_start_matches("www.").trim_end_matches('/').to_lowercase()
    };
    let (target, site) = (plain(target), plain(site));
    !site.is_empty()
        && target.strip_prefix(&site).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Whether the vendor stands right before the name ("HashiCorp Vault", "HashiCorps Vault") or right behind it ("Flux von Weaveworks").
pub(super) fn vendor_beside(before: &str, behind: &str, vendor: &str) -> bool {
    let vendor = squash(vendor);
    if vendor.is_empty() {
        return false;
    }
    let lead = squash(words::tail(before, 60));
    let lead = lead.trim_end_matches(['\'', '"', '„', '“']);
    if lead.ends_with(&vendor)
        || lead.strip_suffix('s').map(|lead| lead.trim_end_matches('\'')).is_some_and(|lead| lead.ends_with(&vendor))
    {
        return true;
    }
    let head: String = behind.chars().take(60).collect();
    // "Kargo (Akuity)", "Score-Workloadspec (Humanitec)"
    let aside = head.split_once('(').filter(|(lead, _)| lead.split_whitespace().count() <= 1);
    if aside.is_some_and(|(_, rest)| squash(rest.split([')', ',', ';']).next().unwrap_or_default()) == vendor) {
        return true;
    }
    let head = fold(&head);
    let Some((joint, rest)) = head.trim_start_matches(['"', ',', '(', ' ']).split_once(' ') else { return false };
    matches!(joint, "von" | "van" | "from" | "by" | "of" | "de" | "door" | "par" | "por" | "at")
        && squash(rest).starts_with(&vendor)
}

/// Whether a longer word of the entry's category stands nearby.
pub(super) fn field_near(context: &Context<'_>, spot: &Spot, category: &str) -> bool {
    let before = words::tail(context.before(spot), 80);
    let behind: String = context.behind(spot).chars().take(80).collect();
    let (before, behind) = (fold(before), fold(&behind));
    fold(category)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= 5 && *word != "cloud" && *word != "native")
        .any(|word| before.contains(word) || behind.contains(word))
}
