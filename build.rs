//! Checks the data files in `catalog/`, puts them together and compiles them with the program's own code, and embeds what comes out, in the output
//! folder: `catalog.bin`, which the program starts with, and `catalog.json`, the files as they were written, which `catalog check` reads.
//!
//! Files that are absent are simply not in it; one that is there but wrong fails the build with its name and the place.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::de::DeserializeOwned;

/// The part of the program's `catalog` that refers to nothing else.
#[allow(dead_code, unused_imports, reason = "the program uses the rest")]
mod catalog {
    #[path = "../src/catalog/fold.rs"]
    pub mod fold;
    #[path = "../src/catalog/matcher/mod.rs"]
    pub mod matcher;
    #[path = "../src/catalog/merge.rs"]
    pub mod merge;
    #[path = "../src/catalog/model.rs"]
    mod model;
    #[path = "../src/catalog/raw.rs"]
    pub mod raw;
    #[path = "../src/catalog/shared.rs"]
    mod shared;
    #[path = "../src/catalog/surfaces.rs"]
    pub mod surfaces;

    pub use model::{
        Area, Catalog, City, Edition, LanguageData, Matching, Organization, Places, Project, Series, Surface, Term,
        Theme,
    };
    pub use shared::Shared;
}

use catalog::merge;
use catalog::raw::{RawCatalog, RawFile};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=catalog");
    println!("cargo:rerun-if-changed=src/catalog");
    println!("cargo:rerun-if-changed=build.rs");
    let raw = RawCatalog {
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
    let written = serde_json::to_vec(&raw)?;
    let mut catalog = merge::from_raw(&raw).compiled();
    catalog.revision = merge::digest(&written);
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("catalog.bin"), postcard::to_extend(&catalog, Vec::new())?)?;
    fs::write(folder.join("catalog.json"), written)?;
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
