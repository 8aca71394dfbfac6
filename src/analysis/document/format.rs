//! Guesses the format of a text from its media type, file name and first lines. Pure.

use super::Format;

/// As much of a text as is looked at, in bytes.
const SAMPLE: usize = 16 * 1024;

/// Says which format a text has: by its media type, else by the extension of its name, else by its looks.
///
/// `text/plain` says little, since servers of raw files give it to Markdown too: there the name and the looks decide.
pub fn detect(text: &str, media_type: Option<&str>, file_name: Option<&str>) -> Format {
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "text/html" | "application/xhtml+xml" => return Format::Html,
        "text/markdown" | "text/x-markdown" => return Format::Markdown,
        _ => {}
    }
    let name = file_name.unwrap_or_default().to_ascii_lowercase();
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("md" | "markdown" | "mdx" | "mdown" | "mkd" | "qmd" | "rmd") => return Format::Markdown,
        Some("html" | "htm" | "xhtml") => return Format::Html,
        _ => {}
    }
    let mut end = text.len().min(SAMPLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let sample = text.get(..end).unwrap_or_default().trim_start_matches('\u{FEFF}').trim_start();
    if looks_like_html(sample) {
        Format::Html
    } else if looks_like_markdown(sample) {
        Format::Markdown
    } else {
        Format::Text
    }
}

fn looks_like_html(sample: &str) -> bool {
    if !sample.starts_with('<') {
        return false;
    }
    let lower = sample.to_ascii_lowercase();
    let page = ["<!doctype html", "<html", "<head", "<body"];
    let blocks = ["<p>", "<p ", "<div", "<h1", "<h2", "<article", "<section", "<main", "<ul", "<table", "</p>"];
    page.iter().any(|t| lower.starts_with(t))
        || lower.starts_with("<?xml") && lower.contains("<html")
        || lower.starts_with("<!--") && page.iter().any(|t| lower.contains(t))
        || blocks.iter().any(|t| lower.starts_with(t)) && lower.contains("</")
}

/// Front matter, or at least two signs of Markdown on different lines.
fn looks_like_markdown(sample: &str) -> bool {
    let first = sample.lines().next().unwrap_or_default().trim_end();
    if (first == "---" || first == "+++") && sample.lines().skip(1).any(|l| l.trim_end() == first) {
        return true;
    }
    let signs = sample.lines().filter(|l| is_markdown_line(l)).take(2).count();
    signs >= 2
}

fn is_markdown_line(line: &str) -> bool {
    let line = line.trim_start();
    let hashes = line.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&hashes) && line.get(hashes..).is_some_and(|rest| rest.starts_with(' '))
        || line.starts_with("```")
        || line.starts_with("| ") && line.ends_with('|')
        || line.contains("](http")
        || line.contains("](/")
        || line.match_indices("**").nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_then_name_then_looks_decide() {
        let table = [
            ("x", Some("text/html; charset=utf-8"), Some("a.md"), Format::Html),
            ("x", Some("text/markdown"), None, Format::Markdown),
            ("x", Some("text/plain"), Some("report.MD"), Format::Markdown),
            ("x", None, Some("page.htm"), Format::Html),
            ("\u{FEFF}\n<!DOCTYPE html><p>x", None, None, Format::Html),
            ("<!-- a --><html><p>x", Some("text/plain"), None, Format::Html),
            ("<p>Een <b>kort</b> stuk.</p>", None, Some("body"), Format::Html),
            ("---\ntitle: x\n---\nText", None, None, Format::Markdown),
            ("+++\ntitle = 'x'\n+++\nText", None, None, Format::Markdown),
            ("# Titel\n\nText [x](https://example.org)", None, None, Format::Markdown),
            ("Titel\n\nGewone tekst over # hekjes.\n", None, None, Format::Text),
            ("<3 KubeCon\n\nA lovely week.", None, Some("a.txt"), Format::Text),
            ("# One comment only", None, None, Format::Text),
            ("", None, None, Format::Text),
        ];
        for (text, media_type, name, expected) in table {
            assert_eq!(detect(text, media_type, name), expected, "{text:?} {media_type:?} {name:?}");
        }
    }
}
