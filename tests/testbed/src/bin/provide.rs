//! `make control-plane`, `make programs`: provides the programs that tests, demo and e2e run, and says where they come from.

use anyhow::{Result, bail};
use testbed::assets::Assets;
use testbed::programs::{CONTROL_PLANE, SETS};

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let known: Vec<&str> = SETS.iter().map(|set| set.name).collect();
    if wanted.is_empty() {
        bail!("usage: provide SET...; there are {}", known.join(", "));
    }
    for name in &wanted {
        let Some(set) = SETS.iter().find(|set| set.name == name) else {
            bail!("there is no set {name}; there are {}", known.join(", "));
        };
        // The control plane may come from elsewhere than a build.
        let (origin, folder) = if set.name == CONTROL_PLANE.name {
            let assets = Assets::provide()?;
            (assets.origin, assets.folder)
        } else {
            ("the pinned module".to_owned(), set.provide()?)
        };
        println!("{name} from {origin}: {}", folder.display());
    }
    Ok(())
}
