//! `make eval CORPUS=dir`: scores `analyze` on a folder of annotated reports: `<id>.txt|md|html` with `<id>.yaml` (or
//! `<id>.expected.yaml`) beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use testbed::scoring::{Gold, Score, score};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let verbose = arguments.iter().any(|argument| argument == "--verbose");
    let paths: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let [corpus, binary] = paths.as_slice() else {
        bail!("usage: eval [--verbose] CORPUS BINARY");
    };
    let mut total = Score::default();
    for (text, gold) in documents(Path::new(corpus))? {
        let gold_text = std::fs::read_to_string(&gold)?;
        let gold: Gold = serde_saphyr::from_str(&gold_text).with_context(|| gold.display().to_string())?;
        let output = Command::new(binary).args(["analyze", "-o", "json"]).arg(&text).output()?;
        if !output.status.success() {
            bail!("{}: {}", text.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
        let object: Value = serde_json::from_slice(&output.stdout)?;
        let one = score(&gold, object.get("status").unwrap_or(&Value::Null));
        if verbose {
            print_findings(&text, &one);
        }
        total.add(one);
    }
    if total.documents == 0 {
        bail!("{corpus} holds no annotated report: <id>.txt, .md or .html with <id>.yaml beside it");
    }
    println!("{total}");
    Ok(())
}

fn documents(folder: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut texts: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    texts.sort();
    let is_text = |path: &PathBuf| {
        matches!(path.extension().and_then(|extension| extension.to_str()), Some("txt" | "md" | "html"))
    };
    Ok(texts
        .into_iter()
        .filter(is_text)
        .filter_map(|text| {
            let gold = ["yaml", "expected.yaml"].map(|extension| text.with_extension(extension));
            gold.into_iter().find(|gold| gold.is_file()).map(|gold| (text, gold))
        })
        .collect())
}

fn print_findings(text: &Path, score: &Score) {
    println!("{}", text.display());
    for (kind, tally) in
        [("projects", &score.projects), ("organizations", &score.organizations), ("themes", &score.themes)]
    {
        for (label, names) in [("missed", &tally.missed), ("wrong", &tally.wrong)] {
            if !names.is_empty() {
                println!("  {kind} {label}: {}", names.join(", "));
            }
        }
    }
    for wrong in &score.event_wrong {
        println!("  event {wrong}");
    }
    if score.language == 0 {
        println!("  language wrong");
    }
}
