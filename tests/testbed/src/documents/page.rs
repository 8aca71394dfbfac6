//! From a Markdown page to a shell script whose lines have the numbers of the page, and the output that the page promises. Pure.
//!
//! Blocks marked `sh` are commands; in blocks marked `console` the lines after `$ ` are, and the others are what they print. Comments of
//! HTML, which readers do not see, tell the rest:
//!
//! | comment | meaning |
//! |---|---|
//! | `<!-- needs: operator -->` | anywhere: the page begins with the operator installed |
//! | `<!-- not run: REASON -->` | on the line before a block: it is not performed |
//! | `<!-- file: PATH -->` | on the line before a block: its content is saved there, as the page tells the reader to do |
//! | `<!-- run: COMMAND -->` | on a line of its own: something that the page takes for granted |

use std::mem;
use std::str::Lines;

use anyhow::{Context, Result, bail};

/// The commands of a page.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// Commands for bash; each stands on the line that it has in the page. `$OUTPUT` is a folder for what commands print.
    pub script: String,
    /// Number of blocks that are performed.
    pub blocks: usize,
    /// Blocks that are not: line and reason.
    pub skipped: Vec<(usize, String)>,
    /// Output that the page shows: the line of the command, which is also the name of the file with its output, and what it should print.
    pub promises: Vec<(usize, String)>,
    /// Manifests of the product's resources that the page shows: line and text.
    pub manifests: Vec<(usize, String)>,
    /// Whether the operator has to be there.
    pub needs_operator: bool,
}

/// A comment that tells how to treat what follows.
fn marker<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")?.strip_prefix(name)?.strip_prefix(": ")
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// When a block does not end, or a comment that is about a block does not stand before one; with the line.
    pub fn parse(text: &str) -> Result<Self> {
        let mut page = Self::default();
        let mut script = Script::default();
        let mut lines = text.lines();
        let mut before = "";
        while let Some(line) = lines.next() {
            let number = script.lines.len() + 1;
            if let Some((indent, language)) = fence(line) {
                let body =
                    block(&mut lines, indent).with_context(|| format!("line {number}: the block does not end"))?;
                page.add(&mut script, number, language, &body, before);
            } else {
                if ["not run", "file"].iter().any(|name| marker(before, name).is_some()) {
                    bail!("line {number}: {} should stand on the line before a block", before.trim());
                }
                page.needs_operator |= marker(line, "needs") == Some("operator");
                script.push(marker(line, "run").unwrap_or_default());
            }
            before = line;
        }
        if let Some(first) = script.lines.first_mut() {
            PREAMBLE.clone_into(first);
        }
        page.script = script.lines.join("\n") + "\n";
        Ok(page)
    }

    /// Adds a block whose fence stands on line `number`, with as many lines to the script as it has in the page.
    fn add(&mut self, script: &mut Script, number: usize, language: &str, body: &[&str], before: &str) {
        let height = body.len() + 2;
        let is_command = matches!(language, "sh" | "console");
        if let Some(reason) = marker(before, "not run") {
            self.skipped.push((number, reason.to_owned()));
            return script.blank(height);
        }
        if let Some(path) = marker(before, "file") {
            script.push(&format!("mkdir -p \"$(dirname '{path}')\"; cat >'{path}' <<'END OF FILE'"));
            body.iter().for_each(|line| script.push(line));
            script.push("END OF FILE");
        } else if is_command {
            self.blocks += 1;
            script.push("");
            if language == "sh" {
                body.iter().for_each(|line| script.push(line));
                script.push("");
            } else {
                self.console(script, number, body);
            }
        } else {
            script.blank(height);
        }
        let text = body.join("\n");
        if language == "yaml" && text.lines().any(|line| line.starts_with("apiVersion: confreports.dev/")) {
            self.manifests.push((number, text));
        }
    }

    /// Commands with what they print. Each is closed on the line after it, so that it may go over several lines or end in a comment.
    fn console(&mut self, script: &mut Script, number: usize, body: &[&str]) {
        let mut close = String::new();
        let mut continues = false;
        for (line, at) in body.iter().zip(number + 1..) {
            if continues {
                script.push(line);
            } else if let Some(command) = line.strip_prefix("$ ") {
                script.push(&format!("{}{{ {command}", mem::take(&mut close)));
                close = format!("}} >\"$OUTPUT/{at}\" 2>&1; ");
                self.promises.push((at, String::new()));
            } else {
                script.push(&mem::take(&mut close));
                if let Some((_, promised)) = self.promises.last_mut().filter(|(command, _)| *command > number) {
                    promised.push_str(line);
                    promised.push('\n');
                }
                continue;
            }
            continues = line.ends_with('\\');
        }
        script.push(&close);
    }
}

/// Ends at the first command that fails, and writes down on which line that was.
const PREAMBLE: &str = "set -Eeuo pipefail; trap 'echo $LINENO >\"$OUTPUT/failed\"' ERR";

/// A script as it grows, line by line.
#[derive(Default)]
struct Script {
    lines: Vec<String>,
}

impl Script {
    fn push(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }

    fn blank(&mut self, count: usize) {
        self.lines.resize(self.lines.len() + count, String::new());
    }
}

/// Indentation and language of a line that opens a block.
fn fence(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start();
    Some((line.len() - rest.len(), rest.strip_prefix("```")?.trim()))
}

/// The lines up to the end of the block, without the indentation that its fence has too; nothing where it does not end.
fn block<'a>(lines: &mut Lines<'a>, indent: usize) -> Option<Vec<&'a str>> {
    let mut body = Vec::new();
    loop {
        let line = lines.next()?;
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let line = &line[spaces.min(indent)..];
        match line.strip_prefix("```") {
            Some("") => return Some(body),
            Some(_) => return None,
            None => body.push(line),
        }
    }
}

/// The first line that was promised but not printed, if any. Lines are compared word by word: spaces do not count, `...` stands for anything (also
/// at the end of a word), and an age for any other age. More may be printed than promised, but not in another order.
pub fn missing<'a>(promised: &'a str, printed: &str) -> Option<&'a str> {
    let mut printed = printed.lines();
    promised
        .lines()
        .filter(|line| !line.trim().is_empty() && line.trim() != "...")
        .find(|line| !printed.any(|candidate| line_matches(line, candidate)))
}

fn line_matches(promised: &str, printed: &str) -> bool {
    let (promised, printed): (Vec<_>, Vec<_>) =
        (promised.split_whitespace().collect(), printed.split_whitespace().collect());
    words_match(&promised, &printed)
}

fn words_match(promised: &[&str], printed: &[&str]) -> bool {
    match (promised, printed) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=printed.len()).any(|skip| words_match(rest, &printed[skip..])),
        ([word, promised @ ..], [found, printed @ ..]) => word_matches(word, found) && words_match(promised, printed),
        _ => false,
    }
}

fn word_matches(promised: &str, printed: &str) -> bool {
    let cut = promised.strip_suffix("...").is_some_and(|start| printed.starts_with(start));
    cut || promised == printed || (is_age(promised) && is_age(printed))
}

/// Whether a word is an age as kubectl writes it: `5s`, `2m30s`, `3d`.
fn is_age(word: &str) -> bool {
    let mut digits = 0;
    !word.is_empty()
        && word.ends_with(['s', 'm', 'h', 'd'])
        && word.chars().all(|character| match character {
            '0'..='9' => {
                digits += 1;
                true
            }
            's' | 'm' | 'h' | 'd' => mem::take(&mut digits) > 0,
            _ => false,
        })
}
