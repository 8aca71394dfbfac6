//! Part of `make generate`: writes anew what is generated from the chart.

use std::fs;

use anyhow::Result;
use testbed::{deliverables, repository};

fn main() -> Result<()> {
    for (path, text) in deliverables::rendered()? {
        write(&path, &text)?;
    }
    // Last: it is made of the files above.
    let (path, text) = deliverables::install()?;
    write(&path, &text)
}

fn write(path: &std::path::Path, text: &str) -> Result<()> {
    let path = repository().join(path);
    if fs::read_to_string(&path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, text)?;
    println!("{}", path.display());
    Ok(())
}
