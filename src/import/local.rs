//! Local activities, from the markers that the SDKs based on sdk-core record.

use serde_json::Value;

use super::read::{Event, number};
use crate::history::json::from_json;
use crate::official::common;

/// What a marker says of a local activity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Local {
    /// The activity type.
    pub(super) kind: String,
    /// How long it took, in nanoseconds.
    pub(super) took: i64,
}

/// The name of the markers.
const MARKER: &str = "core_local_activity";

/// What differs from one run to the next.
const TIMES: [&str; 2] = ["complete_time", "original_schedule_time"];

impl Local {
    /// None if it is another marker, or tells of a backoff rather than of an end.
    pub(super) fn of(event: &Event) -> Option<Self> {
        if event.kind != "MARKER_RECORDED" || event.text("markerName") != MARKER {
            return None;
        }
        let data = data(event.get("details.data"))?;
        let time = |key: &str| {
            let time = &data[key];
            number(&time["seconds"]).checked_mul(1_000_000_000)?.checked_add(number(&time["nanos"]))
        };
        let took = time(TIMES[0])?.checked_sub(time(TIMES[1])?)?.max(0);
        let kind = data["activity_type"].as_str()?.to_owned();
        data["backoff"].is_null().then_some(Self { kind, took })
    }
}

/// The data of a marker.
fn data(details: &Value) -> Option<Value> {
    let payload: common::Payload = from_json(details["payloads"].get(0)?).ok()?;
    serde_json::from_slice(&payload.data).ok()
}

/// An event in official JSON without the times in a local activity's marker.
pub(super) fn without_times(mut event: Value) -> Value {
    let attributes = &mut event["markerRecordedEventAttributes"];
    if attributes["markerName"] != MARKER {
        return event;
    }
    if let Some(mut data) = data(&attributes["details"]["data"]) {
        if let Some(fields) = data.as_object_mut() {
            fields.retain(|key, _| !TIMES.contains(&key.as_str()));
        }
        attributes["details"]["data"] = data;
    }
    event
}
