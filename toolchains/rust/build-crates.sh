#!/bin/sh
# Compiles a crate set for one channel; runs in a cell without network, with the set read-only in /playground/in.
#   build-crates.sh CHANNEL
# Says how many crates there are, and leaves out.tar: the libraries, and messages.json with what cargo said about them.
set -eu
channel=$1

export CARGO_HOME=/playground/cargo
export CARGO_TARGET_DIR=/playground/target
export CARGO_TERM_COLOR=never
# Crates serve both modes, optimised and without debug information, as the standard library does: they are compiled
# once, a debug build links in half the time, and what a visitor's program calls in them is quick.
export CARGO_PROFILE_RELEASE_DEBUG=0
export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
# Macros are loaded by every compiler run that names their crate.
export CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_STRIP=symbols
# Backtraces say regex-1.2.3/src/… and not where the set lay when it was compiled.
export RUSTFLAGS=--remap-path-prefix=/playground/in/vendor/=
export PATH="/opt/rust/$channel/bin:/usr/bin:/bin"

# Named, so that what is compiled for programs and what for macros and build scripts lie apart.
target=$(rustc -vV | sed -n 's/^host: //p')
options="--offline --frozen --target $target --manifest-path in/Cargo.toml --config in/config.toml"

# shellcheck disable=SC2086 # these are several words
count=$(cargo tree $options --edges normal,build --prefix none | awk '{print $1, $2}' | sort -u | wc -l)
echo "     Crates $count" >&2

mkdir out
# shellcheck disable=SC2086
cargo build $options --release --message-format=json-render-diagnostics > out/messages.json

mv "target/$target"/release/deps/*.rlib out/
find target/release/deps -maxdepth 1 -name '*.so' -exec mv {} out/ \;
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C out -cf out.tar .
