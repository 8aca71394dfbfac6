#!/usr/bin/env bash
# Gathers in dist/release/ what a release publishes: images, programs, chart, manifests, SBOM, checksums. Run by `make release` after the
# images are built.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
out=dist/release
rm -rf "$out"
mkdir -p "$out"

chart=$(sed -n 's/^version: //p' charts/conference-report-operator/Chart.yaml)
application=$(sed -n 's/^appVersion: //p' charts/conference-report-operator/Chart.yaml)
if [ "$application" != "$version" ]; then
  echo "Cargo.toml says $version, the chart's appVersion $application" >&2
  exit 1
fi

for architecture in amd64 arm64; do
  cp "dist/image-$architecture.tar" "$out/conference-report-operator-$version-image-$architecture.tar"
  tar --create --gzip --file "$out/conference-report-operator-$version-linux-$architecture.tar.gz" \
    --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    --directory "dist/linux/$architecture" conference-report-operator BUILT-WITH --directory "$PWD" LICENSE NOTICE
done

helm=$(cargo run --quiet --locked -p testbed --no-default-features --bin provide -- helm | sed 's/.*: //')/helm
"$helm" package charts/conference-report-operator --destination "$out" >/dev/null
test -f "$out/conference-report-operator-$chart.tgz"
cp deploy/install.yaml "$out/install.yaml"
{ for file in crds/confreports.dev_*.yaml; do echo '---'; cat "$file"; done; } >"$out/crds.yaml"

command -v cargo-cyclonedx >/dev/null || cargo install --quiet --locked cargo-cyclonedx@0.5.9
cargo cyclonedx --quiet --format json --spec-version 1.5 --target x86_64-unknown-linux-musl --override-filename sbom
mv sbom.json "$out/conference-report-operator-$version.cdx.json"
rm -f tests/testbed/sbom.json

(cd "$out" && sha256sum -- * >SHA256SUMS)
ls -l "$out"
