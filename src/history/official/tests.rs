use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::EPOCH;
use crate::history::json::from_json;
use crate::history::recording::Recording;
use crate::official::enums::EventType;

/// Removes what is made up anew (ids that are random on a real server) and, of a history by an
/// SDK's worker, what is not modelled, so that the sizes differ too.
fn comparable(mut event: Value, recording: &Recording) -> Value {
    let event_fields = event.as_object_mut().unwrap();
    event_fields.remove("taskId");
    event_fields.remove("userMetadata");
    let attributes = event_fields.values_mut().find_map(Value::as_object_mut).unwrap();
    for (key, value) in attributes.iter_mut() {
        let is_uuid = value.as_str().is_some_and(|text| text.parse::<RunId>().is_ok());
        if is_uuid && ["requestId", "namespaceId", "parentWorkflowNamespaceId"].contains(&&**key) {
            *value = "a UUID".into();
        }
    }
    if recording.is_by_an_sdk() {
        for key in ["workerVersion", "inheritBuildId", "historySizeBytes"] {
            attributes.remove(key);
        }
    }
    event
}

#[test]
fn what_a_real_server_recorded_is_written_as_it_wrote_it() {
    for recording in Recording::all() {
        let theirs = recording.json();
        let ours = history_json(&recording.compact());
        let pairs =
            theirs["events"].as_array().unwrap().iter().zip(ours["events"].as_array().unwrap());
        assert_eq!(pairs.len(), recording.compact().len() as usize);
        for (theirs, ours) in pairs {
            assert_eq!(
                comparable(ours.clone(), &recording),
                comparable(theirs.clone(), &recording),
                "{}, event {}",
                recording.name,
                theirs["eventId"]
            );
        }
    }
}

#[test]
fn what_is_written_is_read_back_unchanged() {
    for recording in Recording::all() {
        let compact = recording.compact();
        let again = read(&events(&compact).collect::<Vec<_>>()).unwrap();
        assert!(compact.events().eq(again.iter()), "{}", recording.name);
    }
}

#[test]
fn text_is_laid_out_as_the_temporal_cli_lays_it_out() {
    for recording in Recording::all() {
        let text = json::to_pretty(&recording.official()) + "\n";
        assert!(text == recording.text, "{}", recording.name);
    }
}

#[test]
fn the_recordings_have_every_event_type_that_is_modelled() {
    let seen: BTreeSet<i32> = Recording::all()
        .iter()
        .flat_map(|recording| recording.official().events)
        .map(|event| event.event_type)
        .collect();
    let refused =
        ["UPDATE_REJECTED", "NEXUS", "EXTERNALLY", "OPTIONS", "PAUSED", "TIME_SKIPPING", "UNSPEC"];
    for of in (0..200).filter_map(|number| EventType::try_from(number).ok()) {
        let name = of.as_str_name();
        let is_refused = refused.iter().any(|part| name.contains(part));
        assert_eq!(seen.contains(&i32::from(of)), !is_refused, "{name}");
    }
    assert_eq!(seen.len(), 44);
}

#[test]
fn the_events_that_a_reset_copies_stay_the_same_to_the_letter() {
    let base = Recording::named("reset_act_retrying.1").compact();
    let reset = Recording::named("reset_act_retrying.2").compact();
    let copied = base.events().zip(reset.events()).take_while(|(a, b)| a == b).count();
    assert!(copied >= 4);
    assert!(events(&base).take(copied).eq(events(&reset).take(copied)));
}

#[test]
fn a_part_of_a_history_is_written_as_in_the_whole() {
    let history = Recording::named("act_cancel_mixed").compact();
    let whole: Vec<_> = events(&history).collect();
    for after in 0..=history.len() {
        let fresh = Recording::named("act_cancel_mixed").compact();
        let part: Vec<_> = events_after(&fresh, EventId(after)).collect();
        assert_eq!(part, whole[after as usize..], "after {after}");
    }
}

#[test]
fn task_ids_rise_and_transient_events_have_none() {
    let history = Recording::named("act_cancel_mixed").compact();
    let ids: Vec<i64> = events(&history).map(|event| event.task_id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b) && ids[0] > 0);

    let next = Event { id: history.next_event_id(), ..history.last().unwrap().clone() };
    assert_eq!(transient_event(&history, &next).task_id, 0);
}

fn started_at(id: u32) -> Event {
    let attributes = Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(2),
        identity: "worker".into(),
        origin: crate::history::event::StartOrigin::Poll,
    };
    Event { id: EventId(id), time: EPOCH, attributes }
}

#[test]
fn a_long_history_suggests_to_continue_as_new() {
    let reasons = |id, bytes_before| {
        let event = recorded(&started_at(id), Context { original_run: 0, bytes_before });
        let event = json::to_json(&event);
        event["workflowTaskStartedEventAttributes"]["suggestContinueAsNewReasons"].clone()
    };
    let events = "SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_HISTORY_EVENTS";
    let size = "SUGGEST_CONTINUE_AS_NEW_REASON_HISTORY_SIZE_TOO_LARGE";
    assert_eq!(reasons(4_095, 4_194_303), json!(null));
    assert_eq!(reasons(4_096, 0), json!([events]));
    assert_eq!(reasons(5_000, 4_194_304), json!([size, events]));
}

#[test]
fn durations_that_official_messages_cannot_hold_are_the_longest_that_they_can() {
    let attributes = Attributes::TimerStarted {
        timer_id: "t".into(),
        start_to_fire_timeout: Duration::MAX,
        workflow_task_completed_event_id: EventId(4),
    };
    let event = Event { id: EventId(5), time: EPOCH, attributes };
    let event = json::to_json(&recorded(&event, Context { original_run: 0, bytes_before: 0 }));
    assert_eq!(event["timerStartedEventAttributes"]["startToFireTimeout"], "315576000000s");
}

#[test]
fn sizes_are_found_out_for_histories_of_many_batches_without_deep_recursion() {
    let mut history = History::new();
    for id in 1..=50_000 {
        history.append(vec![started_at(id)]);
    }
    assert_eq!(events_after(&history, EventId(49_999)).count(), 1);
    assert!(size(&history) > 50_000 * 50);
}

#[test]
fn what_is_not_modelled_is_refused_by_name() {
    let read_one = |event: Value| read(&[from_json(&event).unwrap()]).unwrap_err().to_string();
    let time = "2024-01-01T00:00:00Z";
    assert_eq!(
        read_one(json!({
            "eventId": "7", "eventTime": time,
            "eventType": "EVENT_TYPE_NEXUS_OPERATION_STARTED",
            "nexusOperationStartedEventAttributes": {},
        })),
        "event 7 (EVENT_TYPE_NEXUS_OPERATION_STARTED) is of a type that Deadbeat does \
         not model"
    );
    assert_eq!(
        read_one(json!({
            "eventId": "7", "eventTime": time, "eventType": "EVENT_TYPE_TIMER_FIRED",
            "timerFiredEventAttributes": {"timerId": "1"},
        })),
        "event 7 (EVENT_TYPE_TIMER_FIRED) has no startedEventId"
    );
    assert_eq!(
        read_one(json!({
            "eventId": "9", "eventTime": time,
            "eventType": "EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED",
            "childWorkflowExecutionStartedEventAttributes": {"initiatedEventId": "5"},
        })),
        "event 9 (EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED) is the result of event 5, which \
         did not ask for it"
    );
    assert_eq!(
        read_one(json!({"eventId": "-1", "eventType": "EVENT_TYPE_TIMER_FIRED"})),
        "event -1 (EVENT_TYPE_TIMER_FIRED) has an impossible eventId"
    );
}
