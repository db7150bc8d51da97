//! Lines of timers.

use super::line::Line;
use super::words::short;
use crate::history::event::{Attributes, Event};

pub(super) fn describe(event: &Event) -> Line {
    match &event.attributes {
        Attributes::TimerStarted { timer_id, start_to_fire_timeout, .. } => {
            Line::about_a("timer", timer_id).item(short(*start_to_fire_timeout))
        }
        Attributes::TimerFired { timer_id, started_event_id } => {
            Line::about_a("timer", timer_id).link("started", Some(*started_event_id))
        }
        Attributes::TimerCanceled { timer_id, started_event_id, identity, .. } => {
            Line::about_a("timer", timer_id).by(identity).link("started", Some(*started_event_id))
        }
        _ => Line::new(),
    }
}
