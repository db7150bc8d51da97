//! Child workflows that start each other for ever.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diagnostic::{Diagnostic, quoted};
use super::super::model::{ChildOptions, Workflow, WorkflowAction, WorkflowStep};
use super::super::source::Location;
use super::Check;
use super::flow::{Form, Way};

/// Whether the steps after some are surely reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Reached,
    Unsure,
}

/// The types that something surely starts, each with the step that does.
type Calls<'a> = BTreeMap<&'a str, &'a Location>;

impl Check<'_> {
    /// Refuses cycles of workflow types in which each surely starts the next.
    pub(super) fn calls(&mut self) {
        let calls: BTreeMap<&str, Calls<'_>> = self
            .scenario
            .workflows
            .iter()
            .map(|(name, workflow)| (name.as_str(), calls_of(workflow)))
            .collect();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for start in calls.keys().copied() {
            // The way from `start`: each type with the calls that have not been followed yet.
            let mut way = vec![(start, calls[start].iter())];
            let mut on_way = BTreeMap::from([(start, 0)]);
            while let Some((at, follow)) = way.last_mut() {
                let at = *at;
                let Some((next, step)) = follow.next() else {
                    done.insert(at);
                    on_way.remove(at);
                    way.pop();
                    continue;
                };
                if done.contains(next) {
                    continue;
                }
                if let Some(begin) = on_way.get(next) {
                    let cycle: Vec<&str> = way[*begin..].iter().map(|(name, _)| *name).collect();
                    let diagnostic = cyclic(&cycle, next, step);
                    self.refuse(diagnostic);
                    return;
                }
                if let Some((name, next)) = calls.get_key_value(next) {
                    on_way.insert(name, way.len());
                    way.push((name, next.iter()));
                }
            }
        }
    }
}

fn cyclic(cycle: &[&str], first: &str, step: &Location) -> Diagnostic {
    const MOST: usize = 8;
    let mut names: Vec<String> = cycle.iter().take(MOST).map(|name| quoted(name)).collect();
    if cycle.len() > MOST {
        names.push("…".to_owned());
    }
    names.push(quoted(first));
    Diagnostic::new(format!("child workflows start each other for ever: {}", names.join(" → ")))
        .at(step.clone(), format!("starts {} again", quoted(first)))
        .help("`continue_as_new` runs a workflow again; a signal or an attempt can end a recursion")
}

/// What every version of a workflow surely starts.
fn calls_of(workflow: &Workflow) -> Calls<'_> {
    let mut versions = workflow.versions.iter().map(|version| {
        let mut calls = Calls::new();
        collect(&version.steps, &mut calls);
        calls
    });
    let mut calls = versions.next().unwrap_or_default();
    for other in versions {
        calls.retain(|name, _| other.contains_key(name));
    }
    calls
}

fn collect<'a>(steps: &'a [WorkflowStep], calls: &mut Calls<'a>) -> After {
    for step in steps {
        let after = match &step.action {
            WorkflowAction::StartChildWorkflow(start) => {
                call(&start.start_child_workflow, &start.options, step, calls)
            }
            WorkflowAction::ExecuteChildWorkflow(execute) => {
                call(&execute.execute_child_workflow, &execute.options, step, calls)
            }
            // Somebody must send it.
            WorkflowAction::WaitSignal(_) => After::Unsure,
            _ => match step.way() {
                Way::On | Way::Waits => After::Reached,
                Way::Fails | Way::Raises | Way::Ends => After::Unsure,
                Way::Shield(steps) => collect(steps, calls),
                Way::Branch(steps) => {
                    collect(steps, calls);
                    After::Reached
                }
                Way::Try(tried) => match collect(&tried.steps, calls) {
                    After::Reached => collect(tried.finally.as_deref().unwrap_or_default(), calls),
                    After::Unsure => After::Unsure,
                },
                Way::Repeat(repeat) => match (collect(&repeat.steps, calls), repeat.times) {
                    (After::Reached, Some(_)) => After::Reached,
                    _ => After::Unsure,
                },
                Way::Arms(arms) => {
                    let mut ignored = Calls::new();
                    let unsure = arms.iter().any(|s| collect(s, &mut ignored) == After::Unsure);
                    if unsure { After::Unsure } else { After::Reached }
                }
            },
        };
        if after == After::Unsure {
            return After::Unsure;
        }
    }
    After::Reached
}

/// A child with an id of its own is started once only, and one on another queue perhaps never.
fn call<'a>(
    workflow_type: &'a str,
    options: &ChildOptions,
    step: &'a WorkflowStep,
    calls: &mut Calls<'a>,
) -> After {
    if options.workflow_id.is_none() && options.task_queue.is_none() {
        calls.entry(workflow_type).or_insert(&step.at);
    }
    After::Reached
}
