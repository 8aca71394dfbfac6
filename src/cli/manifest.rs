//! `manifest`: turns texts and URLs into manifests to commit. Reads the files it is given; writes to standard output or into the folder
//! it is told to. Never asks a cluster or a URL.

mod kustomize;
mod plan;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use plan::{Common, Entry, Text};

/// Flags of `manifest`.
#[derive(Debug, Args)]
pub struct ManifestArgs {
    /// Files with text, Markdown or HTML, https:// addresses, or - for standard input
    #[arg(required = true, value_name = "PATH|URL")]
    inputs: Vec<String>,

    /// Name of the report; made from the file's name or the address where it is not given. With one input only
    #[arg(long)]
    name: Option<String>,

    /// Namespace to write into the manifests; none where it is not given
    #[arg(long, short)]
    namespace: Option<String>,

    /// ReportCatalog that the reports use; may be given several times
    #[arg(long = "catalog", value_name = "NAME")]
    catalogs: Vec<String>,

    /// Language of the texts, such as nl, instead of having it detected
    #[arg(long)]
    language: Option<String>,

    /// How often URLs are looked at again, such as 6h
    #[arg(long)]
    interval: Option<String>,

    /// Write one file a report into this folder, instead of everything to standard output
    #[arg(long, short, value_name = "FOLDER", conflicts_with = "kustomize")]
    output: Option<PathBuf>,

    /// Keep the reports in this folder as plain files beside a kustomization, which makes the ConfigMaps: texts are put there, and
    /// kustomization.yaml is written or added to
    #[arg(long, value_name = "FOLDER")]
    kustomize: Option<PathBuf>,
}

pub(super) fn execute(args: &ManifestArgs) -> ExitCode {
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => super::fail(message),
    }
}

fn run(args: &ManifestArgs) -> Result<(), String> {
    let common = Common {
        namespace: args.namespace.clone(),
        catalogs: args.catalogs.clone(),
        language: args.language.clone(),
        interval: args.interval.clone(),
    };
    common.check()?;
    let entries = entries(args)?;
    if let Some(folder) = &args.kustomize {
        return kustomize::write(folder, &entries, &common);
    }
    let mut printed = String::new();
    for entry in &entries {
        let text = entry.manifests(&common)?;
        match &args.output {
            None => printed.push_str(&text),
            Some(folder) => write_file(&folder.join(format!("{}.yaml", entry.name)), text.as_bytes())?,
        }
    }
    match std::io::stdout().write_all(printed.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// What was given, each with a valid name of its own.
fn entries(args: &ManifestArgs) -> Result<Vec<Entry>, String> {
    if args.name.is_some() && args.inputs.len() > 1 {
        return Err(format!("--name names one report, but {} inputs are given", args.inputs.len()));
    }
    let mut taken = BTreeSet::new();
    args.inputs
        .iter()
        .map(|input| {
            let (proposed, source) = read(input, args.name.is_some())?;
            let name = match &args.name {
                Some(name) => plan::checked_name(name)?,
                None => plan::free_name(&plan::valid_name(&proposed), &taken),
            };
            if name.is_empty() {
                return Err(format!("{input}: no name can be made from it; give one with --name"));
            }
            taken.insert(name.clone());
            Ok(Entry { name, source })
        })
        .collect()
}

/// The input, and what its name may be made from.
fn read(input: &str, named: bool) -> Result<(String, plan::Source), String> {
    if input.contains("://") {
        let url = plan::checked_url(input)?;
        return Ok((plan::name_of_url(&url), plan::Source::Url(url.to_string())));
    }
    if input == "-" {
        if !named {
            return Err("-: a report from standard input needs a name; give one with --name".to_owned());
        }
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| format!("standard input: {error}"))?;
        return Ok((String::new(), plan::Source::Text(Text::new("report.txt", bytes, "standard input")?)));
    }
    let path = Path::new(input);
    let bytes = fs::read(path).map_err(|error| format!("{input}: {error}"))?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((stem, plan::Source::Text(Text::new(&file, bytes, input)?)))
}

fn write_file(path: &Path, content: &[u8]) -> Result<(), String> {
    let result = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, content));
    result.map_err(|error| format!("{}: {error}", path.display()))
}
