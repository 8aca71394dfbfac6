//! Walks an HTML tree and writes its blocks: headings, paragraphs, list items, quotations, tables, code. Pure.

use dom_query::NodeRef;

use super::BlockKind;
use super::draft::{Draft, Inline};

/// The deepest place that is visited; the guard allows less, a parser adds a few elements of its own.
const MAX_DEPTH: usize = 512;
/// A cell with more text than this, in bytes, belongs to a table that lays out a page.
const MAX_CELL: usize = 600;

/// What to do with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    /// Its text belongs to the report.
    Walk,
    /// Its text is furniture.
    Furniture,
    /// It is not looked at.
    Skip,
}

/// Writes the blocks below `root`; `visit` decides about each element on the way down.
pub(super) fn blocks(root: &NodeRef<'_>, visit: &dyn Fn(&NodeRef<'_>) -> Visit) -> Vec<Draft> {
    let mut walker = Walker { out: Vec::new(), inline: Inline::default(), kind: BlockKind::Paragraph, visit };
    walker.children(root, 0);
    walker.flush();
    walker.out
}

struct Walker<'v> {
    out: Vec<Draft>,
    inline: Inline,
    kind: BlockKind,
    visit: &'v dyn Fn(&NodeRef<'_>) -> Visit,
}

impl Walker<'_> {
    fn flush(&mut self) {
        if self.inline.is_blank() {
            self.inline = Inline::default();
        } else {
            self.inline.finish(self.kind, &mut self.out);
        }
    }

    fn children(&mut self, node: &NodeRef<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for child in node.children_it(false) {
            if child.is_text() {
                self.inline.push(&child.text());
            } else if child.is_element() {
                self.element(&child, depth + 1);
            }
        }
    }

    /// A block element: what was collected before it ends, and so does its own text.
    fn block(&mut self, node: &NodeRef<'_>, kind: BlockKind, depth: usize) {
        self.flush();
        let outer = std::mem::replace(&mut self.kind, kind);
        self.children(node, depth);
        self.flush();
        self.kind = outer;
    }

    fn element(&mut self, node: &NodeRef<'_>, depth: usize) {
        let name = node.node_name().unwrap_or_default();
        let name: &str = &name;
        if is_silent(name) || is_hidden(node) {
            return;
        }
        match (self.visit)(node) {
            Visit::Walk => {}
            Visit::Skip => return self.flush(),
            Visit::Furniture => return self.block_of_furniture(node, depth),
        }
        match name {
            "h1" => self.block(node, BlockKind::Heading(1), depth),
            "h2" => self.block(node, BlockKind::Heading(2), depth),
            "h3" => self.block(node, BlockKind::Heading(3), depth),
            "h4" => self.block(node, BlockKind::Heading(4), depth),
            "h5" => self.block(node, BlockKind::Heading(5), depth),
            "h6" => self.block(node, BlockKind::Heading(6), depth),
            "li" | "dt" | "dd" => self.block(node, BlockKind::ListItem, depth),
            "blockquote" => self.block(node, BlockKind::Quote, depth),
            "pre" => self.code(node),
            "tr" => self.row(node, depth),
            "figcaption" => self.block_of_furniture(node, depth),
            "br" => self.inline.push_break(),
            "a" => self.link(node, depth),
            "b" | "strong" => {
                self.inline.set_strong(true);
                self.children(node, depth);
                self.inline.set_strong(false);
            }
            "sup" | "sub" if node.children_it(false).any(|c| c.has_name("a")) => {}
            name if is_inline(name) => self.children(node, depth),
            // Paragraphs inside a list item or a quotation stay a part of it.
            _ => self.block(node, self.kind, depth),
        }
    }

    /// An element whose blocks are all furniture.
    fn block_of_furniture(&mut self, node: &NodeRef<'_>, depth: usize) {
        self.flush();
        let from = self.out.len();
        let outer = std::mem::replace(&mut self.kind, BlockKind::Paragraph);
        self.children(node, depth);
        self.flush();
        self.kind = outer;
        for draft in self.out.iter_mut().skip(from) {
            draft.kind = BlockKind::Furniture;
        }
    }

    fn code(&mut self, node: &NodeRef<'_>) {
        self.flush();
        let text = super::normalize::text(&node.text());
        self.out.extend(Draft::new(BlockKind::Code, &text));
    }

    fn link(&mut self, node: &NodeRef<'_>, depth: usize) {
        let target = node.attr("href").unwrap_or_default();
        self.inline.start_link(&target);
        self.children(node, depth);
        self.inline.end_link();
    }

    /// A row of data: cells separated by tabs. Rows that lay out a page are walked like any other element.
    fn row(&mut self, node: &NodeRef<'_>, depth: usize) {
        let cells: Vec<_> = node.children_it(false).filter(|c| c.has_name("td") || c.has_name("th")).collect();
        let layout = cells.len() < 2 || cells.iter().any(|c| c.text().len() > MAX_CELL || has_structure(c));
        if layout {
            return self.block(node, self.kind, depth);
        }
        self.flush();
        let outer = std::mem::replace(&mut self.kind, BlockKind::TableRow);
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.inline.push_cell_end();
            }
            self.cell(cell, depth + 1);
        }
        self.flush();
        self.kind = outer;
    }

    /// The text of a cell, whatever elements it is in.
    fn cell(&mut self, node: &NodeRef<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for child in node.children_it(false) {
            if child.is_text() {
                self.inline.push(&child.text());
                continue;
            }
            let name = child.node_name().unwrap_or_default();
            if !child.is_element() || is_silent(&name) || is_hidden(&child) {
                continue;
            }
            if &*name == "a" {
                self.inline.start_link(&child.attr("href").unwrap_or_default());
                self.cell(&child, depth + 1);
                self.inline.end_link();
            } else {
                self.cell(&child, depth + 1);
                if !is_inline(&name) {
                    self.inline.push(" ");
                }
            }
        }
    }
}

/// Whether a cell holds more than text.
fn has_structure(cell: &NodeRef<'_>) -> bool {
    cell.descendants_it().any(|d| {
        let name = d.node_name().unwrap_or_default();
        matches!(&*name, "table" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "article" | "section")
    })
}

/// Elements without text for a reader.
fn is_silent(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "noscript"
            | "template"
            | "svg"
            | "math"
            | "iframe"
            | "object"
            | "embed"
            | "button"
            | "select"
            | "input"
            | "textarea"
            | "img"
            | "picture"
            | "video"
            | "audio"
            | "canvas"
            | "map"
            | "head"
            | "title"
            | "dialog"
    )
}

/// Elements within a line of text.
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "abbr"
            | "acronym"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "nobr"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
    )
}

/// Hidden from readers, or shown to screen readers only; anchors beside headings ("#", "¶") too.
fn is_hidden(node: &NodeRef<'_>) -> bool {
    if node.has_attr("hidden") || node.attr("aria-hidden").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
        return true;
    }
    if let Some(style) = node.attr("style") {
        let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        if style.contains("display:none") || style.contains("visibility:hidden") {
            return true;
        }
    }
    node.class().is_some_and(|class| {
        class.split_ascii_whitespace().any(|c| {
            matches!(
                c,
                "sr-only"
                    | "visually-hidden"
                    | "visuallyhidden"
                    | "screen-reader-text"
                    | "headerlink"
                    | "heading-anchor"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(html: &str) -> Vec<(BlockKind, String)> {
        let document = dom_query::Document::fragment(html);
        blocks(&document.root(), &|_| Visit::Walk).into_iter().map(|d| (d.kind, d.text)).collect()
    }

    #[test]
    fn elements_become_blocks() {
        use BlockKind::*;
        let table: [(&str, &[(BlockKind, &str)]); 12] = [
            ("<h2>Dag <em>één</em></h2><p>Een&nbsp;zin.</p>", &[(Heading(2), "Dag één"), (Paragraph, "Een zin.")]),
            (
                "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul>",
                &[(ListItem, "a"), (ListItem, "b"), (ListItem, "c")],
            ),
            ("<blockquote><p>Zo.</p></blockquote>", &[(Quote, "Zo.")]),
            ("<pre><code>a\n  b</code></pre>", &[(Code, "a\n  b")]),
            (
                "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td><p>2</p></td></tr></table>",
                &[(TableRow, "A\tB"), (TableRow, "1\t2")],
            ),
            ("<table><tr><td><h2>T</h2><p>x</p></td></tr></table>", &[(Heading(2), "T"), (Paragraph, "x")]),
            (
                "los<div>in een div</div>weer los",
                &[(Paragraph, "los"), (Paragraph, "in een div"), (Paragraph, "weer los")],
            ),
            ("<p>a<script>x</script><span hidden>y</span><i style='display: none'>z</i>b</p>", &[(Paragraph, "ab")]),
            ("<figure><img alt=x><figcaption>Foto</figcaption></figure>", &[(Furniture, "Foto")]),
            ("<p>Git<b>Ops</b></p>", &[(Paragraph, "GitOps")]),
            ("<p><strong>Kernpunten</strong></p>", &[(Heading(4), "Kernpunten")]),
            ("<p>Kern<sup><a href='#1'>1</a></sup>punt</p>", &[(Paragraph, "Kernpunt")]),
        ];
        for (html, expected) in table {
            let expected: Vec<_> = expected.iter().map(|(k, t)| (*k, (*t).to_owned())).collect();
            assert_eq!(walk(html), expected, "{html}");
        }
    }

    #[test]
    fn links_keep_their_targets() {
        let document = dom_query::Document::fragment("<p>See <a href='https://falco.org/'>Falco</a>.</p>");
        let drafts = blocks(&document.root(), &|_| Visit::Walk);
        let link = &drafts[0].links[0];
        assert_eq!((&drafts[0].text[link.span.clone()], link.target.as_str()), ("Falco", "https://falco.org/"));
    }
}
