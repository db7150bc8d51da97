//! Activities: heartbeats, cancels, ends, slots.

use super::*;
use crate::api::ActivityTarget;
use crate::history::Payloads;
use crate::official::command::ScheduleActivityTaskCommandAttributes;
use crate::official::common::ActivityType;
use crate::scenario::model::Repeat;

fn activity(actions: impl IntoIterator<Item = ActivityAction>) -> Scenario {
    let mut scenario = scenario(CancellationModel::Task, Vec::new());
    scenario.workflows.clear();
    scenario.activities.insert("a".to_owned(), activity_steps(actions));
    scenario
}

fn heartbeat(n: u64) -> ActivityAction {
    ActivityAction::Heartbeat(Some(Json::from(n)))
}

fn details(n: u64) -> Payloads {
    crate::history::payload::json(&Json::from(n))
}

/// A worker that runs one activity.
struct Lab {
    bench: Bench,
    token: ActivityToken,
}

impl Lab {
    fn run(scenario: &Scenario, timeouts: ActivityTimeouts) -> Self {
        let mut bench = Bench::new(scenario);
        let token = ActivityToken {
            execution: bench.execution.clone(),
            scheduled_event_id: EventId(5),
            attempt: 1,
        };
        let command = ScheduleActivityTaskCommandAttributes {
            activity_id: "1".to_owned(),
            activity_type: Some(ActivityType { name: "a".to_owned() }),
            ..ScheduleActivityTaskCommandAttributes::default()
        };
        let task = ActivityTask {
            token: token.clone(),
            scheduled: Arc::new(ActivityTaskScheduled {
                command: command.into(),
                timeouts,
                retry_policy: policy(),
                workflow_task_completed_event_id: EventId(4),
            }),
            workflow_type: "W".into(),
            heartbeat_details: None,
            attempt: 1,
            scheduled_time: EPOCH,
            current_attempt_scheduled_time: EPOCH,
            started_time: EPOCH,
        };
        let poll =
            bench.take_parked(|request| matches!(request, Request::PollActivityTaskQueue(_)));
        let mut out = Vec::new();
        let response = Response::PollActivityTaskQueue(Box::new(task));
        bench.worker.answer(EPOCH, poll, Ok(response), &mut out);
        bench.parked = out;
        Self { bench, token }
    }

    /// The requests of the next thing that the worker does, in short, and when it does it.
    fn next(&mut self) -> (Duration, Vec<String>) {
        let sent = self.bench.next();
        let requests = sent.iter().map(|sent| in_short(&sent.request)).collect();
        (self.bench.now - EPOCH, requests)
    }

    fn answer_heartbeat(&mut self, result: Result<Response, RpcError>) {
        let key = ActivityKey::from(&self.token);
        let call = Call::Heartbeat(key).id(self.bench.worker.index);
        let mut out = Vec::new();
        self.bench.worker.answer(self.bench.now, call, result, &mut out);
        assert_eq!(out, []);
    }

    fn goes_on(&mut self) {
        let response = Response::RecordActivityTaskHeartbeat { cancel_requested: false };
        self.answer_heartbeat(Ok(response));
    }

    fn learns_of_cancel(&mut self) {
        let response = Response::RecordActivityTaskHeartbeat { cancel_requested: true };
        self.answer_heartbeat(Ok(response));
    }
}

fn in_short(request: &Request) -> String {
    let text = |payloads: &Option<Payloads>| {
        payloads.as_ref().map_or_else(String::new, |payloads| {
            format!(" {}", String::from_utf8_lossy(&payloads.payloads[0].data))
        })
    };
    match request {
        Request::RecordActivityTaskHeartbeat { details, .. } => {
            format!("heartbeat{}", text(details))
        }
        Request::RespondActivityTaskCompleted { result, .. } => {
            format!("completed{}", text(result))
        }
        Request::RespondActivityTaskFailed(request) => {
            let message = &request.failure.as_ref().unwrap().message;
            format!("failed {message}{}", text(&request.last_heartbeat_details))
        }
        Request::RespondActivityTaskCanceled { details, .. } => {
            format!("canceled{}", text(details))
        }
        other => format!("{other:?}"),
    }
}

fn heartbeat_timeout(seconds: u32) -> ActivityTimeouts {
    ActivityTimeouts {
        heartbeat: SECOND * seconds,
        start_to_close: 300 * SECOND,
        ..ActivityTimeouts::default()
    }
}

fn loops(actions: impl IntoIterator<Item = ActivityAction>) -> ActivityAction {
    ActivityAction::Repeat(Repeat { steps: activity_steps(actions), times: None })
}

#[test]
fn an_activity_sleeps_and_completes() {
    let steps = [ActivityAction::Sleep(SECOND), ActivityAction::Return(Json::from(7))];
    let mut lab = Lab::run(&activity(steps), ActivityTimeouts::default());
    assert_eq!(lab.next(), (Duration::ZERO, vec![]));
    assert_eq!(lab.next(), (SECOND, vec!["completed 7".to_owned()]));
    assert_eq!(lab.bench.worker.due_set().count(), 0);
}

#[test]
fn heartbeats_are_throttled_and_the_last_one_is_sent_when_the_interval_ends() {
    let steps = [loops([heartbeat(1), ActivityAction::Sleep(3 * SECOND)])];
    let mut lab = Lab::run(&activity(steps), heartbeat_timeout(5));
    assert_eq!(lab.next(), (Duration::ZERO, vec!["heartbeat 1".to_owned()]));
    lab.goes_on();
    assert_eq!(lab.next(), (3 * SECOND, vec![]));
    assert_eq!(lab.next(), (4 * SECOND, vec!["heartbeat 1".to_owned()]));
    lab.goes_on();
    assert_eq!(lab.next(), (6 * SECOND, vec![]));
    assert_eq!(lab.next(), (8 * SECOND, vec!["heartbeat 1".to_owned()]));
}

#[test]
fn a_cancel_is_raised_in_the_sleep_that_the_activity_is_in() {
    let steps = [heartbeat(1), ActivityAction::Sleep(100 * SECOND)];
    let mut lab = Lab::run(&activity(steps), heartbeat_timeout(10));
    lab.next();
    lab.bench.now = EPOCH + SECOND;
    lab.learns_of_cancel();
    assert_eq!(lab.next(), (SECOND, vec!["canceled".to_owned()]));
}

#[test]
fn a_swallowed_cancel_lets_the_activity_complete() {
    let tried = Try {
        on_cancel: Some(activity_steps([ActivityAction::Sleep(SECOND)])),
        ..attempt(activity_steps([heartbeat(1), ActivityAction::Hang]))
    };
    let steps = [ActivityAction::Try(tried), ActivityAction::Return(Json::from("kept"))];
    let mut lab = Lab::run(&activity(steps), ActivityTimeouts::default());
    lab.next();
    lab.learns_of_cancel();
    assert_eq!(lab.next(), (Duration::ZERO, vec![]));
    assert_eq!(lab.next(), (SECOND, vec!["completed \"kept\"".to_owned()]));
}

#[test]
fn a_shield_keeps_a_cancel_until_its_end() {
    let shielded = activity_steps([heartbeat(1), ActivityAction::Sleep(5 * SECOND)]);
    let mut lab =
        Lab::run(&activity([ActivityAction::Shield(shielded)]), ActivityTimeouts::default());
    lab.next();
    lab.learns_of_cancel();
    assert_eq!(lab.next(), (Duration::ZERO, vec![]));
    assert_eq!(lab.next(), (5 * SECOND, vec!["canceled".to_owned()]));
}

#[test]
fn a_canceled_activity_sends_its_last_heartbeat_first() {
    let steps = [heartbeat(1), heartbeat(2), ActivityAction::Hang];
    let mut lab = Lab::run(&activity(steps), heartbeat_timeout(10));
    assert_eq!(lab.next().1, ["heartbeat 1"]);
    lab.learns_of_cancel();
    assert_eq!(lab.next().1, ["heartbeat 2", "canceled"]);
}

#[test]
fn a_failed_activity_reports_its_last_details_and_a_completed_one_drops_them() {
    let fails = [heartbeat(1), heartbeat(2), ActivityAction::Fail(fail("boom"))];
    let mut lab = Lab::run(&activity(fails), heartbeat_timeout(10));
    assert_eq!(lab.next().1, ["heartbeat 1", "failed boom 2"]);
    let mut lab = Lab::run(&activity([heartbeat(1), heartbeat(2)]), heartbeat_timeout(10));
    assert_eq!(lab.next().1, ["heartbeat 1", "completed"]);
}

#[test]
fn an_activity_that_the_server_does_not_know_reports_nothing() {
    let steps = [heartbeat(1), ActivityAction::Hang];
    let mut lab = Lab::run(&activity(steps), ActivityTimeouts::default());
    lab.next();
    lab.answer_heartbeat(Err(RpcError::not_found("workflow execution already completed")));
    let sent = lab.bench.next();
    assert!(sent.iter().all(|sent| matches!(sent.request, Request::PollActivityTaskQueue(_))));
    assert_eq!(lab.bench.worker.due_set().count(), 0);
}

#[test]
fn an_activity_that_outlives_its_timeout_is_given_up_five_seconds_later() {
    let timeouts = ActivityTimeouts { start_to_close: 10 * SECOND, ..ActivityTimeouts::default() };
    let mut lab = Lab::run(&activity([ActivityAction::Hang]), timeouts);
    lab.next();
    assert_eq!(lab.next(), (15 * SECOND, vec!["canceled".to_owned()]));
}

#[test]
fn a_worker_polls_while_it_has_slots() {
    let config = model::Worker { max_concurrent_activities: 1, ..model::Worker::default() };
    let scenario = activity([ActivityAction::Sleep(SECOND)]);
    let mut lab = Lab::run(&scenario, ActivityTimeouts::default());
    // With 100 slots the next poll is out as soon as the first is answered.
    assert_eq!(lab.bench.parked.len(), 1);
    lab.bench.worker.config = ConfigRef(Arc::new(Config::new(&config)));
    lab.bench.worker.calls.clear();
    lab.next();
    lab.next();
    let key = ActivityKey::from(&lab.token);
    let call = Call::RespondActivityTask(key).id(lab.bench.worker.index);
    let mut out = Vec::new();
    lab.bench.worker.answer(lab.bench.now, call, Ok(Response::Empty), &mut out);
    assert!(out.iter().any(|sent| matches!(sent.request, Request::PollActivityTaskQueue(_))));
}

#[test]
fn an_activity_type_that_the_worker_does_not_have_fails() {
    let mut scenario = activity([]);
    let steps = scenario.activities.remove("a").unwrap();
    scenario.activities.insert("b".to_owned(), steps);
    let lab = Lab::run(&scenario, ActivityTimeouts::default());
    let refused = lab.bench.parked.iter().map(|sent| in_short(&sent.request));
    let refused: Vec<String> = refused.filter(|text| text.starts_with("failed")).collect();
    assert_eq!(
        refused,
        ["failed Activity function a for workflow w is not registered on this worker, available \
          activities: b"]
    );
}

#[test]
fn native_code_heartbeats_through_the_same_throttle() {
    let scenario = activity([]);
    let program = Program::compile_with_native(&scenario, ["a"]);
    let mut lab = Lab::run(&scenario, heartbeat_timeout(10));
    let worker = &mut lab.bench.worker;
    worker.program = ProgramRef(program);
    worker.activities.clear();
    let Response::PollActivityTaskQueue(task) = lab_task(&lab.token) else { unreachable!() };
    let mut out = Vec::new();
    worker.activity_task(EPOCH, task, &mut out);
    let key = ActivityKey::from(&lab.token);
    assert!(matches!(worker.take_native()[..], [NativeEvent::Started { .. }]));
    worker.native(EPOCH, key, NativeCommand::Heartbeat(Some(details(1))), &mut out);
    worker.native(EPOCH, key, NativeCommand::Heartbeat(Some(details(2))), &mut out);
    let sent: Vec<String> = out.iter().map(|sent| in_short(&sent.request)).collect();
    assert_eq!(sent, ["heartbeat 1"]);
    lab.learns_of_cancel();
    lab.bench.next();
    let worker = &mut lab.bench.worker;
    let canceled = NativeEvent::Canceled { key, reason: CancelReason::Cancelled };
    assert_eq!(worker.take_native(), [canceled]);
    let mut out = Vec::new();
    worker.native(EPOCH, key, NativeCommand::Canceled(None), &mut out);
    let sent: Vec<String> = out.iter().map(|sent| in_short(&sent.request)).collect();
    assert_eq!(sent, ["heartbeat 2", "canceled"]);
    let target = ActivityTarget::Token(lab.token.clone());
    assert!(matches!(&out[1].request,
        Request::RespondActivityTaskCanceled { activity, .. } if *activity == target));
}

fn lab_task(token: &ActivityToken) -> Response {
    let command = ScheduleActivityTaskCommandAttributes {
        activity_type: Some(ActivityType { name: "a".to_owned() }),
        ..ScheduleActivityTaskCommandAttributes::default()
    };
    Response::PollActivityTaskQueue(Box::new(ActivityTask {
        token: token.clone(),
        scheduled: Arc::new(ActivityTaskScheduled {
            command: command.into(),
            timeouts: heartbeat_timeout(10),
            retry_policy: policy(),
            workflow_task_completed_event_id: EventId(4),
        }),
        workflow_type: "W".into(),
        heartbeat_details: None,
        attempt: 1,
        scheduled_time: EPOCH,
        current_attempt_scheduled_time: EPOCH,
        started_time: EPOCH,
    }))
}
