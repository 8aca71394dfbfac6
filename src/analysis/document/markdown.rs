//! Markdown: front matter and generator tags off, then CommonMark with tables and footnotes into drafts. Pure.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::dom::{self, Visit};
use super::draft::{Draft, Inline};
use super::{BlockKind, DocumentError, Parsed, front_matter, guard, shortcodes};

/// Reads a Markdown text.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] if the guard refuses it.
pub(super) fn parse(text: &str) -> Result<Parsed, DocumentError> {
    guard::markdown(text)?;
    let (front, body) = front_matter::split(text);
    let body = shortcodes::strip(body);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM;
    let mut writer = Writer::default();
    for event in Parser::new_ext(&body, options) {
        writer.event(event);
        if writer.containers.len() > guard::MAX_NESTING {
            return Err(DocumentError::TooComplex(format!("nested more than {} deep", guard::MAX_NESTING)));
        }
        if writer.out.len() > guard::MAX_ELEMENTS {
            return Err(DocumentError::TooComplex(format!("more than {} blocks", guard::MAX_ELEMENTS)));
        }
    }
    writer.flush();
    Ok(Parsed { drafts: writer.out, title: front.title, language: front.language, published: front.published })
}

/// Containers that give a paragraph its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Quote,
    Item,
    Other,
}

#[derive(Default)]
struct Writer {
    out: Vec<Draft>,
    inline: Inline,
    heading: Option<u8>,
    containers: Vec<Container>,
    in_row: bool,
    cells: usize,
    images: usize,
    code: Option<String>,
    html: Option<String>,
    /// The name of an inline HTML element whose text is not for readers ("script"), while it is open.
    silent: Option<&'static str>,
}

impl Writer {
    fn kind(&self) -> BlockKind {
        if let Some(level) = self.heading {
            return BlockKind::Heading(level);
        }
        if self.in_row {
            return BlockKind::TableRow;
        }
        match self.containers.iter().rev().find(|c| **c != Container::Other) {
            Some(Container::Item) => BlockKind::ListItem,
            Some(Container::Quote) => BlockKind::Quote,
            _ => BlockKind::Paragraph,
        }
    }

    fn flush(&mut self) {
        if self.inline.is_blank() {
            self.inline = Inline::default();
        } else {
            let kind = self.kind();
            self.inline.finish(kind, &mut self.out);
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.push_str(text);
        } else if self.images == 0 && self.silent.is_none() {
            self.inline.push(text);
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) => self.text(&text),
            Event::Html(html) => match &mut self.html {
                Some(block) => block.push_str(&html),
                None => self.inline_html(&html),
            },
            Event::InlineHtml(html) => self.inline_html(&html),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak if self.images == 0 => self.inline.push_break(),
            Event::Rule => self.flush(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Link { dest_url, .. } if self.images == 0 => self.inline.start_link(&dest_url),
            Tag::Image { .. } => self.images += 1,
            Tag::Strong => self.inline.set_strong(true),
            Tag::Emphasis | Tag::Strikethrough | Tag::Link { .. } | Tag::Superscript | Tag::Subscript => {}
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(level_of(level));
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.code = Some(String::new());
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = Some(String::new());
            }
            Tag::TableHead | Tag::TableRow => {
                self.flush();
                self.in_row = true;
                self.cells = 0;
            }
            Tag::TableCell => {
                if self.cells > 0 {
                    self.inline.push_cell_end();
                }
                self.cells += 1;
            }
            Tag::BlockQuote(_) => self.open(Container::Quote),
            Tag::Item => self.open(Container::Item),
            Tag::List(_) | Tag::FootnoteDefinition(_) | Tag::Table(_) => self.open(Container::Other),
            _ => self.flush(),
        }
    }

    fn open(&mut self, container: Container) {
        self.flush();
        self.containers.push(container);
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link => self.inline.end_link(),
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            TagEnd::Strong => self.inline.set_strong(false),
            TagEnd::Emphasis | TagEnd::Strikethrough | TagEnd::Superscript | TagEnd::Subscript | TagEnd::TableCell => {}
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = None;
            }
            TagEnd::CodeBlock => {
                let code = super::normalize::nfc(self.code.take().unwrap_or_default());
                self.out.extend(Draft::new(BlockKind::Code, &code));
            }
            TagEnd::HtmlBlock => self.html_block(),
            TagEnd::TableHead | TagEnd::TableRow => {
                self.flush();
                self.in_row = false;
            }
            TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::List(_) | TagEnd::FootnoteDefinition | TagEnd::Table => {
                self.flush();
                self.containers.pop();
            }
            _ => {
                self.flush();
                self.silent = None;
            }
        }
    }

    /// Embedded HTML has the same blocks as a page; what is too complex for that is left out.
    fn html_block(&mut self) {
        let html = self.html.take().unwrap_or_default();
        if guard::html(&html).is_err() {
            return;
        }
        let outer = self.kind();
        let fragment = dom_query::Document::fragment(html.as_str());
        let mut drafts = dom::blocks(&fragment.root(), &|node| {
            // Embedded posts of a photo service show a caption that nobody wrote for this text.
            if node.has_class("instagram-media") { Visit::Furniture } else { Visit::Walk }
        });
        for draft in drafts.iter_mut().filter(|d| d.kind == BlockKind::Paragraph) {
            draft.kind = outer;
        }
        self.out.append(&mut drafts);
    }

    /// Tags within a line: breaks count, scripts are silent, the others are dropped and their text stays.
    fn inline_html(&mut self, html: &str) {
        let tag = html.trim_start_matches('<').to_ascii_lowercase();
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        match name.trim_end_matches('/') {
            "br" => self.inline.push_break(),
            "script" => self.silent = Some("script"),
            "style" => self.silent = Some("style"),
            "b" | "strong" => self.inline.set_strong(true),
            "/b" | "/strong" => self.inline.set_strong(false),
            "/a" => self.inline.end_link(),
            "a" => {
                let fragment = dom_query::Document::fragment(html);
                let target = fragment.select("a").attr("href").unwrap_or_default();
                self.inline.start_link(&target);
            }
            closing if closing.strip_prefix('/').is_some_and(|n| self.silent == Some(n)) => self.silent = None,
            _ => {}
        }
    }
}

fn level_of(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockKind::*;

    fn blocks(text: &str) -> Vec<(BlockKind, String)> {
        parse(text).unwrap().drafts.into_iter().map(|d| (d.kind, d.text)).collect()
    }

    #[test]
    fn markdown_becomes_blocks() {
        let table: [(&str, &[(BlockKind, &str)]); 13] = [
            (
                "# Une *semaine*\n\nDu texte\nsur deux lignes.",
                &[(Heading(1), "Une semaine"), (Paragraph, "Du texte sur deux lignes.")],
            ),
            ("- a\n- b\n\n  more\n- c", &[(ListItem, "a"), (ListItem, "b"), (ListItem, "more"), (ListItem, "c")]),
            ("1. **Eins** – zwei", &[(ListItem, "Eins – zwei")]),
            ("> Quoted\n> text", &[(Quote, "Quoted text")]),
            ("| A | B |\n|---|---|\n| [x](https://x.org) y | z |", &[(TableRow, "A\tB"), (TableRow, "x y\tz")]),
            ("```yaml\na: {{ .b }}\n```", &[(Code, "a:")]),
            ("![alt](a.png)\n\n![alt](b.png) text", &[(Paragraph, "text")]),
            ("Dates: 1 to 3 May  \nPlace: Gent", &[(Paragraph, "Dates: 1 to 3 May"), (Paragraph, "Place: Gent")]),
            ("**Highlights**\n\nText.", &[(Heading(4), "Highlights"), (Paragraph, "Text.")]),
            ("Noot[^1].\n\n[^1]: De voetnoot.", &[(Paragraph, "Noot."), (Paragraph, "De voetnoot.")]),
            ("<blockquote><p>Ein <a href='https://a.b'>Zitat</a></p></blockquote>", &[(Quote, "Ein Zitat")]),
            ("a <b>b</b> c<br>D", &[(Paragraph, "a b c"), (Paragraph, "D")]),
            ("Title\n=====\n\nOctober &#8211; 2016", &[(Heading(1), "Title"), (Paragraph, "October – 2016")]),
        ];
        for (text, expected) in table {
            let expected: Vec<_> = expected.iter().map(|(k, t)| (*k, (*t).to_owned())).collect();
            assert_eq!(blocks(text), expected, "{text}");
        }
    }

    #[test]
    fn deep_markdown_is_refused_quickly() {
        assert!(parse(&format!("{}x", ">".repeat(5_000))).is_err());
        let start = std::time::Instant::now();
        let _ = parse(&"[".repeat(50_000));
        let _ = parse(&"*a_ ".repeat(20_000));
        let _ = parse(&"<a ".repeat(20_000));
        assert!(start.elapsed().as_secs() < 5);
    }
}
