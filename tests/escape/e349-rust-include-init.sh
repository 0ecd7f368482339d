#!/bin/bash
# claim: nothing of pid 1 can be compiled into a program
# layer: uid-drop
# alone: none
# options: --profile compile
# expect: denied
# control-options: --profile compile --without uid-drop --without proc --without landlock
echo 'pub static BYTES: &[u8] = include_bytes!("/proc/1/environ");' >a.rs
/opt/rust/stable/bin/rustc --crate-type lib --emit metadata a.rs 2>/dev/null && echo done || echo denied
