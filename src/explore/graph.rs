//! The graph of all states that a scenario can be in: built by threads that share what they know.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::judge::{Judge, Verdict};
use super::roots::Root;
use super::{Options, Watch};
use crate::sim::{Enabled, Next, Plan, Simulation};

/// A state, by its number.
pub(super) type Node = u32;

/// All states that were reached, and what leads from one to the other.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// Where each root begins.
    pub(super) roots: Vec<Node>,
    /// By node, where its children begin in `children`; one more than there are nodes.
    starts: Vec<u32>,
    children: Vec<Node>,
    /// By node, how many of its children are ordinary happenings; those after them are faults.
    /// Empty if none are.
    ordinary: Vec<u16>,
    /// The states in which a run has ended, by node.
    pub(super) leaves: Vec<Leaf>,
    /// How many states there are.
    pub(super) states: u64,
    /// How many states were reached but not looked into.
    pub(super) open: u64,
}

/// A state in which a run has ended.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) node: Node,
    pub(super) verdict: Verdict,
}

impl Graph {
    /// How many numbers of nodes there are; some may have no state.
    pub(super) fn numbers(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many edges there are.
    pub(super) fn transitions(&self) -> u64 {
        self.children.len() as u64
    }

    /// What comes next, in default order.
    pub(super) fn children(&self, node: Node) -> &[Node] {
        let at = node as usize;
        &self.children[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Whether the child with this index comes by a fault.
    pub(super) fn is_fault(&self, node: Node, index: usize) -> bool {
        self.ordinary.get(node as usize).is_some_and(|ordinary| index >= usize::from(*ordinary))
    }

    /// Searches from these roots until there is nothing new, or until somebody says stop.
    pub(super) fn search(
        plan: &Arc<Plan>,
        roots: &[Root],
        options: &Options,
        watch: &Watch<'_>,
    ) -> Self {
        let search = Search {
            plan: Arc::clone(plan),
            options,
            watch,
            table: Table::default(),
            pool: Pool::new(options.threads.get()),
            stopped: AtomicBool::new(false),
        };
        let mut jobs = Vec::new();
        let mut nodes = Vec::new();
        for root in roots {
            let (node, news) = search.table.insert(root.simulation.key());
            nodes.push(node);
            if news == News::New {
                jobs.push(Job { node, simulation: root.simulation.clone() });
            }
        }
        search.pool.give(jobs);
        let found: Vec<Found> = thread::scope(|scope| {
            let others: Vec<_> =
                (1..options.threads.get()).map(|_| scope.spawn(|| search.work())).collect();
            let mine = search.work();
            let theirs = others.into_iter().map(|thread| match thread.join() {
                Ok(found) => found,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            std::iter::once(mine).chain(theirs).collect()
        });
        let (states, numbers) = search.table.into_numbers();
        Self::assemble(nodes, found, states, numbers)
    }

    fn assemble(roots: Vec<Node>, found: Vec<Found>, states: u64, numbers: usize) -> Self {
        let mut graph = Self { roots, states, ..Self::default() };
        let mut looked_into = 0;
        let any_faults = found.iter().any(|found| found.faults);
        graph.starts = vec![0; numbers + 1];
        if any_faults {
            graph.ordinary = vec![u16::MAX; numbers];
        }
        for (node, _, children) in found.iter().flat_map(Found::edges) {
            looked_into += 1;
            graph.starts[node as usize + 1] = u32::try_from(children.len()).unwrap_or(u32::MAX);
        }
        let mut end = 0;
        for start in &mut graph.starts {
            end += *start;
            *start = end;
        }
        graph.children = vec![0; end as usize];
        for found in found {
            for (node, ordinary, children) in found.edges() {
                let start = graph.starts[node as usize] as usize;
                graph.children[start..start + children.len()].copy_from_slice(children);
                if any_faults {
                    graph.ordinary[node as usize] = ordinary;
                }
            }
            graph.leaves.extend(found.leaves);
        }
        graph.leaves.sort_unstable_by_key(|leaf| leaf.node);
        graph.open = states - looked_into - graph.leaves.len() as u64;
        graph
    }
}

/// A state to be looked into.
#[derive(Debug)]
struct Job {
    node: Node,
    simulation: Simulation,
}

struct Search<'a> {
    plan: Arc<Plan>,
    options: &'a Options,
    watch: &'a Watch<'a>,
    table: Table,
    pool: Pool,
    stopped: AtomicBool,
}

impl Search<'_> {
    /// How often a thread asks whether it shall stop.
    const ASK_EVERY: u32 = 64;

    /// What one thread does.
    fn work(&self) -> Found {
        let _guard = CloseOnPanic(&self.pool);
        let mut found = Found::default();
        let mut judge = Judge::new(&self.plan);
        let mut enabled = Enabled::default();
        let mut mine: Vec<Job> = Vec::new();
        let mut looked = 0_u32;
        while let Some(Job { node, simulation }) = mine.pop().or_else(|| self.pool.take()) {
            looked = looked.wrapping_add(1);
            if looked.is_multiple_of(Self::ASK_EVERY) {
                self.watch.progress.states.fetch_add(Self::ASK_EVERY.into(), Ordering::Relaxed);
                if (self.watch.stop)() || self.table.len() >= self.options.most_states {
                    self.stop();
                }
            }
            if self.stopped.load(Ordering::Relaxed) {
                // What was not looked into is counted as open.
                return found;
            }
            match simulation.next(self.options.race, &self.options.limits, &mut enabled) {
                Next::Choice => self.expand(node, simulation, &enabled, &mut found, &mut mine),
                Next::Ended(ended) => {
                    let verdict = judge.judge(&simulation, &ended);
                    if verdict.failure.is_some() {
                        self.stop();
                    }
                    found.leaves.push(Leaf { node, verdict });
                }
            }
            if mine.len() > 1 && self.pool.is_hungry() {
                // The oldest have most below them.
                let rest = mine.split_off(mine.len() / 2);
                self.pool.give(std::mem::replace(&mut mine, rest));
            }
        }
        found
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.pool.close();
    }

    fn expand(
        &self,
        node: Node,
        simulation: Simulation,
        enabled: &Enabled,
        found: &mut Found,
        mine: &mut Vec<Job>,
    ) {
        found.begin(node, enabled);
        let last = enabled.len() - 1;
        let mut parent = Some(simulation);
        for (index, (due, happening)) in enabled.iter().enumerate() {
            let child = if index == last { parent.take() } else { parent.clone() };
            let Some(mut child) = child else { return };
            child.step(*due, *happening);
            let (node, news) = self.table.insert(child.key());
            found.edges.push(node);
            if news == News::New {
                mine.push(Job { node, simulation: child });
            }
        }
    }
}

/// What one thread has found.
#[derive(Debug, Default)]
struct Found {
    /// For each state that was looked into: its node, how many happenings could come next, how many
    /// of them are ordinary, and where each leads.
    edges: Vec<u32>,
    leaves: Vec<Leaf>,
    faults: bool,
}

impl Found {
    fn begin(&mut self, node: Node, enabled: &Enabled) {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let ordinary = enabled.iter().take_while(|(_, happening)| !happening.is_fault()).count();
        self.faults |= ordinary < enabled.len();
        self.edges.extend([node, number(enabled.len()), number(ordinary)]);
    }

    /// Each state's node, how many of its children are ordinary, and its children.
    fn edges(&self) -> impl Iterator<Item = (Node, u16, &[Node])> {
        let mut rest = &self.edges[..];
        std::iter::from_fn(move || {
            let (&[node, count, ordinary], after) = rest.split_first_chunk::<3>()?;
            let (children, after) = after.split_at_checked(count as usize)?;
            rest = after;
            Some((node, u16::try_from(ordinary).unwrap_or(u16::MAX), children))
        })
    }
}

/// All states that were reached, by their keys.
struct Table {
    parts: Vec<Mutex<Part>>,
    states: AtomicU64,
}

type Part = HashMap<[u64; 2], Node, BuildHasherDefault<KeyHasher>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum News {
    New,
    Known,
}

impl Default for Table {
    fn default() -> Self {
        let parts = (0..Self::PARTS).map(|_| Mutex::default()).collect();
        Self { parts, states: AtomicU64::new(0) }
    }
}

impl Table {
    /// So many that threads seldom meet at one.
    const PARTS: u32 = 64;

    fn insert(&self, key: u128) -> (Node, News) {
        let number = u32::try_from(key >> 122).unwrap_or(0);
        let [low, high] = [u64::try_from(key & u128::from(u64::MAX)), u64::try_from(key >> 64)];
        let key = [low.unwrap_or(0), high.unwrap_or(0)];
        let mut part = lock(&self.parts[number as usize]);
        let next = u32::try_from(part.len()).unwrap_or(u32::MAX);
        let node = next.saturating_mul(Self::PARTS).saturating_add(number);
        let mut news = News::Known;
        let node = *part.entry(key).or_insert_with(|| {
            news = News::New;
            node
        });
        drop(part);
        if news == News::New {
            self.states.fetch_add(1, Ordering::Relaxed);
        }
        (node, news)
    }

    fn len(&self) -> u64 {
        self.states.load(Ordering::Relaxed)
    }

    /// How many states there are, and how many numbers they need.
    fn into_numbers(self) -> (u64, usize) {
        let lens = self.parts.iter().map(|part| lock(part).len());
        let longest = lens.max().unwrap_or(0);
        (self.states.into_inner(), longest * Self::PARTS as usize)
    }
}

/// Keys are hashes already.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            self.write_u64(u64::from_le_bytes(padded));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = self.0.rotate_left(32) ^ word;
    }
}

/// Work that any thread may take.
struct Pool {
    threads: usize,
    state: Mutex<Jobs>,
    changed: Condvar,
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Jobs {
    ready: Vec<Job>,
    waiting: usize,
    over: bool,
}

impl Pool {
    fn new(threads: usize) -> Self {
        Self {
            threads,
            state: Mutex::default(),
            changed: Condvar::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Whether a thread has nothing to do.
    fn is_hungry(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn give(&self, jobs: Vec<Job>) {
        lock(&self.state).ready.extend(jobs);
        self.changed.notify_all();
    }

    /// Nothing more is to be done.
    fn close(&self) {
        lock(&self.state).over = true;
        self.changed.notify_all();
    }

    /// Waits for a job; none once all threads wait or the pool is closed.
    fn take(&self) -> Option<Job> {
        let mut state = lock(&self.state);
        loop {
            if state.over {
                return None;
            }
            if let Some(job) = state.ready.pop() {
                return Some(job);
            }
            state.waiting += 1;
            self.waiting.store(state.waiting, Ordering::Relaxed);
            if state.waiting == self.threads {
                state.over = true;
                self.changed.notify_all();
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
            self.waiting.store(state.waiting, Ordering::Relaxed);
        }
    }
}

/// So that nobody waits for work from a thread that has panicked.
struct CloseOnPanic<'a>(&'a Pool);

impl Drop for CloseOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.close();
        }
    }
}

/// A thread that panicked is joined, and its panic goes on there: no lock is worth a second one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
