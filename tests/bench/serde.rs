use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
enum Kind {
    Castle,
    Bucket { litres: f64 },
    Shovel(u32),
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
struct Toy {
    name: String,
    kind: Kind,
    #[serde(default)]
    tags: Vec<String>,
    price: Option<u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stock {
    toys: Vec<Toy>,
    counts: BTreeMap<String, usize>,
}

impl Stock {
    fn add(&mut self, toy: Toy, count: usize) {
        *self.counts.entry(toy.name.clone()).or_default() += count;
        if !self.toys.contains(&toy) {
            self.toys.push(toy);
        }
    }

    fn total(&self) -> u64 {
        self.toys
            .iter()
            .map(|toy| toy.price.unwrap_or(0) * self.counts[&toy.name] as u64)
            .sum()
    }
}

const ORDER: &str = r#"[
    {"name": "red castle", "kind": "Castle", "price": 30},
    {"name": "bucket", "kind": {"Bucket": {"litres": 2.5}}, "tags": ["new"], "price": 7},
    {"name": "shovel", "kind": {"Shovel": 3}, "price": null}
]"#;

fn main() -> Result<(), serde_json::Error> {
    let mut stock = Stock::default();
    for (i, toy) in serde_json::from_str::<Vec<Toy>>(ORDER)?.into_iter().enumerate() {
        stock.add(toy, i + 1);
    }
    println!("{}", serde_json::to_string_pretty(&stock)?);
    println!("total {} // @MARK@", stock.total());
    Ok(())
}
