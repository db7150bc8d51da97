//! The yardstick race: Deadbeat with real histories and all invariants, its peers with a toy model.
//!
//! `cargo bench --bench race`. All figures are medians of as many rounds, in each of which everybody
//! has its turn; all times are CPU times on one thread.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use deadbeat::explore::{Apart, Exploration, Options, Strategy, Watch, Weight, explore};
use deadbeat::history::fingerprint::Fingerprint;
use deadbeat::sim::Plan;
use deadbeat_benchmarks::{Cpu, median, plan};

const ROUNDS: usize = 5;
const RUNS: u64 = 100_000;

fn main() {
    build_peers();
    let plan = plan(include_str!("../../scenarios/races/yardstick.yaml"));
    let mut figures = Figures::default();
    for round in 0..ROUNDS {
        figures.round(&plan, round as u64);
    }
    figures.print();
}

#[derive(Default)]
struct Figures {
    random: Vec<f64>,
    random_histories: Vec<usize>,
    shuttle: Vec<f64>,
    madsim: Vec<f64>,
    seconds: Vec<f64>,
    rates: Vec<f64>,
    stateright: Vec<f64>,
    exhausted: Option<Exploration>,
    digest: Fingerprint,
}

impl Figures {
    fn round(&mut self, plan: &Arc<Plan>, seed: u64) {
        let options = Options {
            strategy: Strategy::Random,
            runs: Some(RUNS),
            seed,
            apart: Apart::Histories,
            ..Options::of(plan.scenario())
        };
        let (found, seconds) = timed(plan, &options);
        assert_eq!(found.runs, RUNS, "{:?}", found.failed);
        self.random.push(RUNS as f64 / seconds);
        self.random_histories.push(found.histories.len());
        digest(&found, &mut self.digest);

        self.shuttle.push(peer("shuttle_b", &["full", "1", "100000", "random", "async"], "/s"));
        self.madsim.push(peer("madsim_b", &["full", "1", "100000"], " sims/s"));

        let (found, seconds) = timed(plan, &Options::of(plan.scenario()));
        assert!(found.is_exhaustive(), "{:?}", found.failed);
        self.seconds.push(seconds);
        self.rates.push(found.states as f64 / seconds);
        self.exhausted = Some(found);
        self.stateright.push(peer("stateright_b", &["full", "1"], " unique/s"));
    }

    fn print(self) {
        let random = median(self.random);
        let shuttle = median(self.shuttle);
        let madsim = median(self.madsim);
        println!("random runs of the yardstick, {RUNS} a round, {ROUNDS} rounds, seeds from 0");
        println!("  deadbeat   {random:>9.0}/s  distinct histories {:?}", self.random_histories);
        println!("  shuttle    {shuttle:>9.0}/s  deadbeat / shuttle {:.2}", random / shuttle);
        println!("  madsim     {madsim:>9.0}/s  deadbeat / madsim  {:.2}", random / madsim);
        println!("  digest of all history hashes: {:032x}", self.digest.finish128());
        let found = self.exhausted.expect("there are rounds");
        let seconds = median(self.seconds);
        let rate = median(self.rates);
        let stateright = median(self.stateright);
        println!("exhausting the yardstick");
        println!("  deadbeat   {seconds:.3} s, {rate:.0} states/s, {} states", found.states);
        println!("  orderings  {:?}, histories {}", found.orderings, found.histories.len());
        println!(
            "  stateright {stateright:.0} states/s, deadbeat / stateright {:.3}",
            rate / stateright
        );
    }
}

fn timed(plan: &Arc<Plan>, options: &Options) -> (Exploration, f64) {
    let start = Cpu::now();
    let found = explore(plan, options, &Watch::default());
    (found, start.elapsed().as_secs_f64())
}

/// Over the hash of each run's histories; which run had which is left out.
fn digest(found: &Exploration, digest: &mut Fingerprint) {
    use std::hash::Hash as _;
    let mut runs: Vec<_> =
        found.outcomes.iter().map(|found| (found.history, found.weight)).collect();
    runs.sort();
    for (history, weight) in runs {
        let Weight::Runs(runs) = weight else { panic!("a sample counts runs") };
        (history, runs).hash(digest);
    }
}

fn peers() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"))
}

fn build_peers() {
    let cargo = |folder: &Path, flags: &str, package: Option<&str>| {
        let mut command = Command::new("cargo");
        command.args(["build", "--release", "--quiet"]).current_dir(folder);
        command.args(package.iter().flat_map(|package| ["--package", package]));
        let status = command.env("RUSTFLAGS", flags).status().expect("cargo runs");
        assert!(status.success(), "the peers in {} do not build", folder.display());
    };
    cargo(peers(), "", Some("shuttle_b"));
    cargo(peers(), "", Some("stateright_b"));
    cargo(&peers().join("madsim_b"), "--cfg madsim", None);
}

/// What a peer's runner prints before `unit` in its last line that has it.
fn peer(name: &str, args: &[&str], unit: &str) -> f64 {
    let target = match name {
        "madsim_b" => peers().join("madsim_b/target/release"),
        _ => peers().join("target/release"),
    };
    let output = Command::new(target.join(name)).args(args).output().expect("the peer runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().rev().find(|line| line.contains(unit));
    let before = line.and_then(|line| line.split(unit).next());
    let figure = before.and_then(|before| before.rsplit([' ', ':']).next()?.parse().ok());
    figure.unwrap_or_else(|| panic!("{name} printed {text}"))
}
