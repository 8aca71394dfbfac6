//! How many requests the API server answered, by what was asked, read from its own metrics: the same way of counting for everybody.

use std::collections::BTreeMap;

use anyhow::Result;
use kube::Client;

/// Resources that somebody under measurement may ask for.
const RESOURCES: [&str; 5] = ["conferencereports", "reportcatalogs", "configmaps", "secrets", "events"];

/// Requests by what was asked, such as `GET configmaps` or `APPLY conferencereports/status`.
pub type Requests = BTreeMap<String, u64>;

/// Requests so far, of everybody. Watches count when they end.
///
/// # Errors
/// When the API server does not answer.
pub async fn so_far(client: &Client) -> Result<Requests> {
    let text = client.request_text(http::Request::get("/metrics").body(Vec::new())?).await?;
    let mut requests = Requests::new();
    for line in text.lines() {
        let Some((labels, value)) =
            line.strip_prefix("apiserver_request_total{").and_then(|line| line.split_once("} "))
        else {
            continue;
        };
        let resource = label(labels, "resource");
        if !RESOURCES.contains(&resource) {
            continue;
        }
        let subresource = label(labels, "subresource");
        let slash = if subresource.is_empty() { "" } else { "/" };
        let asked = format!("{} {resource}{slash}{subresource}", label(labels, "verb"));
        *requests.entry(asked).or_default() += value.parse::<f64>().map_or(0, |value| value as u64);
    }
    Ok(requests)
}

/// Requests between two readings, without what was not asked.
pub fn between(before: &Requests, after: &Requests) -> Requests {
    after
        .iter()
        .map(|(asked, count)| (asked.clone(), count.saturating_sub(before.get(asked).copied().unwrap_or_default())))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Requests as one line, with a divisor for "per report".
pub fn line(requests: &Requests) -> String {
    let parts: Vec<String> = requests.iter().map(|(asked, count)| format!("{count} {asked}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn label<'a>(labels: &'a str, name: &str) -> &'a str {
    let marker = format!("{name}=\"");
    // `resource` is also the end of `subresource`.
    labels
        .match_indices(&marker)
        .find(|(start, _)| *start == 0 || labels.as_bytes().get(start - 1) == Some(&b','))
        .and_then(|(start, _)| labels.get(start + marker.len()..))
        .and_then(|rest| rest.split_once('"'))
        .map_or("", |(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_not_taken_for_the_end_of_another() {
        let labels = r#"code="200",subresource="status",resource="conferencereports",verb="APPLY""#;
        assert_eq!(label(labels, "resource"), "conferencereports");
        assert_eq!(label(labels, "subresource"), "status");
        assert_eq!(label(labels, "scope"), "");
    }

    #[test]
    fn only_what_was_asked_in_between_is_counted() {
        let before = Requests::from([("GET configmaps".to_owned(), 3), ("LIST events".to_owned(), 1)]);
        let after = Requests::from([("GET configmaps".to_owned(), 5), ("LIST events".to_owned(), 1)]);
        assert_eq!(line(&between(&before, &after)), "2 GET configmaps");
    }
}
