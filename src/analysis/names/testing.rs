//! A small catalog and a small document maker for the tests of this folder.

use std::collections::BTreeMap;

use crate::analysis::sentences::Sentence;
use crate::analysis::{Block, BlockKind, Document};
use crate::catalog::{Catalog, Matching, Organization, Project, Shared, Surface};

/// Blocks are paragraphs between empty lines; "# " starts a heading, "- " a list item, "```" code.
pub(super) fn document(text: &str) -> Document {
    let mut document = Document { text: text.to_owned(), ..Document::default() };
    let mut start = 0;
    for part in text.split("\n\n") {
        let kind = match part {
            _ if part.starts_with("# ") => BlockKind::Heading(1),
            _ if part.starts_with("- ") => BlockKind::ListItem,
            _ if part.starts_with("```") => BlockKind::Code,
            _ => BlockKind::Paragraph,
        };
        document.blocks.push(Block { kind, span: start..start + part.len(), links: Vec::new() });
        start += part.len() + 2;
    }
    document
}

/// A sentence ends with ". ", or with its block.
pub(super) fn sentences(document: &Document) -> Vec<Sentence> {
    let mut found = Vec::new();
    for (index, block) in document.blocks.iter().enumerate() {
        let mut start = block.span.start;
        let text = &document.text[block.span.clone()];
        for (at, _) in text.match_indices(". ") {
            found.push(Sentence { span: start..block.span.start + at + 1, block: index });
            start = block.span.start + at + 2;
        }
        if start < block.span.end {
            found.push(Sentence { span: start..block.span.end, block: index });
        }
    }
    found
}

fn surfaces(names: &[&str]) -> Vec<Surface> {
    names
        .iter()
        .map(|name| {
            let (text, matching) = match name.split_at(1) {
                ("?", rest) => (rest, Matching::NeedsEvidence),
                ("!", rest) => (rest, Matching::NeedsCue),
                _ => (*name, Matching::Plain),
            };
            Surface { text: text.to_owned(), matching }
        })
        .collect()
}

fn project(names: &[&str], change: impl FnOnce(&mut Project)) -> Shared<Project> {
    let surfaces = surfaces(names);
    let mut project = Project { name: surfaces[0].text.clone(), surfaces, ..Project::default() };
    change(&mut project);
    project.into()
}

fn organization(names: &[&str]) -> Shared<Organization> {
    let surfaces = surfaces(names);
    Organization { name: surfaces[0].text.clone(), surfaces, ..Organization::default() }.into()
}

/// A catalog with names of every sort; "?" marks those that need evidence, "!" those that need a cue.
pub(super) fn catalog() -> Catalog {
    let graduated = |project: &mut Project| project.maturity = Some("graduated".into());
    let plain = |_: &mut Project| {};
    Catalog {
        projects: vec![
            project(&["Kubernetes", "K8s"], graduated),
            project(&["Istio"], graduated),
            project(&["Cilium"], graduated),
            project(&["Cilium ClusterMesh"], |p| p.parent = Some("Cilium".into())),
            project(&["Linkerd"], |p| p.vendor = Some("Buoyant".into())),
            project(&["Argo"], graduated),
            project(&["Argo CD"], |p| p.parent = Some("Argo".into())),
            project(&["Kayenta"], plain),
            project(&["Open Policy Agent (OPA)"], graduated),
            project(&["?Flux", "Flux CD"], |p| {
                graduated(p);
                p.vendor = Some("Weaveworks".into());
                p.homepage = Some("https://fluxcd.io/".into());
            }),
            project(&["?Harbor"], graduated),
            project(&["?Helm"], graduated),
            project(&["?Vault", "HashiCorp Vault"], |p| p.vendor = Some("HashiCorp".into())),
            project(&["?Draft"], plain),
            project(&["!Keep"], |p| p.homepage = Some("https://www.keephq.dev".into())),
            project(&["!Score"], |p| p.maturity = Some("sandbox".into())),
            project(&["Sysdig"], plain),
            project(&["Kong"], plain),
            project(&["Docker"], |p| p.general = true),
            project(&["?Flannel"], plain),
            project(&["CoreOS Container Linux", "CoreOS"], plain),
        ],
        organizations: vec![
            organization(&["Buoyant"]),
            organization(&["Weaveworks"]),
            organization(&["HashiCorp"]),
            organization(&["Sysdig"]),
            organization(&["Kong"]),
            organization(&["Docker"]),
            organization(&["CoreOS"]),
            organization(&["Adidas"]),
            organization(&["Spotify"]),
            organization(&["!Orange"]),
            organization(&["!Box"]),
            organization(&["?ING"]),
        ],
        words_of: BTreeMap::from([("flannel".to_owned(), ["en".to_owned()].into())]).into(),
        block_phrases: vec!["first draft".to_owned(), "at scale".to_owned()].into(),
        ..Catalog::default()
    }
    .compiled()
}
