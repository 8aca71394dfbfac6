//! Takes out of Markdown what is meant for a site generator: Hugo shortcodes, Jekyll and Liquid tags, MDX imports, attribute lists. Pure.

/// The longest tag, in bytes: an opening brace without its end must not eat a text.
const MAX_TAG: usize = 4_096;

/// Removes the tags outside of fenced code; what stands between two tags stays.
pub(super) fn strip(text: &str) -> String {
    let text = &without_braces(text);
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    let mut imports = true;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(mark) = ["```", "~~~"].into_iter().find(|m| trimmed.starts_with(m)) {
            match fence {
                None => fence = Some(mark),
                Some(open) if open == mark => fence = None,
                Some(_) => {}
            }
        } else if fence.is_none() {
            let import = (trimmed.starts_with("import ") && trimmed.contains(['\'', '"']))
                || trimmed.starts_with("export const ")
                || trimmed.starts_with("export default ");
            if imports && import || is_directive(trimmed) {
                out.push('\n');
                continue;
            }
            imports &= trimmed.is_empty() || import;
        }
        out.push_str(line);
    }
    out
}

/// Lines that are directions to a generator: `:::note`, `{: .class}`, `[TOC]`.
fn is_directive(line: &str) -> bool {
    line.starts_with(":::")
        || line.starts_with("{:") && line.ends_with('}')
        || line.eq_ignore_ascii_case("[toc]")
        || line.eq_ignore_ascii_case("[[toc]]")
}

/// Removes `{{< >}}`, `{{% %}}`, `{{ }}`, `{% %}`, `{# #}` and `{/* */}`.
fn without_braces(text: &str) -> String {
    const PAIRS: [(&str, &str); 6] =
        [("{{<", ">}}"), ("{{%", "%}}"), ("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("{/*", "*/}")];
    let mut out = String::with_capacity(text.len());
    // Where the next closing mark of each pair is: looked for once, so that open braces without end cost nothing.
    let mut closes: [Option<usize>; PAIRS.len()] = [Some(0); PAIRS.len()];
    let mut at = 0;
    while let Some(tag) = text.get(at..) {
        let Some(brace) = tag.find('{') else {
            out.push_str(tag);
            break;
        };
        out.push_str(tag.get(..brace).unwrap_or_default());
        let start = at + brace;
        let tag = text.get(start..).unwrap_or_default();
        let pair = PAIRS.iter().zip(&mut closes).find(|((open, _), _)| tag.starts_with(open));
        let end = pair.and_then(|((open, close), next)| {
            let inner = start + open.len();
            if next.is_some_and(|n| n < inner) {
                *next = text.get(inner..).and_then(|rest| rest.find(close)).map(|n| inner + n);
            }
            let end = next.filter(|n| *n - inner <= MAX_TAG)?;
            // Shortcodes may go over several lines, templates and comments do not.
            let one_line = !matches!(*open, "{{" | "{#") || !text.get(inner..end)?.contains('\n');
            one_line.then_some(end + close.len())
        });
        if end.is_none() {
            out.push('{');
        }
        at = end.unwrap_or(start + 1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_generators_go_and_text_stays() {
        let table = [
            ("a {{< tweet user=x id=1 >}} b", "a  b"),
            ("{{< note >}}inside{{< /note >}}", "inside"),
            ("[here]({{< ref \"page\" >}})", "[here]()"),
            ("{{< gallery match=\"x\"\n   rows=2 >}}\nText", "\nText"),
            ("{% include x.html %}Text {{ site.url }}", "Text "),
            ("{/* comment */}Text", "Text"),
            ("import X from './x'\n\nText\nimport y from 'z'", "\n\nText\nimport y from 'z'"),
            (":::note\nText\n:::", "\nText\n\n"),
            ("a { b } {{ c", "a { b } {{ c"),
            ("```\n:::x\n```\n", "```\n:::x\n```\n"),
        ];
        for (text, expected) in table {
            assert_eq!(strip(text), expected, "{text:?}");
        }
    }

    #[test]
    fn open_braces_cost_little() {
        let start = std::time::Instant::now();
        assert_eq!(strip(&"{{<".repeat(20_000)).len(), 60_000);
        strip(&format!("{}{}", "{{< ".repeat(100_000), ">}}"));
        assert!(start.elapsed().as_secs() < 2);
    }
}
