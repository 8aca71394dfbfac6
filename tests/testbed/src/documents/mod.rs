//! The documentation as something that runs: the commands of a page, performed in order on a cluster, with the output that the page shows.

pub mod page;
pub mod perform;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// All pages of the product's documentation, as paths in a repository: README.md and CONTRIBUTING.md, and what is in `docs`, in order.
///
/// # Errors
/// When a folder cannot be read.
pub fn pages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec!["README.md".into(), "CONTRIBUTING.md".into()];
    let mut below = Vec::new();
    collect(root, Path::new("docs"), &mut below)?;
    below.sort();
    found.extend(below);
    Ok(found)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(())
}
