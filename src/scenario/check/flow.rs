//! Where code goes: loops that never end, handlers that have something to raise.

use super::super::diagnostic::Diagnostic;
use super::super::limits::MAX_STEPS_WITHOUT_WAITING;
use super::super::model::{
    ActivityAction, ActivityStep, ByAttempt, ById, Repeat, Try, WorkflowAction, WorkflowStep,
};
use super::super::source::Location;
use super::Check;

/// What a step is, as far as the way through the code goes.
pub(super) enum Way<'a, S> {
    /// Goes on at once.
    On,
    /// Can wait, so that time passes.
    Waits,
    /// Fails, which an `on_failure` around it catches.
    Fails,
    /// Raises again.
    Raises,
    /// Ends the code.
    Ends,
    Shield(&'a [S]),
    Branch(&'a [S]),
    Try(&'a Try<S>),
    Repeat(&'a Repeat<S>),
    /// One of several, by what the run is.
    Arms(Vec<&'a [S]>),
}

/// A step of a kind that has loops and handlers.
pub(super) trait Form: Sized {
    fn at(&self) -> &Location;
    fn way(&self) -> Way<'_, Self>;
}

impl Form for WorkflowStep {
    fn at(&self) -> &Location {
        &self.at
    }

    fn way(&self) -> Way<'_, Self> {
        match &self.action {
            // A timer of no length takes no time.
            WorkflowAction::Sleep(duration) if duration.is_zero() => Way::On,
            WorkflowAction::Sleep(_)
            | WorkflowAction::ExecuteActivity(_)
            | WorkflowAction::ExecuteLocalActivity(_)
            | WorkflowAction::ExecuteChildWorkflow(_)
            | WorkflowAction::WaitForStart(_)
            | WorkflowAction::WaitFor(_)
            | WorkflowAction::WaitForAny(_)
            | WorkflowAction::WaitSignal(_)
            | WorkflowAction::WaitForWorkflowTask
            | WorkflowAction::HeartbeatWorkflowTask
            | WorkflowAction::Hang
            | WorkflowAction::SignalExternalWorkflow(_)
            | WorkflowAction::CancelExternalWorkflow(_) => Way::Waits,
            WorkflowAction::StartTimer(_)
            | WorkflowAction::StartActivity(_)
            | WorkflowAction::StartLocalActivity(_)
            | WorkflowAction::StartChildWorkflow(_)
            | WorkflowAction::Cancel(_)
            | WorkflowAction::RecordMarker(_)
            | WorkflowAction::SetQueryResult(_)
            | WorkflowAction::Command(_)
            // The worker is busy, but the code runs on in the same task, which would never end.
            | WorkflowAction::Block(_) => Way::On,
            WorkflowAction::Fail(_) => Way::Fails,
            WorkflowAction::Raise => Way::Raises,
            WorkflowAction::Return(_)
            | WorkflowAction::ContinueAsNew(_)
            | WorkflowAction::FailWorkflowTask(_) => Way::Ends,
            WorkflowAction::Shield(steps) => Way::Shield(steps),
            WorkflowAction::StartBranch(branch) => Way::Branch(&branch.steps),
            WorkflowAction::Try(tried) => Way::Try(tried),
            WorkflowAction::Repeat(repeat) => Way::Repeat(repeat),
            WorkflowAction::ByAttempt(by) => Way::Arms(by.arms().collect()),
            WorkflowAction::ByWorkflowId(by) | WorkflowAction::ByUpdateId(by) => {
                Way::Arms(by.arms().collect())
            }
        }
    }
}

impl Form for ActivityStep {
    fn at(&self) -> &Location {
        &self.at
    }

    fn way(&self) -> Way<'_, Self> {
        match &self.action {
            ActivityAction::Sleep(duration) if duration.is_zero() => Way::On,
            ActivityAction::Sleep(_) | ActivityAction::Hang => Way::Waits,
            ActivityAction::Heartbeat(_) => Way::On,
            ActivityAction::Fail(_) => Way::Fails,
            ActivityAction::Raise => Way::Raises,
            ActivityAction::Return(_) => Way::Ends,
            ActivityAction::Shield(steps) => Way::Shield(steps),
            ActivityAction::Try(tried) => Way::Try(tried),
            ActivityAction::Repeat(repeat) => Way::Repeat(repeat),
            ActivityAction::ByAttempt(by) => Way::Arms(by.arms().collect()),
            ActivityAction::ByActivityId(by) => Way::Arms(by.arms().collect()),
        }
    }
}

impl<S> Try<S> {
    /// The handlers that can raise again what they caught.
    fn handlers(&self) -> impl Iterator<Item = &[S]> {
        [&self.on_cancel, &self.on_failure].into_iter().filter_map(|steps| steps.as_deref())
    }
}

impl<S> ById<S> {
    /// The steps for each id, and those for the others.
    fn arms(&self) -> impl Iterator<Item = &[S]> {
        self.ids.values().map(|steps| &steps[..]).chain([&self.otherwise[..]])
    }
}

impl<S> ByAttempt<S> {
    /// The steps for each attempt, and those for the others.
    pub(super) fn arms(&self) -> impl Iterator<Item = &[S]> {
        self.attempts.values().map(|steps| &steps[..]).chain([&self.otherwise[..]])
    }
}

/// Goes over every step, however deep, in the order of the text.
pub(super) struct Walk;

impl Walk {
    pub(super) fn over<S: Form>(steps: &[S], visit: &mut impl FnMut(&S)) {
        for step in steps {
            visit(step);
            match step.way() {
                Way::On | Way::Waits | Way::Fails | Way::Raises | Way::Ends => {}
                Way::Shield(steps) | Way::Branch(steps) => Self::over(steps, visit),
                Way::Repeat(repeat) => Self::over(&repeat.steps, visit),
                Way::Try(tried) => {
                    Self::over(&tried.steps, visit);
                    for handler in tried.handlers().chain(tried.finally.as_deref()) {
                        Self::over(handler, visit);
                    }
                }
                Way::Arms(arms) => {
                    for steps in arms {
                        Self::over(steps, visit);
                    }
                }
            }
        }
    }
}

/// Whether something was caught that can be raised again.
#[derive(Clone, Copy)]
enum Caught {
    Nothing,
    Something,
}

/// What becomes of a list of steps on the way that is taken first.
enum Passage {
    /// It is passed without waiting, in this many steps.
    Through(u64),
    /// It can wait.
    Waits,
    /// It fails before it can wait.
    Fails,
    /// It is left for good before it can wait, or where to is not known.
    Leaves,
}

impl Check<'_> {
    /// Refuses loops that never end and `raise` where nothing was caught.
    pub(super) fn flow<S: Form>(&mut self, steps: &[S]) {
        self.raises(steps, Caught::Nothing);
        self.passage(steps);
    }

    fn raises<S: Form>(&mut self, steps: &[S], caught: Caught) {
        for step in steps {
            match (step.way(), caught) {
                (Way::Raises, Caught::Nothing) => self.refuse(
                    Diagnostic::new("`raise` stands outside of `on_cancel` and `on_failure`")
                        .at(step.at().clone(), "nothing was caught that could be raised again")
                        .help("to fail, write `fail: the message`"),
                ),
                (Way::Shield(steps), _) => self.raises(steps, caught),
                // A branch runs beside the handler that started it.
                (Way::Branch(steps), _) => self.raises(steps, Caught::Nothing),
                (Way::Repeat(repeat), _) => self.raises(&repeat.steps, caught),
                (Way::Try(tried), _) => {
                    self.raises(&tried.steps, caught);
                    for handler in tried.handlers() {
                        self.raises(handler, Caught::Something);
                    }
                    self.raises(tried.finally.as_deref().unwrap_or_default(), caught);
                }
                (Way::Arms(arms), _) => {
                    for steps in arms {
                        self.raises(steps, caught);
                    }
                }
                _ => {}
            }
        }
    }

    fn passage<S: Form>(&mut self, steps: &[S]) -> Passage {
        let mut passed = 0_u64;
        let mut first = None;
        for step in steps {
            match self.step_passage(step) {
                Passage::Through(count) => passed = passed.saturating_add(count),
                // The steps after it are still looked at, for the loops in them.
                other => first = first.or(Some(other)),
            }
        }
        first.unwrap_or(Passage::Through(passed))
    }

    fn step_passage<S: Form>(&mut self, step: &S) -> Passage {
        match step.way() {
            Way::On => Passage::Through(1),
            Way::Waits => Passage::Waits,
            Way::Fails => Passage::Fails,
            Way::Raises | Way::Ends => Passage::Leaves,
            Way::Shield(steps) => self.passage(steps),
            Way::Branch(steps) => match self.passage(steps) {
                Passage::Through(count) => Passage::Through(count.saturating_add(1)),
                _ => Passage::Through(1),
            },
            Way::Try(caught) => {
                let body = self.passage(&caught.steps);
                caught.on_cancel.as_deref().map(|steps| self.passage(steps));
                let on_failure = caught.on_failure.as_deref().map(|steps| self.passage(steps));
                let finally = caught.finally.as_deref().map(|steps| self.passage(steps));
                let handled = match (body, on_failure) {
                    (Passage::Fails, Some(on_failure)) => on_failure,
                    (body, _) => body,
                };
                match (handled, finally) {
                    (Passage::Through(a), Some(Passage::Through(b))) => {
                        Passage::Through(a.saturating_add(b))
                    }
                    (handled, None | Some(Passage::Through(_))) => handled,
                    (_, Some(finally)) => finally,
                }
            }
            Way::Arms(arms) => {
                let mut most = Passage::Through(0);
                for steps in arms {
                    // Which arm is taken is not known here: only if none waits, nothing does.
                    most = match (self.passage(steps), most) {
                        (Passage::Through(a), Passage::Through(b)) => Passage::Through(a.max(b)),
                        _ => Passage::Leaves,
                    };
                }
                most
            }
            Way::Repeat(repeat) => self.repeat_passage(repeat, step.at()),
        }
    }

    fn repeat_passage<S: Form>(&mut self, repeat: &Repeat<S>, at: &Location) -> Passage {
        if repeat.times == Some(0) {
            self.zero_times(at);
        }
        match (self.passage(&repeat.steps), repeat.times) {
            (Passage::Through(_), None) => {
                self.refuse(
                    Diagnostic::new("this loop never ends, and no time passes in it")
                        .at(at.clone(), "nothing in it can wait")
                        .help("put a `sleep` into it, or `times` beside it"),
                );
                Passage::Waits
            }
            (Passage::Through(count), Some(times)) => {
                let count = count.saturating_mul(times.into()).saturating_add(1);
                if count <= MAX_STEPS_WITHOUT_WAITING {
                    return Passage::Through(count);
                }
                self.refuse(
                    Diagnostic::new(format!(
                        "this loop takes more than {MAX_STEPS_WITHOUT_WAITING} steps, and no time \
                         passes in it"
                    ))
                    .at(at.clone(), "nothing in it can wait")
                    .help("put a `sleep` into it, or take fewer `times`"),
                );
                Passage::Waits
            }
            (other, _) => other,
        }
    }
}
