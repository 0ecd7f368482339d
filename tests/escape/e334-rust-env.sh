#!/bin/bash
# claim: env! finds nothing of the server's environment
# layer: environment
# alone: none
# options: --profile compile
# expect: hidden
# control-options: --profile compile --env SANDLOT_SECRET=x
echo 'pub const TEXT: &str = env!("SANDLOT_SECRET");' >a.rs
/opt/rust/stable/bin/rustc --crate-type lib --emit metadata a.rs 2>/dev/null && echo done || echo hidden
