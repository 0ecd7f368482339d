#!/bin/bash
# claim: a constant that takes for ever to work out ends the compiler, and nothing else
# layer: limits
# alone: none
# options: --profile compile --limit memory=512M --limit wall=6s --limit cpu=3s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: 1000000000000
# control-args: 10
cat >a.rs <<RUST
#![allow(long_running_const_eval)]
pub const SUM: u64 = {
    let mut sum = 0u64;
    let mut i = 0u64;
    while i < $1 {
        sum = sum.wrapping_add(i);
        i += 1;
    }
    sum
};
RUST
/opt/rust/stable/bin/rustc --crate-type lib --emit metadata a.rs 2>/dev/null && echo done
