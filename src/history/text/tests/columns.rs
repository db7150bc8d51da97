//! Columns, and what users' texts may not do to them.

use insta::assert_snapshot;

use super::*;
use crate::official::failure::{
    ActivityFailureInfo, CanceledFailureInfo, TimeoutFailureInfo, failure::FailureInfo as Info,
};

fn nap(timer_id: &str) -> Attributes {
    Attributes::TimerFired { timer_id: timer_id.into(), started_event_id: EventId(1) }
}

fn sent(message: &str, info: Option<Info>, cause: Option<Sent>) -> Sent {
    Sent {
        message: message.into(),
        failure_info: info,
        cause: cause.map(Box::new),
        ..Default::default()
    }
}

fn failed(failure: Sent) -> Attributes {
    Attributes::WorkflowExecutionFailed {
        failure: Failure::Sent(Shared::new(failure)),
        retry_state: RetryState::RetryPolicyNotSet,
        workflow_task_completed_event_id: EventId(4),
        new_execution_run_id: None,
    }
}

#[test]
fn times_of_one_run_stand_below_each_other_whatever_their_lengths() {
    let day = 86_400_000;
    let mut history =
        history(vec![(0, nap("1")), (day + 21_600_000, nap("2")), (12 * day, nap("3"))]);
    let time = EPOCH + Duration::from_nanos(1_500);
    history.append(vec![Event { id: EventId(4), time, attributes: nap("4") }]);
    let execution = run("greeting", 1);
    let text = render(&[RunText::new(&execution, 1, &history, "Running", EPOCH)], Style::Plain);
    assert_snapshot!(text, @"
    greeting run 1: Running
      run id 28e47bdc-c9a4-7800-88e1-c4a5e6283a15
       1      00:00:00.000        TimerFired                        timer 1               (started 1)
       2   1d 06:00:00.000        TimerFired                        timer 2               (started 1)
       3  12d 00:00:00.000        TimerFired                        timer 3               (started 1)
       4      00:00:00.000001500  TimerFired                        timer 4               (started 1)
    ");
}

#[test]
fn failures_are_called_by_their_types_or_else_their_kinds() {
    let canceled =
        || sent("", Some(Info::CanceledFailureInfo(CanceledFailureInfo::default())), None);
    let activity = Info::ActivityFailureInfo(ActivityFailureInfo::default());
    let timeout = Info::TimeoutFailureInfo(TimeoutFailureInfo {
        timeout_type: 3,
        last_heartbeat_details: Some(common::Payloads { payloads: vec![payload("7")] }),
    });
    let untyped = Info::ApplicationFailureInfo(ApplicationFailureInfo::default());
    let text = lines(vec![
        (0, failed(sent("Activity cancelled", Some(activity), Some(canceled())))),
        (0, failed(canceled())),
        (0, failed(sent("too late", Some(timeout), None))),
        (0, failed(sent("", Some(untyped.clone()), None))),
        (0, failed(sent("a \"b\"", Some(untyped), None))),
        (0, failed(sent("", None, None))),
    ]);
    assert_snapshot!(text, @r#"
    1  00:00:00.000  WorkflowExecutionFailed           ActivityFailure: "Activity cancelled", caused by CanceledFailure
    2  00:00:00.000  WorkflowExecutionFailed           CanceledFailure
    3  00:00:00.000  WorkflowExecutionFailed           SCHEDULE_TO_CLOSE: "too late", last heartbeat 7
    4  00:00:00.000  WorkflowExecutionFailed           ApplicationFailure
    5  00:00:00.000  WorkflowExecutionFailed           "a \"b\""
    6  00:00:00.000  WorkflowExecutionFailed           Failure
    "#);
}

#[test]
fn a_local_activity_is_told_as_other_activities_are() {
    let data = r#"{"seq":1,"attempt":2,"activity_id":"1","activity_type":"draw_number",
        "complete_time":null,"backoff":null,"original_schedule_time":null}"#;
    let marker = |data: &str, failure| Attributes::MarkerRecorded {
        command: Shared::new(command::RecordMarkerCommandAttributes {
            marker_name: "core_local_activity".into(),
            details: [("data", data), ("result", "17")]
                .map(|(name, json)| {
                    (name.to_owned(), common::Payloads { payloads: vec![payload(json)] })
                })
                .into(),
            failure,
            ..Default::default()
        }),
        workflow_task_completed_event_id: EventId(4),
    };
    let text = lines(vec![
        (0, marker(data, None)),
        (0, marker(data, Some(sent("odd", None, None)))),
        (0, marker("[]", None)),
    ]);
    assert_snapshot!(text, @r#"
    1  00:00:00.000  MarkerRecorded                    local activity 1      draw_number  attempt 2  result 17
    2  00:00:00.000  MarkerRecorded                    local activity 1      draw_number  attempt 2  result 17  "odd"
    3  00:00:00.000  MarkerRecorded                    marker core_local_activity  data []  result 17
    "#);
}

#[test]
fn no_control_character_of_a_user_reaches_the_output() {
    let evil = "a\u{1b}[2J\r\n\u{9b}\u{202e}\u{7}b";
    let json = format!("{{\"{}\": \"\\u001b[2J\u{9b}\u{202e}\"}}", "k\u{202e}");
    let odd = common::Payload {
        metadata: [("encoding".to_owned(), evil.as_bytes().to_vec())].into(),
        ..Default::default()
    };
    let both = || common::Payloads { payloads: vec![payload(&json), odd.clone()] };
    let application = Info::ApplicationFailureInfo(ApplicationFailureInfo {
        r#type: evil.into(),
        details: Some(both()),
        ..Default::default()
    });
    let failure = || sent(evil, Some(application.clone()), Some(sent(evil, None, None)));
    let mut first = started();
    first.workflow_type = evil.into();
    first.task_queue = evil.into();
    first.identity = evil.into();
    first.cron_schedule = evil.into();
    first.input = Some(Shared::new(both()));
    first.memo =
        Some(Shared::new(common::Memo { fields: [(evil.to_owned(), odd.clone())].into() }));
    let history = history(vec![
        (0, start(first)),
        (0, nap(evil)),
        (0, failed(failure())),
        (
            0,
            Attributes::WorkflowTaskFailed(Arc::new(task_failed(
                WorkflowTaskFailedCause::ResetWorkflow,
                Some(Failure::Reset(evil.into())),
            ))),
        ),
        (
            0,
            Attributes::MarkerRecorded {
                command: Shared::new(command::RecordMarkerCommandAttributes {
                    marker_name: evil.into(),
                    details: [(evil.to_owned(), both())].into(),
                    failure: Some(failure()),
                    ..Default::default()
                }),
                workflow_task_completed_event_id: EventId(4),
            },
        ),
        (
            0,
            Attributes::WorkflowExecutionTerminated {
                reason: evil.into(),
                details: Some(Shared::new(both())),
                identity: evil.into(),
            },
        ),
    ]);
    let execution = run(evil, 1);
    let run =
        RunText::new(&execution, 1, &history, "Terminated", EPOCH).with_mark(EventId(2), evil);
    let text = render(&[run], Style::Plain);
    let raw = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
    assert_eq!(text.chars().find(raw), None, "{text}");
    // Two lines on top, one an event, and the note of two lines.
    assert_eq!(text.lines().count(), 2 + 6 + 2, "{text}");
}
