//! Checks the data files in `catalog/` and embeds them as one JSON document, `catalog.json` in the output folder.
//!
//! Files that are absent are simply not in it; one that is there but wrong fails the build with its name and the place.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::de::DeserializeOwned;

#[path = "src/catalog/raw.rs"]
#[allow(dead_code)]
mod raw;

use raw::{RawCatalog, RawFile};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=catalog");
    println!("cargo:rerun-if-changed=src/catalog/raw.rs");
    println!("cargo:rerun-if-changed=build.rs");
    let catalog = RawCatalog {
        products: read("landscape/products.yaml")?,
        members: read("landscape/members.yaml")?,
        projects: read("projects")?,
        organizations: read("organizations")?,
        project_matching: read("matching/projects.yaml")?,
        organization_matching: read("matching/organizations.yaml")?,
        block_phrases: read("block-phrases.yaml")?,
        themes: read("themes")?,
        events: read("events")?,
        places: read("places.yaml")?,
        languages: read("languages.yaml")?,
    };
    let target = PathBuf::from(env::var("OUT_DIR")?).join("catalog.json");
    fs::write(target, serde_json::to_vec(&catalog)?)?;
    Ok(())
}

/// Reads a file, or all YAML files of a folder in the order of their names.
fn read<T: DeserializeOwned>(name: &str) -> Result<Vec<RawFile<T>>, Box<dyn Error>> {
    let root = Path::new("catalog");
    let path = root.join(name);
    let mut paths = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(&path)? {
            let file = entry?.path();
            if file.extension().is_some_and(|extension| extension == "yaml") {
                paths.push(file);
            }
        }
        paths.sort();
    } else if path.is_file() {
        paths.push(path);
    }
    let mut files = Vec::new();
    for path in paths {
        let file = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path)?;
        let data = serde_saphyr::from_str(&text).map_err(|error| format!("catalog/{file}: {error}"))?;
        files.push(RawFile { file, data });
    }
    Ok(files)
}
