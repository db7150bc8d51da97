//! Handles: what was started under a name, and where that name is known.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::diagnostic::{Diagnostic, quoted};
use super::super::model::{UpdateHandler, WorkflowAction, WorkflowStep};
use super::super::source::Location;
use super::super::yaml::unknown_name;
use super::Check;
use super::flow::{Form, Walk, Way};

/// What a handle stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Timer,
    Activity,
    Child,
    Branch,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Timer => "a timer",
            Self::Activity => "an activity",
            Self::Child => "a child workflow",
            Self::Branch => "a branch",
        }
    }
}

struct Handle {
    kind: Kind,
    at: Location,
    /// Its place in the order of the text.
    index: usize,
    /// How many scopes that have ended it was started in.
    hidden: u32,
}

/// The handles of one version of a workflow.
#[derive(Default)]
struct Scope<'a> {
    handles: BTreeMap<&'a str, Handle>,
    /// All names in the order of the text.
    order: Vec<&'a str>,
    /// What was started in earlier arms of the `by_attempt`s around: those never run together.
    exclusive: Vec<Range<usize>>,
}

impl Scope<'_> {
    fn hide(&mut self, from: usize) {
        for name in &self.order[from..] {
            self.handles.entry(name).and_modify(|handle| handle.hidden += 1);
        }
    }

    fn show(&mut self, from: usize) {
        for name in &self.order[from..] {
            let show = |handle: &mut Handle| handle.hidden = handle.hidden.saturating_sub(1);
            self.handles.entry(name).and_modify(show);
        }
    }
}

/// The handle that a step starts.
fn started(step: &WorkflowStep) -> Option<(&str, Kind)> {
    let (name, kind) = match &step.action {
        WorkflowAction::StartTimer(start) => (Some(&start.r#as), Kind::Timer),
        WorkflowAction::StartActivity(start) => (start.r#as.as_ref(), Kind::Activity),
        WorkflowAction::StartLocalActivity(start) => (start.r#as.as_ref(), Kind::Activity),
        WorkflowAction::StartChildWorkflow(start) => (start.r#as.as_ref(), Kind::Child),
        WorkflowAction::StartBranch(start) => (start.handle.as_ref(), Kind::Branch),
        _ => (None, Kind::Timer),
    };
    Some((name?.as_str(), kind))
}

impl Check<'_> {
    /// Refuses handles that are started twice, or used where they are not known.
    ///
    /// The handlers of updates know the handles of the workflow's steps, and their own.
    pub(super) fn handles(
        &mut self,
        steps: &[WorkflowStep],
        updates: &BTreeMap<String, UpdateHandler>,
    ) {
        let mut all = BTreeMap::new();
        let mut note = |step: &WorkflowStep| {
            if let Some((name, _)) = started(step) {
                all.entry(name.to_owned()).or_insert_with(|| step.at.clone());
            }
        };
        Walk::over(steps, &mut note);
        for handler in updates.values() {
            Walk::over(&handler.steps, &mut note);
        }
        let mut scope = Scope::default();
        self.handles_in(steps, &mut scope, &all);
        for handler in updates.values() {
            let begin = scope.order.len();
            self.handles_in(&handler.steps, &mut scope, &all);
            scope.hide(begin);
        }
    }

    fn handles_in<'s>(
        &mut self,
        steps: &'s [WorkflowStep],
        scope: &mut Scope<'s>,
        all: &BTreeMap<String, Location>,
    ) {
        for step in steps {
            if let Some((name, kind)) = started(step) {
                self.start_handle(name, kind, step, scope);
            }
            match &step.action {
                WorkflowAction::Cancel(name) => {
                    self.use_handle(name, step, "cancel", 0, scope, all);
                }
                WorkflowAction::WaitForStart(name) => {
                    self.use_handle(name, step, "wait_for_start", 0, scope, all);
                    self.must_be_child(name, step, scope);
                }
                WorkflowAction::WaitFor(names) => {
                    for (index, name) in names.iter().enumerate() {
                        self.use_handle(name, step, "wait_for", index, scope, all);
                    }
                }
                WorkflowAction::WaitForAny(names) => {
                    for (index, name) in names.iter().enumerate() {
                        self.use_handle(name, step, "wait_for_any", index, scope, all);
                    }
                }
                _ => {}
            }
            match step.way() {
                Way::On | Way::Waits | Way::Fails | Way::Raises | Way::Ends => {}
                Way::Shield(steps) => self.handles_in(steps, scope, all),
                Way::Repeat(repeat) => self.handles_in(&repeat.steps, scope, all),
                Way::Branch(steps) => {
                    // Nobody outside can know whether the branch has come that far.
                    let begin = scope.order.len();
                    self.handles_in(steps, scope, all);
                    scope.hide(begin);
                }
                Way::Try(tried) => {
                    self.handles_in(&tried.steps, scope, all);
                    for handler in [&tried.on_cancel, &tried.on_failure, &tried.finally] {
                        self.handles_in(handler.as_deref().unwrap_or_default(), scope, all);
                    }
                }
                Way::Arms(arms) => {
                    let begin = scope.order.len();
                    for steps in arms {
                        let arm = scope.order.len();
                        scope.exclusive.push(begin..arm);
                        self.handles_in(steps, scope, all);
                        scope.exclusive.pop();
                        scope.hide(arm);
                    }
                    scope.show(begin);
                }
            }
        }
    }

    fn start_handle<'s>(
        &mut self,
        name: &'s str,
        kind: Kind,
        step: &WorkflowStep,
        scope: &mut Scope<'s>,
    ) {
        let at = self.places.option(&step.at, "as");
        if name.is_empty() {
            self.refuse(Diagnostic::new("a name cannot be empty").at(at, "empty"));
            return;
        }
        if let Some(first) = scope.handles.get(name)
            && !scope.exclusive.iter().any(|range| range.contains(&first.index))
        {
            let first = first.at.clone();
            self.refuse(
                Diagnostic::new(format!("duplicate handle {}", quoted(name)))
                    .at(at, "second time")
                    .also(first, "first time")
                    .help("each handle of a workflow has a name of its own"),
            );
            return;
        }
        let index = scope.order.len();
        scope.order.push(name);
        scope.handles.insert(name, Handle { kind, at, index, hidden: 0 });
    }

    fn use_handle(
        &mut self,
        name: &str,
        step: &WorkflowStep,
        key: &str,
        index: usize,
        scope: &Scope<'_>,
        all: &BTreeMap<String, Location>,
    ) {
        if self.is_full() {
            return;
        }
        let at = || self.places.item(&step.at, key, index);
        let diagnostic = match (scope.handles.get(name), all.get(name)) {
            (Some(handle), _) if handle.hidden == 0 => return,
            (Some(handle), _) => {
                Diagnostic::new(format!("handle {} is not known here", quoted(name)))
                    .at(at(), "outside of the branch or attempt that starts it")
                    .also(handle.at.clone(), "started here")
            }
            (None, Some(later)) => {
                Diagnostic::new(format!("handle {} is used before it is started", quoted(name)))
                    .at(at(), "not started yet")
                    .also(self.places.option(later, "as"), "started here")
            }
            (None, None) => {
                let known: Vec<&str> = scope.order.clone();
                let unknown = unknown_name("handle", name, &known, at());
                if known.is_empty() {
                    unknown.help(format!("give a step before it the name: `as: {name}`"))
                } else {
                    unknown
                }
            }
        };
        self.refuse(diagnostic);
    }

    fn must_be_child(&mut self, name: &str, step: &WorkflowStep, scope: &Scope<'_>) {
        let Some(handle) = scope.handles.get(name).filter(|handle| handle.kind != Kind::Child)
        else {
            return;
        };
        self.refuse(
            Diagnostic::new(format!(
                "`wait_for_start` waits for child workflows, but {} is {}",
                quoted(name),
                handle.kind.name()
            ))
            .at(self.places.option(&step.at, "wait_for_start"), handle.kind.name())
            .also(handle.at.clone(), "started here"),
        );
    }
}
