// The programs the tests run.

export const rustPicture = `fn main() -> std::io::Result<()> {
    std::fs::write("out/dot.svg", r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="9"/></svg>"#)?;
    std::fs::write("out/data.csv", "1,2")?;
    std::fs::File::create("out/big")?.set_len(2 << 20)
}
`;

export const rustHello = `fn main() {
    println!("Hello from Rust {}", (1..=10).sum::<i32>());
}
`;

export const rustCrates = `use rayon::prelude::*;

fn main() {
    let sum: u64 = (1..=1000u64).into_par_iter().map(|n| n * n).sum();
    println!("{}", serde_json::json!({ "sum": sum, "threads": rayon::current_num_threads() > 0 }));
}
`;

export const rustError = `fn main() {
    let one = 1;
    let sum: i32 = one + add("three");
    println!("{sum}");
}

fn add(n: i32) -> i32 {
    n + 1
}
`;

export const rustPanic = `#[inline(never)]
fn inner(values: &[i32], at: usize) -> i32 {
    values[at]
}

fn main() {
    println!("{}", inner(&[1, 2, 3], std::env::args().count() + 6));
}
`;

export const rustShow = `use std::collections::BTreeMap;

/// Counts how often each word occurs.
fn count_words(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

fn main() {
    let unused = 7;
    let counts = count_words("the fox and the dog and the sun");
    for (word, n) in &counts {
        println!("{word:>6} {}", "▪".repeat(*n)); // a little chart
    }
    eprintln!("{} different words", counts.len());
}
`;

export const rustGcd = `/// The greatest common divisor, by Euclid.
#[inline(never)]
pub fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
`;

export const cHello = `#include <stdio.h>

int main(void)
{
	printf("out from C\\n");
	fflush(stdout);
	fprintf(stderr, "err from C\\n");
	return 3;
}
`;

export const cForever = `#include <stdio.h>

int main(void)
{
	puts("looping");
	fflush(stdout);
	for (volatile unsigned n = 0;; n++)
		;
}
`;

export const cppHello = `#include <algorithm>
#include <iostream>
#include <vector>

int main()
{
	std::vector<int> v{3, 1, 2};
	std::sort(v.begin(), v.end());
	std::cout << v[0] << ' ' << v[1] << ' ' << v[2] << '\\n';
}
`;

export const pythonSlow = `import time
print("first", flush=True)
time.sleep(2.5)
print("second")
`;

export const pythonTalk = `import sys
print("name?", flush=True)
for line in sys.stdin:
    print("hello", line.strip(), flush=True)
print("end of input")
`;

export const pythonHostile = String.raw`print('<img src=x onerror="document.title=1"><script>document.title=2</script>')
print("\u202ereversed\u202c")
print("\x1b]0;title\x07")
print("nul\0 cr\r bs\b")
print("\x1b[31mred\x1b[0m plain")
`;

export const pythonManyLines = `import sys
sys.stdout.write("".join(f"{n:07}\\n" for n in range(100000)))
`;

export const pythonLongLine = `import sys
sys.stdout.write("0123456789" * 100000)
`;

export const rustModuleMain = `mod greet;

fn main() {
    println!("{}", greet::greet("tabs"));
}
`;

export const rustModule = `pub fn greet(name: &str) -> String {
    format!("Hello, {name}")
}
`;

export const rustTests = `pub fn sum(values: &[i32]) -> i32 {
    values.iter().sum()
}

#[test]
fn sum_is_right() {
    assert_eq!(sum(&[1, 2, 3]), 6);
}

#[test]
fn sum_is_wrong() {
    assert_eq!(sum(&[1, 2, 3]), 7);
}
`;

export const rustLibrary = `pub fn twice(n: u32) -> u32 {
    println!("{n}");
    n.wrapping_mul(2)
}
`;

export const rustFixes = `fn main() {
    let crab = "🦀"; let idle = 1;
    let mut n = crab.len();
    println!("{n}");
}
`;
