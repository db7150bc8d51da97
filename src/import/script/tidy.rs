//! Shorter words for what was written at length.

use serde_json::Value;

use super::super::yaml::{Node, Step};

/// Says shorter what can be said shorter: something that is started and waited for at once.
pub(super) fn tidy(steps: Vec<Step>) -> Vec<Step> {
    let uses = |steps: &[Step], handle: &str| -> usize {
        let shown = format!("{steps:?}");
        shown.matches(&format!("{handle:?}")).count()
    };
    let all = steps.clone();
    let mut tidied: Vec<Step> = Vec::new();
    for step in steps {
        let waited = match step.fields.first() {
            Some((action, Node::Json(Value::String(handle)))) if action == "wait_for" => {
                Some(handle.clone())
            }
            _ => None,
        };
        let (Some(handle), Some(before)) = (waited, tidied.last_mut()) else {
            tidied.push(step);
            continue;
        };
        let is_named = before
            .fields
            .iter()
            .any(|(key, value)| key == "as" && *value == Node::Json(Value::String(handle.clone())));
        let longer = before.fields[0].0.as_str();
        let shorter = match longer {
            "start_activity" => "execute_activity",
            "start_child_workflow" => "execute_child_workflow",
            "start_timer" if before.fields.len() == 2 => "sleep",
            _ => "",
        };
        if !is_named || shorter.is_empty() || uses(&all, &handle) > 2 {
            tidied.push(step);
            continue;
        }
        shorter.clone_into(&mut before.fields[0].0);
        before.fields.retain(|(key, _)| key != "as");
    }
    tidied
}
