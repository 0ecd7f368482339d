use anyhow::Context;
use chrono::{Datelike, NaiveDate};
use itertools::Itertools;
use num_bigint::BigUint;
use rand::{rngs::StdRng, Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Castle {
    name: String,
    towers: Vec<u32>,
}

fn factorial(n: u32) -> BigUint {
    (1..=n).fold(BigUint::from(1u32), |product, i| product * i)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let castle: Castle = serde_json::from_str(r#"{"name": "wet", "towers": [1, 2, 3]}"#)
        .context("the JSON is fine")?;
    println!("{}", serde_json::to_string(&castle)?);

    let sum: u64 = (1..=1000u64).into_par_iter().map(|n| n * n).sum();
    println!("{sum}");

    let words = regex::Regex::new(r"\w+")?;
    println!("{}", words.find_iter("sand, sea; sun").map(|word| word.as_str()).join("-"));

    let number = StdRng::seed_from_u64(42).random_range(0..10);
    assert!((0..10).contains(&number));
    println!("{}", factorial(25));
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).context("a leap day")?;
    println!("{} {:?}", day.ordinal(), day.weekday());

    let (sender, receiver) = tokio::sync::oneshot::channel();
    tokio::spawn(async move { sender.send("told") });
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    println!("{}", receiver.await?);
    Ok(())
}
