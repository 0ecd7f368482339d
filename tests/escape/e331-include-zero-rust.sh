#!/bin/bash
# claim: bytes without end as a constant end the compiler, and nothing else
# layer: limits
# alone: none
# options: --profile compile --limit memory=256M --limit wall=6s --limit cpu=4s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: /dev/zero
# control-args: /dev/null
echo "pub static BYTES: &[u8] = include_bytes!(\"$1\");" >a.rs
/opt/rust/stable/bin/rustc --crate-type lib --emit metadata a.rs 2>/dev/null && echo done
