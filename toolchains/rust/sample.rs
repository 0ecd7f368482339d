use std::collections::HashMap;

fn main() {
    let text = "she sells sea shells by the sea shore";
    let mut counts: HashMap<char, usize> = HashMap::new();
    for letter in text.chars().filter(|c| c.is_alphabetic()) {
        *counts.entry(letter).or_default() += 1;
    }

    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(letter, count)| (std::cmp::Reverse(count), letter));
    for (letter, count) in counts.iter().take(5) {
        println!("{letter}: {}", "#".repeat(*count));
    }
}
