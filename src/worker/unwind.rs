//! What leaves blocks before their end, and what a `try` makes of it: the same for workflows and
//! activities.

use super::op::Raised;
use super::program::{BlockId, Try};

/// What leaves blocks before their end.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Exit<L> {
    /// Something is raised.
    Raise(Raised),
    /// The whole code is left, with this.
    Leave(L),
}

/// Which of a `try`'s blocks the frames above it run.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum TryPhase<L> {
    /// The tried one.
    Body,
    /// The one that caught this.
    Handler(Raised),
    /// The last one; then this goes on.
    Finally(Option<Exit<L>>),
}

/// What a `try` does with an exit.
pub(super) enum Caught<L> {
    /// Runs a block.
    Run(BlockId, TryPhase<L>),
    /// Lets it through.
    Pass(Exit<L>),
}

impl<L> TryPhase<L> {
    /// What a `try` in this phase does with an exit.
    pub(super) fn catch(&self, blocks: &Try, exit: Exit<L>) -> Caught<L> {
        let handler = match (self, &exit) {
            (Self::Body, Exit::Raise(raised)) => {
                let block =
                    if raised.is_cancellation() { blocks.on_cancel } else { blocks.on_failure };
                block.map(|block| (block, raised.clone()))
            }
            // What `finally` itself raises takes the place of what was on its way.
            (Self::Finally(_), _) => return Caught::Pass(exit),
            _ => None,
        };
        match (handler, blocks.finally) {
            (Some((block, raised)), _) => Caught::Run(block, Self::Handler(raised)),
            (None, Some(block)) => Caught::Run(block, Self::Finally(Some(exit))),
            (None, None) => Caught::Pass(exit),
        }
    }

    /// What follows when the block of this phase has come to its end: another block, or what was
    /// on its way.
    pub(super) fn ended(self, blocks: &Try) -> Ended<L> {
        match (self, blocks.finally) {
            (Self::Body | Self::Handler(_), Some(block)) => Ended::Run(block),
            (Self::Finally(Some(exit)), _) => Ended::Exit(exit),
            _ => Ended::GoOn,
        }
    }
}

/// What follows a `try`'s block.
pub(super) enum Ended<L> {
    /// The `finally` block.
    Run(BlockId),
    /// What waited for it.
    Exit(Exit<L>),
    /// The steps after the `try`.
    GoOn,
}
