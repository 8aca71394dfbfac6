//! `crd`: the CustomResourceDefinitions, on standard output or as files.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::api::crd;

#[derive(Debug, Args)]
pub(super) struct CrdArgs {
    /// Folder to write one file a resource into, instead of standard output
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(super) fn execute(args: &CrdArgs) -> ExitCode {
    for (file, manifest) in crd::manifests() {
        let yaml = match crd::to_yaml(&manifest) {
            Ok(yaml) => yaml,
            Err(error) => return super::fail(format_args!("{file}: {error}")),
        };
        match &args.output {
            None => print!("---\n{yaml}"),
            Some(folder) => {
                let written = fs::create_dir_all(folder).and_then(|()| fs::write(folder.join(file), yaml));
                if let Err(error) = written {
                    return super::fail(format_args!("{}: {error}", folder.join(file).display()));
                }
            }
        }
    }
    ExitCode::SUCCESS
}
