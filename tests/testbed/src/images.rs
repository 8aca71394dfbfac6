//! Images for the test node, built by buildah as people would build them, with storage of their own that is removed again.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Builds an image that holds one static program, as an OCI archive.
///
/// # Errors
/// When buildah is missing or refuses.
pub fn build(program: &Path, image: &str, archive: &Path) -> Result<()> {
    if !crate::on_path("buildah") {
        bail!("buildah is missing; on Debian: apt-get install buildah");
    }
    let name = program.file_name().and_then(|name| name.to_str()).context("the program has no name")?;
    let context = tempfile::tempdir()?;
    fs::copy(program, context.path().join(name)).with_context(|| program.display().to_string())?;
    fs::write(
        context.path().join("Containerfile"),
        format!(
            "FROM scratch\nCOPY {name} /bin/{name}\nENV PATH=/bin\nUSER 65532:65532\nENTRYPOINT [\"/bin/{name}\"]\n"
        ),
    )?;
    let storage = context.path().join("storage");
    let mut buildah = Command::new("buildah");
    buildah
        .arg(format!("--root={}", storage.join("root").display()))
        .arg(format!("--runroot={}", storage.join("run").display()))
        .args(["--storage-driver=vfs", "build", "--isolation=chroot", "--quiet", "--format=oci"])
        .arg(format!("--ignorefile={}", context.path().join("none").display()));
    fs::write(context.path().join("none"), "storage\n")?;
    let layers = format!("--tag=oci-archive:{}:{image}", archive.display());
    crate::output(buildah.arg(layers).arg(context.path()))?;
    Ok(())
}
