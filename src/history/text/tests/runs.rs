//! Whole runs.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_run_has_a_title_and_where_it_comes_from() {
    let history = history(vec![
        (0, start(started())),
        (0, task_scheduled()),
        (10, task_started(2, StartOrigin::Poll)),
        (20, task_completed(2)),
        (
            20,
            Attributes::WorkflowExecutionCompleted {
                result: payloads(r#"{"b": [1, 2.5], "a": "x\ny"}"#),
                workflow_task_completed_event_id: EventId(4),
                new_execution_run_id: None,
            },
        ),
    ]);
    let execution = run("greeting", 1);
    let run = RunText::new(&execution, 1, &history, "Completed", EPOCH);
    assert_snapshot!(render(&[run], Style::Plain), @r#"
    greeting run 1 of GreetingWorkflow: Completed
      started by client, run id 28e47bdc-c9a4-7800-88e1-c4a5e6283a15
       1  00:00:00.000  WorkflowExecutionStarted          GreetingWorkflow      input "Temporal"  queue greetings  by client
       2  00:00:00.000  WorkflowTaskScheduled
       3  00:00:00.010  WorkflowTaskStarted               by worker  (scheduled 2)
       4  00:00:00.020  WorkflowTaskCompleted             by worker  (scheduled 2, started 3)
       5  00:00:00.020  WorkflowExecutionCompleted        result {"a":"x\ny","b":[1,2.5]}
    "#);
}

#[test]
fn runs_call_each_other_by_their_numbers() {
    let history = |name| Recording::named(name).compact();
    let (base, reset, again) =
        (history("reset_of_reset.1"), history("reset_of_reset.2"), history("reset_of_reset.3"));
    let execution = |history: &History| {
        let mut run_id = None;
        for event in history.events() {
            match &event.attributes {
                Attributes::WorkflowExecutionStarted(started) => {
                    run_id = Some(started.original_execution_run_id);
                }
                Attributes::WorkflowTaskFailed(failed) => run_id = failed.new_run_id.or(run_id),
                _ => {}
            }
        }
        Execution { workflow_id: "greeting".into(), run_id: run_id.unwrap() }
    };
    let executions = [execution(&base), execution(&reset), execution(&again)];
    let start = base.get(EventId(1)).unwrap().time;
    let runs = [
        RunText::new(&executions[0], 1, &base, "Terminated", start),
        RunText::new(&executions[1], 2, &reset, "Terminated", start),
        RunText::new(&executions[2], 3, &again, "Terminated", start),
    ];
    assert_snapshot!(render(&runs, Style::Plain), @r#"
    greeting run 1 of T: Terminated
      started by starter, run id 01a203f6-a504-7910-b199-dcc55077b9ea
       1  00:00:00.000        WorkflowExecutionStarted          T                     queue tq-reset_of_reset-79d53b  by starter
       2  00:00:00.000103725  WorkflowTaskScheduled
       3  00:00:00.031678312  WorkflowTaskStarted               by worker  (scheduled 2)
       4  00:00:00.035350392  WorkflowTaskCompleted             by worker  (scheduled 2, started 3)
       5  00:00:00.035394688  TimerStarted                      timer 1               1m
       6  00:00:00.040240569  WorkflowExecutionTerminated       reason "fix it"  by history-resetter

    greeting run 2 of T: Terminated
      reset of run 1, run id 6f22f5cc-b0a0-45de-bc7e-72c014f76b1b
       1  00:00:00.000        WorkflowExecutionStarted          T                     queue tq-reset_of_reset-79d53b  by starter
       2  00:00:00.000103725  WorkflowTaskScheduled
       3  00:00:00.031678312  WorkflowTaskStarted               by worker  (scheduled 2)
       4  00:00:00.040645754  WorkflowTaskFailed                RESET_WORKFLOW  reason "fix it"  from run 1 to run 2  by history-service  (scheduled 2, started 3)
       5  00:00:00.040727646  WorkflowTaskScheduled
       6  00:00:00.081335944  WorkflowTaskStarted               by worker  (scheduled 5)
       7  00:00:00.092291643  WorkflowTaskCompleted             by worker  (scheduled 5, started 6)
       8  00:00:00.092342870  TimerStarted                      timer 2               1m
       9  00:00:00.098680477  WorkflowExecutionTerminated       reason "fix it"  by history-resetter

    greeting run 3 of T: Terminated
      reset of run 2, run id 5ca86df8-1f2f-451b-a911-b0d342864e16
       1  00:00:00.000        WorkflowExecutionStarted          T                     queue tq-reset_of_reset-79d53b  by starter
       2  00:00:00.000103725  WorkflowTaskScheduled
       3  00:00:00.031678312  WorkflowTaskStarted               by worker  (scheduled 2)
       4  00:00:00.040645754  WorkflowTaskFailed                RESET_WORKFLOW  reason "fix it"  from run 1 to run 2  by history-service  (scheduled 2, started 3)
       5  00:00:00.040727646  WorkflowTaskScheduled
       6  00:00:00.081335944  WorkflowTaskStarted               by worker  (scheduled 5)
       7  00:00:00.099221715  WorkflowTaskFailed                RESET_WORKFLOW  reason "fix it"  from run 2 to run 3  by history-service  (scheduled 5, started 6)
       8  00:00:00.099294373  WorkflowTaskScheduled
       9  00:00:00.113545489  WorkflowExecutionTerminated       reason "fix it"  by history-resetter
    "#);
    assert!(render(&runs, Style::Plain).starts_with(&render_one(&runs[0], &runs, Style::Plain)));
}

#[test]
fn events_can_be_marked_and_those_not_recorded_are_told_apart() {
    let history = history(vec![(0, start(started())), (0, task_scheduled())]);
    let mut transient = history.last().unwrap().clone();
    transient.id = history.next_event_id();
    let execution = run("greeting", 1);
    let run = RunText::new(&execution, 1, &history, "Running", EPOCH)
        .with_transient(std::slice::from_ref(&transient))
        .with_mark(EventId(2), "expected TimerStarted\nhere")
        .with_mark(EventId(9), "nowhere");
    assert_snapshot!(render(&[run], Style::Plain), @r#"
    greeting run 1 of GreetingWorkflow: Running
      started by client, run id 28e47bdc-c9a4-7800-88e1-c4a5e6283a15
       1  00:00:00.000  WorkflowExecutionStarted          GreetingWorkflow      input "Temporal"  queue greetings  by client
    >  2  00:00:00.000  WorkflowTaskScheduled
          expected TimerStarted
          here
       3  00:00:00.000  WorkflowTaskScheduled             (not recorded)
    "#);
}

#[test]
fn colours_change_nothing_but_colours() {
    for recording in Recording::all() {
        let history = recording.compact();
        let execution = run("greeting", 1);
        let run = [RunText::new(&execution, 1, &history, "Running", EPOCH)];
        let plain = render(&run, Style::Plain);
        let mut colourless = String::new();
        let coloured = render(&run, Style::Ansi);
        for (index, piece) in coloured.split('\u{1b}').enumerate() {
            colourless += if index == 0 { piece } else { piece.split_once('m').unwrap().1 };
        }
        assert_eq!(colourless, plain, "{}", recording.name);
        assert!(!plain.contains(" \n") && !plain.contains('\u{1b}'), "{}", recording.name);
        assert_eq!(plain.lines().count(), history.len() as usize + 2, "{}", recording.name);
    }
}

#[test]
fn long_values_are_cut_off_and_unknown_encodings_told() {
    let long = format!("\"{}\"", "x".repeat(1_000));
    let bytes = common::Payload { data: vec![0; 12], ..Default::default() };
    let mut broken = payload("{");
    broken.metadata.insert("other".into(), vec![1]);
    let null = common::Payload {
        metadata: [("encoding".to_owned(), b"binary/null".to_vec())].into(),
        ..Default::default()
    };
    let all = common::Payloads { payloads: vec![bytes, broken, null, payload(&long)] };
    assert_snapshot!(payload::payloads_text(&all), @r#"<12 bytes>, <json/plain, 1 byte>, null, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... (1002 bytes)"#);
}
