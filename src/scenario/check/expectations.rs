//! Expectations: the names that Temporal has, and what can be true at all.

use super::super::diagnostic::Diagnostic;
use super::super::model::Expectation;
use super::super::names::status_names;
use super::super::yaml::unknown_name;
use super::Check;

impl Check<'_> {
    pub(super) fn expectations(&mut self) {
        let scenario = self.scenario;
        let all = [&scenario.expect, &scenario.always, &scenario.never];
        for expectation in all.into_iter().flatten() {
            if self.is_full() {
                return;
            }
            self.expectation(expectation);
        }
    }

    fn expectation(&mut self, expectation: &Expectation) {
        let (at, of) = (&expectation.at, &expectation.of);
        self.run_number(at, "run", of.run);
        if let Some(status) = &of.status {
            let known = status_names();
            if !known.contains(&status.as_str()) {
                let place = self.places.option(at, "status");
                self.refuse(unknown_name("status", status, &known, place));
            }
        }
        let of_pair =
            |pair: &'_ Option<[String; 2]>| pair.as_ref().map_or_else(Vec::new, Vec::from);
        for (key, events) in [
            ("events", &of.events),
            ("never", &of.never),
            ("directly", &of_pair(&of.directly)),
            ("not_after", &of_pair(&of.not_after)),
        ] {
            for (index, event) in events.iter().enumerate() {
                self.event_type(event, self.places.item(at, key, index));
            }
        }
        if let Some(index) = of.never.iter().position(|event| of.events.contains(event)) {
            let both = Diagnostic::new("this event is expected both to be there and never");
            self.refuse(both.at(self.places.item(at, "never", index), "also in `events`"));
        }
    }
}
