#!/bin/bash
# claim: the compiler's own environment, which can be included, has nothing of the server's
# layer: environment
# alone: none
# options: --profile compile
# expect: hidden
# control-options: --profile compile --env SANDLOT_SECRET=x
echo 'pub const TEXT: &str = include_str!("/proc/self/environ"); pub fn f() { let _: () = TEXT; }' >a.rs
cat >b.rs <<'RUST'
const TEXT: &[u8] = include_bytes!("/proc/self/environ");
const WORD: &[u8] = b"SANDLOT_SECRET";
const fn found() -> bool {
    let mut i = 0;
    while i + WORD.len() <= TEXT.len() {
        let mut j = 0;
        while j < WORD.len() && TEXT[i + j] == WORD[j] {
            j += 1;
        }
        if j == WORD.len() {
            return true;
        }
        i += 1;
    }
    false
}
const _: () = assert!(!found());
RUST
/opt/rust/stable/bin/rustc --crate-type lib --emit metadata b.rs 2>/dev/null && echo hidden || echo done
