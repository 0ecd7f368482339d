#!/bin/bash
# claim: macros that double their input end the compiler, and nothing else
# layer: limits
# alone: none
# options: --profile compile --limit memory=256M --limit wall=6s --limit cpu=4s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: 60
# control-args: 5
cat >a.rs <<RUST
#![recursion_limit = "4096"]
macro_rules! double {
    ([] \$(\$t:tt)*) => { pub fn f() {} };
    ([\$_x:tt \$(\$n:tt)*] \$(\$t:tt)*) => { double!([\$(\$n)*] \$(\$t)* \$(\$t)*); };
}
double!([$(printf 'x %.0s' $(seq "$1"))] a b);
RUST
/opt/rust/stable/bin/rustc --crate-type lib --emit metadata a.rs 2>/dev/null && echo done
