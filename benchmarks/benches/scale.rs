//! What an event costs in long histories, and an execution among many.
//!
//! `cargo bench --bench scale`. Each figure is the median of as many rounds, in CPU time.

use std::fmt::Write as _;

use deadbeat::sim::{DefaultOrder, Limits, Race, run};
use deadbeat_benchmarks::{Cpu, median, plan};

const ROUNDS: usize = 5;

fn main() {
    println!("a history with more and more events, CPU time an event");
    table(&[500, 5_000, 50_000], |events| {
        // A timer is five events, with the workflow task that follows it.
        format!(
            "name: many timers\n\
             workflows: {{ W: [{{ repeat: [{{ sleep: 1s }}], times: {} }}] }}\n\
             timeline: [{{ start: W, workflow_id: w }}]\n",
            events / 5
        )
    });
    println!("more and more executions in one simulation, CPU time an event");
    // A file may have 10,000 steps, and each workflow has one of its own.
    table(&[100, 1_000, 9_999], |executions| {
        let mut source =
            "name: many executions\nworkflows: { W: [{ sleep: 1s }] }\ntimeline:\n".to_owned();
        for number in 0..executions {
            writeln!(source, "- {{ start: W, workflow_id: w{number} }}").expect("strings grow");
        }
        source
    });
}

fn table(sizes: &[usize], source: impl Fn(usize) -> String) {
    let mut first = None;
    for size in sizes {
        let plan = plan(&source(*size));
        let mut events = 0;
        // Small ones are run several times, so that the clock's grain does not matter.
        let repeat = (sizes[sizes.len() - 1] / size).max(1);
        let costs = (0..ROUNDS).map(|_| {
            let start = Cpu::now();
            for _ in 0..repeat {
                let limits = Limits { runs: 20_000, ..Limits::default() };
                let result = run(&plan, Race::default(), &limits, &mut DefaultOrder);
                assert!(result.ended.is_settled(), "{:?}", result.ended);
                events = result.executions.iter().map(|run| u64::from(run.history.len())).sum();
            }
            start.elapsed().as_secs_f64() / repeat as f64 / events as f64
        });
        let cost = median(costs.collect());
        let first = *first.get_or_insert(cost);
        println!(
            "  {size:>6}: {:>7.0} ns ({events} events), {:.2} x the first",
            cost * 1e9,
            cost / first
        );
    }
}
