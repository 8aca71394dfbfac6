//! `make control-plane`: provides etcd, kube-apiserver and kubectl, and says where they come from.

use anyhow::Result;

fn main() -> Result<()> {
    let assets = testbed::assets::Assets::provide()?;
    println!("control plane from {}: {}", assets.origin, assets.folder.display());
    Ok(())
}
