// Programs to start from, by language; loaded when the menu is opened.

const rust = {
  "Words counted": `use std::collections::BTreeMap;
use std::io::Read;

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    for (word, count) in counts {
        println!("{count:5} {word}");
    }
}
`,
  "Threads and a channel": `use std::sync::mpsc;
use std::thread;

fn main() {
    let (sender, receiver) = mpsc::channel();
    for id in 0..4 {
        let sender = sender.clone();
        thread::spawn(move || {
            for n in 0..3 {
                sender.send(format!("worker {id}: {}", id * 10 + n)).unwrap();
            }
        });
    }
    drop(sender);
    for line in receiver {
        println!("{line}");
    }
}
`,
  "Tests": `/// The greatest common divisor, by Euclid.
pub fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn gcd_of_coprimes_is_one() {
    assert_eq!(gcd(9, 28), 1);
}

#[test]
fn gcd_of_multiples() {
    assert_eq!(gcd(12, 18), 6);
}
`,
  "A picture": `use std::f64::consts::TAU;
use std::fmt::Write;

/// What is left in the folder out is shown below the output.
fn main() -> std::io::Result<()> {
    let mut path = String::from("M");
    for step in 0..=720 {
        let t = TAU * f64::from(step) / 720.0;
        let (x, y) = ((5.0 * t).sin() * 90.0, (4.0 * t).cos() * 90.0);
        write!(path, " {x:.1} {y:.1}").unwrap();
    }
    let picture = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320" viewBox="-100 -100 200 200">
  <path d="{path}" fill="none" stroke="seagreen" stroke-width="1.5"/>
</svg>"#
    );
    std::fs::write("out/curve.svg", picture)
}
`,
  "To read as assembly": `/// Choose Assembly beside Run, and release in the options.
#[unsafe(no_mangle)]
pub fn sum_of_squares(values: &[u32]) -> u32 {
    values.iter().map(|v| v * v).sum()
}
`,
};

const c = {
  "A linked list": `#include <stdio.h>
#include <stdlib.h>

struct node {
	int value;
	struct node *next;
};

static struct node *push(struct node *head, int value)
{
	struct node *node = malloc(sizeof(*node));

	if (!node)
		abort();
	*node = (struct node){value, head};
	return node;
}

int main(void)
{
	struct node *list = NULL;

	for (int i = 1; i <= 5; i++)
		list = push(list, i * i);
	while (list) {
		struct node *next = list->next;
		printf("%d\\n", list->value);
		free(list);
		list = next;
	}
}
`,
  "Lines from the input": `#include <stdio.h>
#include <string.h>

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\\n")] = '\\0';
		printf("%zu characters: %s\\n", strlen(line), line);
	}
}
`,
};

const cpp = {
  "Ranges": `#include <iostream>
#include <ranges>

int main()
{
	auto even = [](int n) { return n % 2 == 0; };
	auto square = [](int n) { return n * n; };

	for (int n : std::views::iota(1, 20) | std::views::filter(even) | std::views::transform(square))
		std::cout << n << ' ';
	std::cout << '\\n';
}
`,
  "A template": `#include <iostream>
#include <map>
#include <string>

template <typename Key> void count(std::map<Key, int> &counts, const Key &key)
{
	++counts[key];
}

int main()
{
	std::map<std::string, int> counts;
	for (std::string word; std::cin >> word;)
		count(counts, word);
	for (const auto &[word, n] : counts)
		std::cout << word << ": " << n << '\\n';
}
`,
};

const python = {
  "Primes": `def primes():
    """All primes, one after the other."""
    composites = {}
    n = 2
    while True:
        factors = composites.pop(n, None)
        if factors is None:
            yield n
            composites[n * n] = [n]
        else:
            for factor in factors:
                composites.setdefault(n + factor, []).append(factor)
        n += 1


for prime, _ in zip(primes(), range(15)):
    print(prime, end=" ")
print()
`,
  "A picture": `from collections import Counter
from random import gauss

# What is left in the folder out is shown below the output.
counts = Counter(round(gauss(0, 4)) for _ in range(10_000))
most = max(counts.values())
bars = "".join(
    f'<rect x="{20 * (n + 12)}" y="{200 - 200 * counts[n] / most:.0f}" width="18" '
    f'height="{200 * counts[n] / most:.0f}" fill="steelblue"><title>{n}: {counts[n]}</title></rect>'
    for n in range(-12, 13)
)
with open("out/histogram.svg", "w") as file:
    file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="500" height="200">{bars}</svg>')
print(f"{most} of them in the highest bar")
`,
  "A conversation": `print("What is your name?", flush=True)
name = input()
print(f"Hello, {name}. Your name backwards is {name[::-1]}.")
# Open "Input" below the output, and let it stay open while the program runs.
`,
};

export const examples: Record<string, Record<string, string>> = { rust, c, cpp, python };
