//! Uses every crate of the set, so that an image's self-test compiles, links and runs each. Prints check.stdout.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::sync::Arc;

use futures::StreamExt;
use itertools::Itertools;
use num::Integer;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Castle {
    name: String,
    towers: Vec<u32>,
}

fn castle() -> Castle {
    Castle {
        name: "wet".into(),
        towers: vec![1, 2, 3],
    }
}

fn collections() -> String {
    bitflags::bitflags! {
        #[derive(Debug)]
        struct Flags: u8 { const A = 1; const B = 2; }
    }
    #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
    #[repr(C)]
    struct Pair {
        a: u16,
        b: u16,
    }

    let mut array: arrayvec::ArrayVec<u8, 4> = (1..=3).collect();
    array.push(4);
    let pair = Pair { a: 1, b: 2 };
    let bytes = bytes::Bytes::copy_from_slice(bytemuck::bytes_of(&pair));
    let map = dashmap::DashMap::new();
    map.insert("k", 1);
    *map.get_mut("k").unwrap() += 1;
    let side: either::Either<i32, &str> = either::Right("r");
    let mut set = fixedbitset::FixedBitSet::with_capacity(8);
    set.insert(5);
    let table: hashbrown::HashMap<_, _> = [(1, 2)].into_iter().collect();
    let index: indexmap::IndexMap<_, _> = [("z", 1), ("a", 2)].into_iter().collect();
    static CELL: once_cell::sync::Lazy<u32> = once_cell::sync::Lazy::new(|| 7);
    let graph = petgraph::graph::UnGraph::<(), ()>::from_edges([(0, 1), (1, 2)]);
    let mut slab = slab::Slab::new();
    let key = slab.insert("s");
    let mut slots: slotmap::SlotMap<slotmap::DefaultKey, _> = slotmap::SlotMap::new();
    let slot = slots.insert(9);
    let small: smallvec::SmallVec<[u8; 4]> = smallvec::smallvec![1, 2];
    format!(
        "{array:?} {:?} {} {} {side} {set} {} {} {} {} {} {} {}",
        Flags::A | Flags::B,
        bytes.len(),
        map.get("k").unwrap().value(),
        table[&1],
        index.keys().join(","),
        *CELL,
        petgraph::algo::connected_components(&graph),
        slab[key],
        slots[slot],
        small.spilled()
    )
}

fn numbers() -> String {
    let matrix = nalgebra::Matrix2::new(2.0, 1.0, 1.0, 3.0);
    approx::assert_relative_eq!(matrix.determinant(), 5.0);
    let square = ndarray::arr2(&[[1, 2], [3, 4]]);
    let factorial = (1..=25u32).fold(num_bigint::BigUint::from(1u32), |product, i| product * i);
    let complex = num_complex::Complex::new(0, 1);
    let ratio = num_rational::Ratio::new(6, 4);
    let largest = [1.5, 0.5]
        .map(ordered_float::OrderedFloat)
        .into_iter()
        .max()
        .unwrap();
    let mut one = rand::rngs::StdRng::seed_from_u64(42);
    let mut two = rand_chacha::ChaCha8Rng::seed_from_u64(42);
    let die = rand_distr::Uniform::new(1, 7).unwrap();
    assert!((0..10).contains(&one.random_range(0..10)));
    assert!((1..7).contains(&two.sample(die)));
    let price: rust_decimal::Decimal = "0.10".parse().unwrap();
    format!(
        "{} {factorial} {} {ratio} {} {} {largest} {} {}",
        square.dot(&square).iter().join(" "),
        complex * complex,
        12.gcd(&18),
        num_integer::lcm(4, 6),
        num_traits::clamp(9, 0, 5),
        price + price
    )
}

fn text() -> String {
    fn letters(input: &str) -> nom::IResult<&str, &str> {
        nom::character::complete::alpha1(input)
    }
    use bstr::ByteSlice;
    use heck::ToSnakeCase;

    let words = regex::Regex::new(r"\w+").unwrap();
    let found = aho_corasick::AhoCorasick::new(["sea", "sand"]).unwrap();
    let mut page = minijinja::Environment::new();
    page.add_template("t", "{% for t in towers %}{{ t }};{% endfor %}")
        .unwrap();
    let diff = similar::TextDiff::from_lines("a\nb\n", "a\nc\n");
    format!(
        "{} {} {} {} {} {} {} {:?} {} {} {} {}",
        words
            .find_iter("sand, sea; sun")
            .map(|word| word.as_str())
            .join("-"),
        found.find_iter("sand at the sea").count(),
        b"a\xffb".to_str_lossy(),
        "SandLot".to_snake_case(),
        memchr::memchr(b'l', b"sandlot").unwrap(),
        page.get_template("t").unwrap().render(castle()).unwrap(),
        letters("abc1").unwrap().1,
        textwrap::wrap("the wet sand", 8),
        diff.ratio(),
        "e\u{301}".nfc().count(),
        "e\u{301}a".graphemes(true).count(),
        "沙".width()
    )
}

fn formats() -> anyhow::Result<String> {
    use anyhow::Context;
    use base64::Engine;
    use byteorder::{BigEndian, ByteOrder};

    let json = serde_json::to_string(&castle())?;
    let back: Castle = serde_json::from_str(&json).context("the JSON is fine")?;
    assert_eq!(back, castle());
    assert_eq!(
        serde_yaml_ng::from_str::<Castle>(&serde_yaml_ng::to_string(&back)?)?,
        back
    );
    assert_eq!(toml::from_str::<Castle>(&toml::to_string(&back)?)?, back);
    assert_eq!(
        quick_xml::de::from_str::<Castle>(&quick_xml::se::to_string(&back)?)?,
        back
    );
    let mut rows = csv::Reader::from_reader("name,n\na,1\nb,2\n".as_bytes());
    let sum: u32 = rows
        .deserialize()
        .map(|row| row.map(|(_, n): (String, u32)| n))
        .sum::<Result<_, _>>()?;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&[b'x'; 10_000])?;
    let packed = packed.finish()?;
    let mut whole = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut whole)?;
    let url = url::Url::parse("http://user@example.test:81/a%20b?c=d")?;
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, b"example.test");
    assert_ne!(uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    Ok(format!(
        "{json} {sum} {} {} {} {} {} {} {} {} {} {} {}",
        whole.len(),
        base64::engine::general_purpose::STANDARD.encode("sand"),
        BigEndian::read_u16(&[1, 2]),
        data_encoding::BASE32.encode(b"lot"),
        hex::encode([255, 0]),
        itoa::Buffer::new().format(12),
        ryu::Buffer::new().format(1.5),
        percent_encoding::percent_decode_str(url.path()).decode_utf8()?,
        url.port().unwrap_or(0),
        semver::VersionReq::parse("^1.2")?.matches(&semver::Version::new(1, 9, 0)),
        id
    ))
}

fn hashes() -> String {
    use hmac::Mac;
    use md5::Digest;
    use std::hash::Hasher;

    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"key").unwrap();
    mac.update(b"sand");
    let mut fnv = fnv::FnvHasher::default();
    fnv.write(b"sand");
    let mut set = rustc_hash::FxHashSet::default();
    set.insert(1);
    format!(
        "{:x} {:.8} {:.8} {:.8} {:.8} {:x} {}",
        crc32fast::hash(b"sand"),
        hex::encode(md5::Md5::digest(b"sand")),
        hex::encode(sha1::Sha1::digest(b"sand")),
        hex::encode(sha2::Sha256::digest(b"sand")),
        hex::encode(mac.finalize().into_bytes()),
        fnv.finish(),
        set.len()
    )
}

fn times() -> anyhow::Result<String> {
    use chrono::Datelike;

    let day =
        chrono::NaiveDate::from_ymd_opt(2024, 2, 29).ok_or_else(|| anyhow::anyhow!("no day"))?;
    let date = time::macros::date!(2024 - 02 - 29);
    Ok(format!(
        "{} {:?} {} {} {}",
        day.ordinal(),
        day.weekday(),
        date.iso_week(),
        date.format(&time::format_description::well_known::Iso8601::DATE)?,
        humantime::format_duration(std::time::Duration::from_secs(3661))
    ))
}

#[async_trait::async_trait]
trait Ask {
    async fn ask(&self) -> u32;
}

#[async_trait::async_trait]
impl Ask for Castle {
    async fn ask(&self) -> u32 {
        self.towers.len() as u32
    }
}

#[pin_project::pin_project]
struct Pinned<F> {
    #[pin]
    inner: F,
}

impl<F: std::future::Future> std::future::Future for Pinned<F> {
    type Output = F::Output;
    fn poll(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<F::Output> {
        self.project().inner.poll(cx)
    }
}

pin_project_lite::pin_project! {
    struct Lite { #[pin] inner: u8 }
}

async fn tasks() -> anyhow::Result<String> {
    let swapped = arc_swap::ArcSwap::from_pointee(1);
    swapped.store(Arc::new(2));
    let numbers = async_stream::stream! { for i in 0..4u32 { yield i; } };
    let total: u32 = numbers.fold(0, |sum, i| async move { sum + i }).await;
    let (sender, receiver) = crossbeam_channel::bounded(1);
    crossbeam::scope(|scope| {
        scope.spawn(|_| sender.send(5));
    })
    .map_err(|_| anyhow::anyhow!("a thread panicked"))?;
    let lock = parking_lot::Mutex::new(1);
    *lock.lock() += 1;
    let sum: u64 = (1..=1000u64).into_par_iter().map(|n| n * n).sum();
    let (tell, told) = tokio::sync::oneshot::channel();
    tokio::spawn(async move { tell.send("told") });
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let stream: Vec<u32> = tokio_stream::iter(vec![1, 2]).collect().await;
    let cancel = tokio_util::sync::CancellationToken::new();
    cancel.cancel();
    cancel.cancelled().await;
    let lite = Lite { inner: 3 };
    Ok(format!(
        "{} {total} {} {} {sum} {} {stream:?} {} {} {}",
        swapped.load(),
        receiver.recv()?,
        lock.lock(),
        told.await?,
        castle().ask().await,
        Pinned { inner: async { 8 } }.await,
        lite.inner
    ))
}

fn edge() -> anyhow::Result<String> {
    #[derive(clap::Parser)]
    struct Options {
        #[arg(long, default_value_t = 3)]
        count: u32,
    }
    #[derive(Debug, thiserror::Error)]
    #[error("no {what}")]
    struct Missing {
        what: &'static str,
    }
    #[derive(Clone, Default)]
    struct Sink(Arc<parking_lot::Mutex<Vec<u8>>>);
    impl Write for Sink {
        fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
            self.0.lock().write(data)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let options = <Options as clap::Parser>::try_parse_from(["check", "--count", "4"])?;
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Info)
        .format_timestamp(None)
        .target(env_logger::Target::Stdout)
        .init();
    log::info!("logged");
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || tracing::warn!(n = 1, "traced"));
    let traced = String::from_utf8(sink.0.lock().clone())?;
    Ok(format!(
        "{} {} {}",
        options.count,
        Missing { what: "sand" },
        traced.trim()
    ))
}

fn language() -> anyhow::Result<String> {
    #[derive(derive_more::Add, derive_more::Display)]
    struct Metres(u32);
    #[derive(strum::Display, strum::EnumIter)]
    enum Tide {
        Low,
        High,
    }
    static COLOURS: phf::Map<&str, u32> = phf::phf_map! { "red" => 1, "blue" => 2 };
    lazy_static::lazy_static! {
        static ref LAZY: u32 = 6;
    }
    static_assertions::const_assert!(std::mem::size_of::<u32>() == 4);
    use strum::IntoEnumIterator;

    let mut said = String::new();
    {
        let _guard = scopeguard::guard((), |()| ());
        cfg_if::cfg_if! {
            if #[cfg(unix)] { write!(said, "unix ")?; } else { write!(said, "other ")?; }
        }
    }
    let parsed: syn::ItemFn = syn::parse2(quote::quote! { fn f(a: u8) {} })?;
    let token = proc_macro2::Ident::new("made", proc_macro2::Span::call_site());
    let written = indoc::indoc! {"
        in
          dented"};
    write!(
        said,
        "{} {} {} {} {} {token} {written:?}",
        Metres(1) + Metres(2),
        Tide::iter().join("/"),
        COLOURS["blue"],
        *LAZY,
        parsed.sig.ident
    )?;
    Ok(said)
}

fn system() -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sand.txt");
    std::fs::write(&path, "castle")?;
    let mapped = unsafe { memmap2::Mmap::map(&std::fs::File::open(&path)?)? };
    let found = glob::glob(&format!("{}/*.txt", folder.path().display()))?.count();
    let walked = walkdir::WalkDir::new(folder.path()).into_iter().count();
    Ok(format!(
        "{} {found} {walked} {}",
        mapped.len(),
        unsafe { libc::getpid() } > 0
    ))
}

fn tests() {
    let config = proptest::test_runner::Config {
        failure_persistence: None,
        ..Default::default()
    };
    proptest::proptest!(config, |(a in 0u32..100, b in 0u32..100)| {
        proptest::prop_assert_eq!(a + b, b + a);
    });
    pretty_assertions::assert_eq!(BTreeMap::from([(1, 2)]).len(), 1);
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    println!("{}", collections());
    println!("{}", numbers());
    println!("{}", text());
    println!("{}", formats()?);
    println!("{}", hashes());
    println!("{}", times()?);
    println!("{}", tasks().await?);
    println!("{}", edge()?);
    println!("{}", language()?);
    println!("{}", system()?);
    tests();
    Ok(())
}
