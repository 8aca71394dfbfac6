//! Versions that follow a name ("Linkerd 2.12", "Kubernetes v1.24", "Helm version 3.1"). Pure functions.

/// Words between a name and its version.
const VERSION_WORDS: [&str; 9] =
    ["version", "versie", "versión", "release", "ver.", "v.", "in version", "in versie", "(version"];

/// The version at the start of what follows a name, without a leading "v". Numbers with a dot count, and single ones only after a "v"; amounts
/// ("10.000 nodes", "3.5 %") do not.
pub(super) fn after(rest: &str) -> Option<String> {
    let mut rest = rest.strip_prefix(' ').or_else(|| rest.strip_prefix('-')).unwrap_or(rest);
    // What most names are followed by begins with none of their letters.
    let first = rest.chars().next().and_then(|c| c.to_lowercase().next());
    if VERSION_WORDS.iter().any(|word| word.chars().next() == first) {
        let lower: String = rest.chars().take(14).flat_map(char::to_lowercase).collect();
        for word in VERSION_WORDS {
            if lower.strip_prefix(word).is_some_and(|after| after.starts_with(' ')) {
                rest = rest.get(word.len()..)?.trim_start_matches(' ');
                break;
            }
        }
    }
    let rest = rest.strip_prefix('(').unwrap_or(rest);
    let (marked, digits) = match rest.strip_prefix(['v', 'V']) {
        Some(digits) => (true, digits),
        None => (false, rest),
    };
    let end = digits.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(digits.len());
    let number = digits.get(..end)?.trim_end_matches('.');
    let behind = digits.get(number.len()..)?;
    let groups: Vec<&str> = number.split('.').collect();
    let plausible = groups.iter().all(|group| (1..=4).contains(&group.len()))
        && (groups.len() > 1 || (marked && number.len() <= 2))
        && groups.len() <= 4;
    // "10.000" and "1.500.000" are amounts; so is what a percent sign or a letter follows.
    let amount = groups.len() > 1 && groups.iter().skip(1).all(|group| group.len() == 3);
    let unit = behind.trim_start().starts_with(['%', '€', '$'])
        || behind.starts_with(|c: char| c.is_alphabetic() && c != 'x')
        || [" millio", " miljoen", " billion", " miljard", " Million", " Milliard"]
            .iter()
            .any(|word| behind.starts_with(word));
    (plausible && (marked || !amount) && !unit).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_amounts() {
        let table = [
            (" 2.12 brings", Some("2.12")),
            (" v1.24.", Some("1.24")),
            (" 1.24.3, out", Some("1.24.3")),
            (" version 3.1", Some("3.1")),
            ("-Version 1.30 ist", Some("1.30")),
            (" v2 is", Some("2")),
            (" (v1.8)", Some("1.8")),
            (" 3 charts", None),
            (" 10.000 nodes", None),
            (" 3.5 % more", None),
            (" 1.5 million users", None),
            (" versión 4.0", Some("4.0")),
            ("", None),
            (" é", None),
            (" ...", None),
        ];
        for (rest, want) in table {
            assert_eq!(after(rest).as_deref(), want, "{rest:?}");
        }
    }
}
