//! What the graph of states says of orderings: how many lead where, and by which one to go.

use super::graph::{Graph, Node};
use super::picks::{Deviation, Picks};
use super::roots::Root;

/// How far a path is from the default order. The smaller is the better witness: fewest faults, then
/// fewest deviations, then fewest happenings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(super) struct Cost(u64);

impl Cost {
    const FAULT: u64 = 1 << 56;
    const DEVIATION: u64 = 1 << 28;
    const MASK: u64 = Self::DEVIATION - 1;
    const NOT_REACHED: Self = Self(u64::MAX);

    /// That of a path with so many of each.
    pub(super) fn new(faults: u32, deviations: usize, happenings: u64) -> Self {
        let deviations = (deviations as u64).min(Self::MASK);
        let happenings = happenings.min(Self::MASK);
        Self(u64::from(faults.min(0xfe)) * Self::FAULT + deviations * Self::DEVIATION + happenings)
    }

    pub(super) fn faults(self) -> u32 {
        u32::try_from(self.0 / Self::FAULT).unwrap_or(u32::MAX)
    }

    pub(super) fn happenings(self) -> u64 {
        self.0 & Self::MASK
    }

    /// With one more happening.
    fn step(self, index: usize, is_fault: bool) -> Self {
        let deviation = if index > 0 { Self::DEVIATION } else { 0 };
        let fault = if is_fault { Self::FAULT } else { 0 };
        Self(self.0.saturating_add(1 + deviation + fault))
    }
}

/// The orderings of a graph.
#[derive(Debug)]
pub(super) struct Paths {
    /// By node, how many orderings come through it. Empty if they are too many to count, or endless.
    counts: Vec<u128>,
    costs: Vec<Cost>,
    /// By node, its place in an order that does not depend on how nodes are numbered.
    places: Vec<u32>,
    /// By node, the one before it on the best path.
    before: Vec<Node>,
}

const NOBODY: Node = Node::MAX;

impl Paths {
    /// Counts and weighs all paths.
    pub(super) fn new(graph: &Graph, roots: &[Root]) -> Self {
        let (order, endless) = order(graph);
        let mut paths = Self {
            counts: Vec::new(),
            costs: vec![Cost::NOT_REACHED; graph.numbers()],
            places: vec![0; graph.numbers()],
            before: vec![NOBODY; graph.numbers()],
        };
        for (root, node) in roots.iter().zip(&graph.roots) {
            let cost = &mut paths.costs[*node as usize];
            *cost = root.cost.min(*cost);
        }
        for (place, node) in (0..).zip(order.iter().copied()) {
            paths.places[node as usize] = place;
            let cost = paths.costs[node as usize];
            for (index, child) in graph.children(node).iter().enumerate() {
                let step = cost.step(index, graph.is_fault(node, index));
                if step < paths.costs[*child as usize] {
                    paths.costs[*child as usize] = step;
                    paths.before[*child as usize] = node;
                }
            }
        }
        if !endless {
            paths.counts = count(graph, roots, &order).unwrap_or_default();
        }
        paths
    }

    /// How many orderings come through a state; none if that cannot be told.
    pub(super) fn count(&self, node: Node) -> Option<u128> {
        self.counts.get(node as usize).copied()
    }

    /// How far a state is from the default order.
    pub(super) fn cost(&self, node: Node) -> Cost {
        self.costs[node as usize]
    }

    /// How good a state's best path is, the smaller the better; no two states are alike.
    pub(super) fn place(&self, node: Node) -> (Cost, u32) {
        (self.costs[node as usize], self.places[node as usize])
    }

    /// The picks of the best path to a state.
    pub(super) fn picks(&self, graph: &Graph, roots: &[Root], node: Node) -> Picks {
        let mut steps = Vec::new();
        let mut at = node;
        // A root may lie on another root's paths; its own beginning is the better one then.
        while self.before[at as usize] != NOBODY {
            let parent = self.before[at as usize];
            let children = graph.children(parent);
            let index = children.iter().position(|child| *child == at).unwrap_or(0);
            if children.len() > 1 {
                steps.push(u32::try_from(index).unwrap_or(u32::MAX));
            }
            at = parent;
        }
        let mut begin = roots.iter().zip(&graph.roots).filter(|(_, root)| **root == at);
        let Some((root, _)) = begin.next() else { return Picks::default() };
        let before = root.picks.deviations().iter().copied();
        let after = (root.choices..).zip(steps.into_iter().rev());
        before.chain(after.map(|(choice, index)| Deviation { choice, index })).collect()
    }
}

/// The nodes such that each comes before all that it leads to, and whether there is no such order
/// because a state leads back to itself. What is first does not depend on how nodes are numbered.
fn order(graph: &Graph) -> (Vec<Node>, bool) {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; graph.numbers()];
    let mut order = Vec::with_capacity(usize::try_from(graph.states).unwrap_or(0));
    let mut endless = false;
    let mut path: Vec<(Node, u32)> = Vec::new();
    for root in graph.roots.iter().rev().copied() {
        if marks[root as usize] == Mark::New {
            marks[root as usize] = Mark::Open;
            path.push((root, 0));
        }
        while let Some((node, gone)) = path.last_mut() {
            let children = graph.children(*node);
            // From the last to the first, so that the order, read backwards, has the first first.
            let left = children.len() - *gone as usize;
            if left == 0 {
                marks[*node as usize] = Mark::Done;
                order.push(*node);
                path.pop();
                continue;
            }
            *gone += 1;
            let child = children[left - 1];
            match marks[child as usize] {
                Mark::New => {
                    marks[child as usize] = Mark::Open;
                    path.push((child, 0));
                }
                Mark::Open => endless = true,
                Mark::Done => {}
            }
        }
    }
    order.reverse();
    (order, endless)
}

/// How many orderings come through each node; none if a number is too large.
fn count(graph: &Graph, roots: &[Root], order: &[Node]) -> Option<Vec<u128>> {
    let mut counts = vec![0_u128; graph.numbers()];
    for (root, node) in roots.iter().zip(&graph.roots) {
        let count = &mut counts[*node as usize];
        *count = count.checked_add(root.orderings)?;
    }
    for node in order.iter().copied() {
        let through = counts[node as usize];
        for child in graph.children(node) {
            let count = &mut counts[*child as usize];
            *count = count.checked_add(through)?;
        }
    }
    Some(counts)
}
