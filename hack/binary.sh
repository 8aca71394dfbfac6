#!/usr/bin/env bash
# Builds the operator as a static program into dist/linux/ARCHITECTURE/: hack/binary.sh amd64|arm64. With the same compilers the same commit
# gives the same bytes, wherever the tree and the dependencies are; BUILT-WITH beside the program says what compiled it. Releases use the
# Rust that Cargo.toml names and the C compilers of Ubuntu 24.04. Needs Linux with GNU tools, rustup, and a C compiler for the architecture:
# musl-gcc (Debian: musl-tools) for this machine's own, gcc for the other (Debian: gcc-aarch64-linux-gnu or gcc-x86-64-linux-gnu).
set -euo pipefail
cd "$(dirname "$0")/.."
architecture=${1:?usage: hack/binary.sh amd64|arm64}
case $architecture in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "no architecture $architecture; there are amd64 and arm64" >&2; exit 2 ;;
esac
target=$machine-unknown-linux-musl

if [ "$machine" = "$(uname -m)" ]; then compilers=(musl-gcc); else compilers=(); fi
for compiler in "${compilers[@]}" "$machine-linux-musl-gcc" "$machine-linux-gnu-gcc"; do
  if command -v "$compiler" >/dev/null; then break; fi
  compiler=
done
if [ -z "$compiler" ]; then
  echo "no C compiler for $machine; on Debian: apt-get install musl-tools gcc-aarch64-linux-gnu" >&2
  exit 1
fi
rustup target list --installed | grep -qx "$target" || rustup target add "$target"

# C parts see neither the machine's paths nor functions that only glibc has.
export "CC_${target//-/_}=$compiler"
export "CFLAGS_${target//-/_}=-U_FORTIFY_SOURCE -ffile-prefix-map=$PWD=/src -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=/cargo"
# This machine's own linker does for its own architecture.
if [ "$machine" != "$(uname -m)" ]; then
  linker=CARGO_TARGET_${target//-/_}_LINKER
  export "${linker^^}=$compiler"
fi
# Nothing of this machine goes into the program.
toolchain=$(rustc --print sysroot)
# Addresses that are set at the start are kept packed: a megabyte less (musl can read them since 1.2.4, binutils write them since 2.38).
export RUSTFLAGS="-C link-arg=-Wl,-z,pack-relative-relocs --remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$toolchain=/rust"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
cargo build --locked --profile dist --target "$target"

mkdir -p "dist/linux/$architecture"
install -m 0755 "${CARGO_TARGET_DIR:-target}/$target/dist/conference-report-operator" "dist/linux/$architecture/"
for tool in rustc "$compiler" "$("$compiler" -print-prog-name=ld)"; do "$tool" --version | sed -n 1p; done >"dist/linux/$architecture/BUILT-WITH"
echo "dist/linux/$architecture/conference-report-operator: $(stat --format=%s "dist/linux/$architecture/conference-report-operator") bytes"
