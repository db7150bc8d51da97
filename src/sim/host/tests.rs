//! Activities in Rust between happenings: order, time, cancels, panics, restarts.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::api::ExecutionStatus;
use crate::history::Attributes;
use crate::sim::Close;
use crate::sim::code::{Activity, ScenarioBuilder, Steps};

const SECOND: Duration = Duration::from_secs(1);

fn one_activity(activity: Activity) -> ScenarioBuilder {
    let steps = Steps::new().execute_activity(activity);
    ScenarioBuilder::new("test").workflow("W", steps.return_value(json!("done")))
}

fn kinds(run: &RunResult) -> Vec<&'static str> {
    let skipped = ["WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted"];
    let kinds = run.execution("w").history.events().map(|event| event.attributes.type_name());
    kinds.filter(|kind| !skipped.contains(kind)).collect()
}

#[test]
fn an_hour_passes_at_once() {
    let activity = Activity::new("a").start_to_close_timeout(7200 * SECOND);
    let mut sim = Host::of(one_activity(activity))
        .activity("a", |_| async {
            tokio::time::sleep(3600 * SECOND).await;
            Ok(())
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    assert_eq!(run.virtual_time(), 3600 * SECOND);
    assert_eq!(run.execution("w").close(), Close::Result(json!("done")));
}

#[test]
fn code_that_ends_at_its_deadline_comes_before_the_deadline() {
    let activity = Activity::new("a").start_to_close_timeout(5 * SECOND).maximum_attempts(1);
    let mut sim = Host::of(one_activity(activity))
        .activity("a", |_| async {
            tokio::time::sleep(5 * SECOND).await;
            Ok(())
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    assert_eq!(run.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn an_activity_that_does_not_heartbeat_times_out_and_is_tried_again() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let activity = Activity::new("a")
        .start_to_close_timeout(3600 * SECOND)
        .heartbeat_timeout(8 * SECOND)
        .maximum_attempts(2);
    let mut sim = Host::of(one_activity(activity))
        .activity("a", {
            let seen = Rc::clone(&seen);
            move |ctx| {
                let seen = Rc::clone(&seen);
                async move {
                    let last: Option<u32> = ctx.heartbeat_details()?;
                    seen.borrow_mut().push((ctx.attempt(), last));
                    ctx.heartbeat(ctx.attempt())?;
                    if ctx.attempt() == 1 {
                        std::future::pending::<()>().await;
                    }
                    Ok(())
                }
            }
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    assert_eq!(*seen.borrow(), [(1, None), (2, Some(1))]);
    assert_eq!(run.virtual_time(), 9 * SECOND);
    assert_eq!(run.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn a_panic_is_the_activitys_failure() {
    let mut sim = Host::of(one_activity(Activity::new("a").maximum_attempts(1)))
        .activity("a", |ctx| async move {
            assert_eq!(ctx.attempt(), 7, "unlucky");
            Ok(())
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    let failed = run.execution("w").history.events().find_map(|event| match &event.attributes {
        Attributes::ActivityTaskFailed { failure, .. } => Some(failure.message().to_owned()),
        _ => None,
    });
    let message = failed.unwrap();
    assert!(message.starts_with("Activity panicked: ") && message.contains("unlucky"), "{message}");
    assert_eq!(run.execution("w").status, ExecutionStatus::Failed);
}

#[test]
fn errors_are_failures_and_say_what_they_say() {
    let mut sim = Host::of(one_activity(Activity::new("a").input(json!("seven"))))
        .activity("a", |ctx| async move {
            match ctx.attempt() {
                1 => Ok(ctx.input::<u32>()?),
                _ => Err(ActivityError::non_retryable("not even a number")),
            }
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    let Close::Failure(failure) = run.execution("w").close() else { panic!("{run:?}") };
    assert_eq!(failure.message(), "Activity task failed");
    assert!(run.execution("w").text().contains("not even a number"));
}

/// Cancels an activity at 3 s that heartbeats every second; it does as `code` with the cancel.
fn canceled(code: fn(Canceled) -> Result<&'static str, ActivityError>) -> RunResult {
    let activity = Activity::new("a")
        .start_to_close_timeout(3600 * SECOND)
        .heartbeat_timeout(2 * SECOND)
        .wait_for_cancellation();
    let mut sim = Host::of(one_activity(activity))
        .activity("a", move |ctx| async move {
            loop {
                ctx.sleep(SECOND).await.or_else(|it| code(it).map(drop))?;
                if let Err(canceled) = ctx.heartbeat("alive") {
                    return code(canceled);
                }
            }
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    sim.sleep(3 * SECOND).unwrap();
    sim.cancel("w").unwrap();
    sim.run_to_end()
}

#[test]
fn raising_the_cancel_makes_it_appear_canceled() {
    let run = canceled(|canceled| Err(canceled.into()));
    assert!(kinds(&run).contains(&"ActivityTaskCanceled"), "{}", run.execution("w").text());
    assert_eq!(run.execution("w").status, ExecutionStatus::Canceled);
}

#[test]
fn swallowing_the_cancel_makes_it_complete() {
    let run = canceled(|_| Ok("as if nothing had been"));
    assert!(kinds(&run).contains(&"ActivityTaskCompleted"), "{}", run.execution("w").text());
    assert_eq!(run.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn without_heartbeats_no_cancel_comes() {
    let activity = Activity::new("a").wait_for_cancellation();
    let mut sim = Host::of(one_activity(activity))
        .activity("a", |ctx| async move { Ok(ctx.sleep(50 * SECOND).await?) })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    sim.sleep(SECOND).unwrap();
    sim.cancel("w").unwrap();
    let run = sim.run_to_end();
    assert_eq!(run.virtual_time(), 50 * SECOND);
    assert_eq!(run.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn who_is_not_canceled_cannot_appear_so() {
    let mut sim = Host::of(one_activity(Activity::new("a").maximum_attempts(1)))
        .activity("a", |_| async { Err::<(), _>(Canceled.into()) })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    assert!(kinds(&run).contains(&"ActivityTaskFailed"), "{:?}", kinds(&run));
}

#[test]
fn a_stopped_worker_drops_its_activities() {
    struct Dropped(Rc<RefCell<u32>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            *self.0.borrow_mut() += 1;
        }
    }
    let dropped = Rc::new(RefCell::new(0));
    let activity = Activity::new("a").start_to_close_timeout(10 * SECOND).maximum_attempts(1);
    let mut sim = Host::of(one_activity(activity))
        .activity("a", {
            let dropped = Rc::clone(&dropped);
            move |_| {
                let guard = Dropped(Rc::clone(&dropped));
                async move {
                    tokio::time::sleep(5 * SECOND).await;
                    drop(guard);
                    Ok(())
                }
            }
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    sim.sleep(SECOND).unwrap();
    sim.stop_worker("worker").unwrap();
    assert_eq!(*dropped.borrow(), 1);
    sim.sleep(20 * SECOND).unwrap();
    sim.start_worker("worker").unwrap();
    let run = sim.run_to_end();
    assert!(kinds(&run).contains(&"ActivityTaskTimedOut"), "{:?}", kinds(&run));
}

#[test]
fn tasks_that_an_activity_spawns_run_on_the_same_clock() {
    let mut sim = Host::of(one_activity(Activity::new("a")))
        .activity("a", |ctx| async move {
            let beats = tokio::spawn({
                let ctx = ctx.clone();
                async move {
                    for _ in 0..3 {
                        tokio::time::sleep(SECOND).await;
                        let _ = ctx.heartbeat("from a task");
                    }
                }
            });
            beats.await?;
            Ok(())
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    assert_eq!(run.virtual_time(), 3 * SECOND);
    assert_eq!(run.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn code_that_never_waits_is_stopped() {
    let mut sim = Host::of(one_activity(Activity::new("a").maximum_attempts(1)))
        .activity("a", |_| async {
            loop {
                tokio::task::yield_now().await;
            }
            #[allow(unreachable_code)]
            Ok(())
        })
        .build()
        .unwrap();
    sim.start("W", "w").unwrap();
    let run = sim.run_to_end();
    assert!(run.execution("w").text().contains("without letting time pass"));
}

#[test]
fn what_activities_do_at_one_instant_races_by_the_seed() {
    let order = |seed| {
        let steps = ["x", "y", "z"].iter().fold(Steps::new(), |steps, handle| {
            steps.start_activity(handle, Activity::new("a").option("activity_id", json!(handle)))
        });
        let steps = steps.wait_for("x").wait_for("y").wait_for("z");
        let mut sim = Host::of(ScenarioBuilder::new("race").workflow("W", steps))
            .activity("a", |_| async {
                tokio::time::sleep(SECOND).await;
                Ok(())
            })
            .seed(seed)
            .build()
            .unwrap();
        sim.start("W", "w").unwrap();
        crate::report::text(&sim.run_to_end())
    };
    let texts: Vec<String> = (0..10).map(order).collect();
    assert_eq!(texts, (0..10).map(order).collect::<Vec<_>>());
    assert!(texts.iter().any(|text| *text != texts[0]), "ten seeds, one order");
}

#[test]
fn sleep_stops_before_what_is_due_at_its_end() {
    let steps = Steps::new().sleep(5 * SECOND);
    let mut sim = Host::of(ScenarioBuilder::new("timer").workflow("W", steps)).build().unwrap();
    sim.start("W", "w").unwrap();
    sim.sleep(5 * SECOND).unwrap();
    assert_eq!(sim.virtual_time(), 5 * SECOND);
    sim.cancel("w").unwrap();
    let run = sim.run_to_end();
    assert_eq!(run.execution("w").status, ExecutionStatus::Canceled);
}

#[test]
fn a_reset_makes_a_second_run_of_the_same_code() {
    let mut sim = Host::of(one_activity(Activity::new("a")))
        .activity("a", |_| async { Ok("hello") })
        .build()
        .unwrap();
    let first = sim.start("W", "w").unwrap();
    sim.wait_for_close("w").unwrap();
    let second = sim.reset("w", ResetPoint::FirstWorkflowTask, "once more").unwrap();
    assert_ne!(first, second);
    let run = sim.run_to_end();
    assert_eq!(run.find("w", Some(2)).unwrap().execution, second);
    assert_eq!(run.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn what_never_comes_is_an_error_and_the_host_goes_on() {
    let steps = Steps::new().wait_signal("go");
    let mut sim = Host::of(ScenarioBuilder::new("wait").workflow("W", steps)).build().unwrap();
    sim.start("W", "w").unwrap();
    let error = sim.wait_for_close("w").unwrap_err();
    assert!(matches!(error, HostError::NothingLeft { .. }), "{error}");
    let error = sim.run_until("TimerFired").unwrap_err();
    assert_eq!(error.to_string(), "TimerFired does not come: nothing is left to happen");
    assert!(matches!(sim.run_until("TimerFried"), Err(HostError::UnknownEvent(_))));
    assert!(matches!(sim.cancel("nobody"), Err(HostError::Refused(_))));
    sim.signal("w", "go", None).unwrap();
    let run = sim.run_to_end();
    assert_eq!(run.execution("w").status, ExecutionStatus::Completed);
    assert!(crate::check::check(&run).is_empty());
}

#[test]
fn a_mistake_in_the_scenario_is_shown() {
    let steps = Steps::new().cancel("nothing");
    let error = Host::of(ScenarioBuilder::new("wrong").workflow("W", steps)).build().unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
}

#[tokio::test]
async fn a_host_inside_a_runtime_is_refused() {
    let error = Host::of(ScenarioBuilder::new("inside")).build().unwrap_err();
    assert!(matches!(error, BuildError::InsideRuntime));
}
