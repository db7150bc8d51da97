//! Follows a play step by step, and sees at once when something is other than it was recorded: an
//! answer, or an event that a run has got.

use std::collections::{BTreeMap, BTreeSet};

use deadbeat::history::json::to_json;
use deadbeat::history::{EventId, official};
use deadbeat::server::Server;
use deadbeat::verify::{Case, Comparison, normalise, with_readable_payloads};
use serde_json::Value;

use crate::compare::step_differences;
use crate::driver::Played;

/// What was compared so far.
#[derive(Default)]
pub(crate) struct Follower {
    comparison: Comparison,
    answers: BTreeSet<usize>,
    /// The last event of each run, by alias.
    events: BTreeMap<String, EventId>,
}

impl Follower {
    /// Whether everything that is new is as it was recorded.
    pub(crate) fn agrees(&mut self, case: &Case, played: &Played, server: &Server) -> bool {
        for (number, outcome) in &played.outcomes {
            if self.answers.insert(*number)
                && !step_differences(case, *number, outcome, played, &mut self.comparison)
                    .is_empty()
            {
                return false;
            }
        }
        case.histories.iter().all(|(alias, recorded)| {
            self.events_agree(alias, recorded, played, server).unwrap_or(true)
        })
    }

    fn events_agree(
        &mut self,
        alias: &str,
        recorded: &[Value],
        played: &Played,
        server: &Server,
    ) -> Option<bool> {
        let run = server.run(played.symbols.run(alias)?.parse().ok()?)?;
        let seen = self.events.entry(alias.to_owned()).or_default();
        let recorded = recorded.get(usize::try_from(seen.0).ok()?..)?;
        let mut new = recorded.iter().zip(official::events_after(run.history(), *seen));
        *seen = EventId(run.history().len());
        Some(new.all(|(recorded, event)| {
            let recorded = with_readable_payloads(&any_unbound_run(recorded, played));
            let got = played.symbols.symbolise(&normalise::event(&to_json(&event)));
            self.comparison.differences(&recorded, &got).is_empty()
        }))
    }
}

/// The recorded value, where a run that is not known yet may be any.
fn any_unbound_run(recorded: &Value, played: &Played) -> Value {
    match recorded {
        Value::String(text) => {
            let alias = text.strip_prefix("${run:").and_then(|rest| rest.strip_suffix('}'));
            match alias.filter(|alias| played.symbols.run(alias).is_none()) {
                Some(alias) => Value::String(format!("<id:run {alias}>")),
                None => recorded.clone(),
            }
        }
        Value::Array(items) => items.iter().map(|item| any_unbound_run(item, played)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), any_unbound_run(value, played)))
            .collect(),
        other => other.clone(),
    }
}
