#!/bin/bash
# claim: code that runs while it is compiled has no more than a program: no host file, no network
# layer: seccomp
# alone: none
# options: --profile compile
# args: {secret}
# expect: host Some(2) network Some(1) image Some(30) init Some(2)
# control-options: --profile compile --without seccomp --without readonly --without landlock
# control-expect-not: host Some(2) network Some(1) image Some(30) init Some(2)
cat >m.rs <<RUST
extern crate proc_macro;
fn word(r: std::io::Result<()>) -> String {
    r.map_or_else(|e| format!("{:?}", e.raw_os_error()), |()| "done".into())
}
#[proc_macro]
pub fn attack(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    println!(
        "host {} network {} image {} init {}",
        word(std::fs::read("$1").map(|_| ())),
        word(std::net::TcpStream::connect("127.0.0.1:9").map(|_| ())),
        word(std::fs::write("/usr/planted", "x")),
        word(std::fs::read("/proc/1/environ").map(|_| ())),
    );
    proc_macro::TokenStream::new()
}
RUST
echo 'm::attack!();' >a.rs
rustc=/opt/rust/stable/bin/rustc
$rustc --crate-type proc-macro m.rs && $rustc --crate-type lib --emit metadata --extern m=libm.so a.rs
