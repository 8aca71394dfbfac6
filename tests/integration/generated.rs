//! Generated files are as fresh as the code they come from.

use conference_report_operator::api::crd;

#[test]
fn the_manifests_in_crds_are_those_of_the_types() {
    for (file, manifest) in crd::manifests() {
        let path = testbed::repository().join("crds").join(file);
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == crd::to_yaml(&manifest).unwrap(),
            "crds/{file} is stale: run `make generate` and commit the result"
        );
    }
}

#[test]
fn the_manifests_are_small_enough_for_client_side_apply() {
    for (file, manifest) in crd::manifests() {
        let size = manifest.to_string().len();
        assert!(
            size < 256 * 1024,
            "{file} has {size} bytes; kubectl apply keeps a copy in an annotation of at most 256 KiB"
        );
    }
}
