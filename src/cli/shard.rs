//! Which shard of a search this machine is: as told, or as its scheduler has set it in the
//! environment.

use std::fmt;
use std::str::FromStr;

use crate::explore::{Shard, ShardError};

/// What `--shard` was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ShardArg {
    /// This one.
    Given(Shard),
    /// The one that the environment tells.
    Environment,
}

impl FromStr for ShardArg {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        if text == "env" { Ok(Self::Environment) } else { text.parse().map(Self::Given) }
    }
}

/// How a scheduler tells a machine's number and how many there are.
struct Scheduler {
    name: &'static str,
    index: &'static str,
    /// What the first machine's index is; a variable may say otherwise.
    first: First,
    /// The first of these that is set.
    total: &'static [&'static str],
}

enum First {
    Is(u64),
    In(&'static str),
}

/// The more particular come first: a Slurm job may run on a machine of a CI system.
const SCHEDULERS: &[Scheduler] = &[
    Scheduler {
        name: "Deadbeat",
        index: "DEADBEAT_SHARD",
        first: First::Is(1),
        total: &["DEADBEAT_SHARDS"],
    },
    Scheduler {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: First::In("SLURM_ARRAY_TASK_MIN"),
        total: &["SLURM_ARRAY_TASK_COUNT"],
    },
    Scheduler {
        name: "AWS Batch",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first: First::Is(0),
        total: &["AWS_BATCH_JOB_ARRAY_SIZE", "DEADBEAT_SHARDS"],
    },
    // Kubernetes does not tell how many there are: the job's template must.
    Scheduler {
        name: "Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        first: First::Is(0),
        total: &["DEADBEAT_SHARDS"],
    },
    Scheduler {
        name: "CircleCI",
        index: "CIRCLE_NODE_INDEX",
        first: First::Is(0),
        total: &["CIRCLE_NODE_TOTAL"],
    },
    Scheduler {
        name: "Buildkite",
        index: "BUILDKITE_PARALLEL_JOB",
        first: First::Is(0),
        total: &["BUILDKITE_PARALLEL_JOB_COUNT"],
    },
    Scheduler {
        name: "GitLab",
        index: "CI_NODE_INDEX",
        first: First::Is(1),
        total: &["CI_NODE_TOTAL"],
    },
];

/// Why the environment does not tell the shard.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NoShard {
    /// No scheduler that is known has set anything.
    #[error(
        "`--shard env`, but the environment does not tell which shard this is: none of {} is set",
        Indexes
    )]
    Unknown,
    /// The number is known, but not of how many.
    #[error("`{index}` tells the shard's number, but {} tells of how many", Nor(.total))]
    NoTotal { index: &'static str, total: &'static [&'static str] },
    /// What is set is no number.
    #[error("`{name}` should be a whole number, but is `{value}`")]
    NoNumber { name: &'static str, value: String },
    /// There is no such shard.
    #[error("{scheduler} has set `{index}` to {value}: {error}")]
    NoSuchShard { scheduler: &'static str, index: &'static str, value: u64, error: ShardError },
}

struct Indexes;

impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = SCHEDULERS.iter().map(|scheduler| scheduler.index).collect();
        f.write_str(&names.join(", "))
    }
}

struct Nor<'a>(&'a [&'static str]);

impl fmt::Display for Nor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [one] => write!(f, "no {one}"),
            several => write!(f, "neither {}", several.join(" nor ")),
        }
    }
}

impl ShardArg {
    /// The shard; `lookup` is asked for the environment's variables.
    pub(super) fn resolve(self, lookup: impl Fn(&str) -> Option<String>) -> Result<Shard, NoShard> {
        match self {
            Self::Given(shard) => Ok(shard),
            Self::Environment => from_environment(lookup),
        }
    }
}

fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Shard, NoShard> {
    let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
    let number = |name: &'static str, value: String| {
        value.trim().parse::<u64>().map_err(|_| NoShard::NoNumber { name, value })
    };
    let told = |scheduler: &'static Scheduler| Some((scheduler, set(scheduler.index)?));
    let (scheduler, value) = SCHEDULERS.iter().find_map(told).ok_or(NoShard::Unknown)?;
    let Scheduler { name, index, ref first, total } = *scheduler;
    let value = number(index, value)?;
    let first = match *first {
        First::Is(first) => first,
        First::In(name) => set(name).map_or(Ok(0), |first| number(name, first))?,
    };
    let all = total.iter().copied().find_map(|name| Some((name, set(name)?)));
    let (total_name, all) = all.ok_or(NoShard::NoTotal { index, total })?;
    let all = number(total_name, all)?;
    let too_large = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    // Before the first is as wrong as behind the last.
    let from_one = value.checked_sub(first).map_or(0, |from_zero| from_zero.saturating_add(1));
    Shard::new(too_large(from_one), too_large(all)).map_err(|error| NoShard::NoSuchShard {
        scheduler: name,
        index,
        value,
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Result<String, String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let shard = ShardArg::Environment.resolve(lookup);
        shard.map(|shard| shard.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn each_scheduler_is_understood() {
        let cases: &[&[(&str, &str)]] = &[
            &[("DEADBEAT_SHARD", "2"), ("DEADBEAT_SHARDS", "3")],
            &[("CIRCLE_NODE_INDEX", "1"), ("CIRCLE_NODE_TOTAL", "3")],
            &[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "3")],
            &[("BUILDKITE_PARALLEL_JOB", "1"), ("BUILDKITE_PARALLEL_JOB_COUNT", "3")],
            &[("JOB_COMPLETION_INDEX", "1"), ("DEADBEAT_SHARDS", "3")],
            &[("AWS_BATCH_JOB_ARRAY_INDEX", "1"), ("AWS_BATCH_JOB_ARRAY_SIZE", "3")],
            &[("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_COUNT", "3")],
            &[
                ("SLURM_ARRAY_TASK_ID", "11"),
                ("SLURM_ARRAY_TASK_MIN", "10"),
                ("SLURM_ARRAY_TASK_COUNT", "3"),
            ],
        ];
        for variables in cases {
            assert_eq!(told(variables).as_deref(), Ok("2/3"), "{variables:?}");
        }
    }

    #[test]
    fn an_environment_that_tells_no_shard_is_refused_for_its_own_reason() {
        let refused = |variables: &[(&str, &str)]| told(variables).unwrap_err();
        assert!(refused(&[]).contains("none of DEADBEAT_SHARD, "));
        assert!(refused(&[("CI_NODE_INDEX", " ")]).contains("none of"));
        assert_eq!(
            refused(&[("JOB_COMPLETION_INDEX", "0")]),
            "`JOB_COMPLETION_INDEX` tells the shard's number, but no `DEADBEAT_SHARDS` tells of \
             how many"
        );
        assert_eq!(
            refused(&[("CI_NODE_INDEX", "one"), ("CI_NODE_TOTAL", "3")]),
            "`CI_NODE_INDEX` should be a whole number, but is `one`"
        );
        assert!(
            refused(&[("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "3")])
                .starts_with("GitLab has set `CI_NODE_INDEX` to 4: there is no shard 4 of 3")
        );
        assert!(
            refused(&[
                ("SLURM_ARRAY_TASK_ID", "9"),
                ("SLURM_ARRAY_TASK_MIN", "10"),
                ("SLURM_ARRAY_TASK_COUNT", "3")
            ])
            .contains("there is no shard 0 of 3")
        );
        assert!(refused(&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "0")]).contains("0 shards"));
    }
}
