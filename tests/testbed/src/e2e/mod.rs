//! The product as users meet it: the image in pods, installed by Helm and by `kubectl apply`, upgraded, restarted under load, removed.

pub mod audit;
pub mod install;
pub mod load;
pub mod samples;
pub mod stage;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::sandbox;
use stage::Stage;

/// Performs something on a cluster: that of `KUBECONFIG` where it is set, else a node of our own, in a sandbox in which this program runs once
/// more. Everything of the node is gone afterwards.
///
/// # Errors
/// When the cluster is not to be had, or what is performed fails.
pub async fn perform(act: impl AsyncFnOnce(Stage) -> Result<()>) -> Result<ExitCode> {
    if let Some(folder) = sandbox::inside() {
        sandbox::furnish(&folder)?;
        let step = Step::start("Starting etcd, API server, controllers, scheduler, containerd and kubelet");
        let stage = on_thread(move || Stage::own(&folder)).await?;
        step.done("the node is ready");
        return tokio::select! {
            result = act(stage) => result.map(|()| ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        };
    }
    if let Some(kubeconfig) = std::env::var_os("KUBECONFIG").filter(|path| !path.is_empty()) {
        let folder = tempfile::tempdir()?;
        act(Stage::foreign(Path::new(&kubeconfig), folder.path())?).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let status = sandbox::run().await?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Work that blocks, away from the threads that serve.
///
/// # Errors
/// Those of the work.
pub async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
