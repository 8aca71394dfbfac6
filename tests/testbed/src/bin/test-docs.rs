//! `make test-docs`: the commands of the documentation, performed as they are written on a real node.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use testbed::documents::{self, perform};
use testbed::e2e::{self, install};
use testbed::progress::Step;
use testbed::repository;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [binary, archive, pages @ ..] = arguments.as_slice() else {
        bail!("usage: test-docs OPERATOR-BINARY IMAGE-ARCHIVE [PAGE...]");
    };
    let pages = if pages.is_empty() { documents::pages(repository())? } else { pages.to_vec() };
    e2e::perform(async |stage| {
        let (binary, archive, pages) = (binary.clone(), archive.clone(), pages.clone());
        e2e::on_thread(move || {
            let node =
                stage.node().context("some pages delete resource definitions: not on the cluster of KUBECONFIG")?;
            let step = Step::start("Giving the node the image");
            stage.load(&archive)?;
            // The image that `helm test` takes where nobody says otherwise.
            node.load(stage.kubectl_program(), &install::kubectl_image()?)?;
            step.done("");
            perform::perform(&stage, &binary, &pages)
        })
        .await
    })
    .await
}
