#!/bin/sh
# Compiles a crate set; runs in a cell without network, with the set read-only in /playground/in.
#   build-crates.sh CHANNEL MODE
# Leaves out.tar: the libraries, and messages.json with what cargo said about them.
set -eu
channel=$1
mode=$2

export CARGO_HOME=/playground/cargo
export CARGO_TARGET_DIR=/playground/target
export CARGO_TERM_COLOR=never
export CARGO_INCREMENTAL=0
# Crates only serve to be linked; without debug information of theirs, linking takes half the time.
export CARGO_PROFILE_DEV_DEBUG=0
# Backtraces say regex-1.2.3/src/… and not where the set lay when it was compiled.
export RUSTFLAGS=--remap-path-prefix=/playground/in/vendor/=
export PATH="/opt/rust/$channel/bin:/usr/bin:/bin"

case $mode in
debug) flags= ;;
release) flags=--release ;;
*) echo "no mode called $mode" >&2; exit 1 ;;
esac

mkdir out
# shellcheck disable=SC2086 # no flag at all is meant to be no word
cargo build --offline --frozen $flags --manifest-path in/Cargo.toml --config in/config.toml \
	--message-format=json-render-diagnostics > out/messages.json

find "target/$mode/deps" -maxdepth 1 \( -name '*.rlib' -o -name '*.so' \) -exec mv {} out/ \;
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C out -cf out.tar .
