//! Workers: their names, and the code that they have.

use std::collections::BTreeMap;

use super::super::diagnostic::{Diagnostic, quoted};
use super::super::limits::MAX_DIAGNOSTICS;
use super::super::source::Location;
use super::super::yaml::unknown_name;
use super::{Check, names};

impl Check<'_> {
    pub(super) fn workers(&mut self) {
        let mut seen: BTreeMap<&str, Location> = BTreeMap::new();
        // Without a section in the file there is one worker and no place: nothing to check.
        for (worker, place) in self.scenario.workers.iter().zip(&self.places.workers) {
            if self.is_full() {
                return;
            }
            let at = |key| {
                let within = self.places.within(place, key);
                within.unwrap_or_else(|| self.places.whole(place))
            };
            let mut found = Vec::new();
            for (key, text) in [("name", &worker.name), ("task_queue", &worker.task_queue)] {
                if text.is_empty() {
                    found.push(
                        Diagnostic::new(format!("`{key}` cannot be empty")).at(at(key), "empty"),
                    );
                }
            }
            if let Some(first) = seen.insert(&worker.name, at("name")) {
                found.push(
                    Diagnostic::new(format!("duplicate worker {}", quoted(&worker.name)))
                        .at(at("name"), "second time")
                        .also(first, "first time")
                        .help("give it a `name` of its own"),
                );
            }
            for (key, count) in [
                ("max_concurrent_workflow_tasks", worker.max_concurrent_workflow_tasks),
                ("max_concurrent_activities", worker.max_concurrent_activities),
            ] {
                if count == 0 {
                    found.push(
                        Diagnostic::new(format!("`{key}` must be at least 1")).at(at(key), "zero"),
                    );
                }
            }
            let item = |key, index| {
                let item = place.entry(key).and_then(|entry| entry.value.item(index));
                item.map_or_else(|| at(key), |item| self.places.whole(item))
            };
            for (index, name) in worker.workflows.iter().flatten().enumerate() {
                if found.len() < MAX_DIAGNOSTICS && !self.scenario.workflows.contains_key(name) {
                    let known = names(&self.scenario.workflows);
                    found.push(unknown_name("workflow", name, &known, item("workflows", index)));
                }
            }
            let known = self.activity_types();
            for (index, name) in worker.activities.iter().flatten().enumerate() {
                if found.len() < MAX_DIAGNOSTICS && !known.contains(&name.as_str()) {
                    found.push(unknown_name("activity", name, &known, item("activities", index)));
                }
            }
            for (workflow_type, version) in &worker.versions {
                let entry = place.entry("versions").and_then(|e| e.value.entry(workflow_type));
                if found.len() >= MAX_DIAGNOSTICS {
                    break;
                }
                if !self.scenario.workflows.contains_key(workflow_type) {
                    let known = names(&self.scenario.workflows);
                    let at = entry.map_or_else(
                        || at("versions"),
                        |entry| self.places.locate(entry.key_span.clone()),
                    );
                    found.push(unknown_name("workflow", workflow_type, &known, at));
                }
                let at =
                    entry.map_or_else(|| at("versions"), |entry| self.places.whole(&entry.value));
                self.version(workflow_type, version, at);
            }
            for diagnostic in found {
                self.refuse(diagnostic);
            }
        }
    }

    /// A worker that there must be.
    pub(super) fn worker(&mut self, name: &str, at: Location) {
        let mut known: Vec<&str> =
            self.scenario.workers.iter().map(|worker| worker.name.as_str()).collect();
        known.dedup();
        if !known.contains(&name) {
            self.refuse(unknown_name("worker", name, &known, at));
        }
    }
}
