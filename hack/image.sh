#!/usr/bin/env bash
# Builds the image and writes it as an OCI archive: hack/image.sh ARCHITECTURE ARCHIVE. Takes buildah, podman or docker, whichever is
# there (BUILDER says otherwise). The same program and the same builder give the same archive: times are those of the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
architecture=${1:?usage: hack/image.sh amd64|arm64 ARCHIVE}
archive=${2:?usage: hack/image.sh amd64|arm64 ARCHIVE}

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
name=${IMAGE:-ghcr.io/confreports/conference-report-operator}:v$version
arguments=(
  --file Containerfile --platform "linux/$architecture"
  --build-arg "TARGETARCH=$architecture"
  --build-arg "VERSION=$version"
  --build-arg "REVISION=$(git rev-parse HEAD)"
  --build-arg "CREATED=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)"
)
builder=${BUILDER:-}
for candidate in buildah podman docker; do
  if [ -z "$builder" ] && command -v "$candidate" >/dev/null; then builder=$candidate; fi
done
mkdir -p "$(dirname "$archive")"
rm -f "$archive"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $builder in
  buildah | podman)
    # Storage of its own: nothing is left on the machine, and no daemon or user namespace is needed.
    global=(--root "$work/root" --runroot "$work/run" --storage-driver vfs)
    "$builder" "${global[@]}" build --isolation chroot --format oci --timestamp "$SOURCE_DATE_EPOCH" --quiet \
      "${arguments[@]}" --tag "$name" . >/dev/null
    "$builder" "${global[@]}" push --quiet "$name" "oci:$work/layout:$name"
    ;;
  docker)
    docker buildx build "${arguments[@]}" --provenance=false --tag "$name" \
      --output "type=oci,tar=false,dest=$work/layout,rewrite-timestamp=true" --quiet .
    ;;
  *)
    echo 'no docker, podman or buildah; on Debian: apt-get install buildah' >&2
    exit 1
    ;;
esac
tar --create --file "$archive" --directory "$work/layout" --sort=name --owner=0 --group=0 --numeric-owner \
  --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" .
echo "$name ($architecture): $archive, $(du -h --apparent-size "$archive" | cut -f1)"
