//! What the command's exit code says.

use std::process::ExitCode;

/// The exit codes. The larger one wins when several apply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Exit {
    /// Everything was as expected.
    AsExpected = 0,
    /// An expectation or an invariant failed.
    Failed = 1,
    /// The input is invalid, the usage is wrong, the environment refuses, or a stated limit was
    /// reached.
    Invalid = 2,
    /// Interrupted: what a shell tells of a program that Ctrl-C has ended.
    Interrupted = 130,
}

impl Exit {
    /// The table for `--help`.
    pub(super) const HELP: &str = "\
Exit codes:
  0    everything was as expected
  1    an expectation or an invariant failed
  2    invalid input, usage or environment, or a stated limit was reached
  130  interrupted";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
