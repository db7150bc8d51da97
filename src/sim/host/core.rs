//! The host's loop: the simulation's, with activities in Rust between its happenings.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::clock::{Clock, Waited};
use super::native::{Code, NativeKey, Natives};
use crate::clock::{EPOCH, Time};
use crate::sim::run::Driver;
use crate::sim::{Ended, Happening, Schedule, Simulation};
use crate::worker::{NativeCommand, NativeEvent};

/// A simulation whose activities, or some of them, are Rust.
pub(super) struct Core {
    pub(super) driver: Driver,
    /// What time it is: not before the simulation's last happening, for activities in Rust go on
    /// between happenings.
    pub(super) now: Time,
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) natives: Natives,
    /// What activities have done that has not come to their workers yet, and when they did it.
    pub(super) done: VecDeque<(Time, NativeKey, NativeCommand)>,
    pub(super) clock: Clock,
    pub(super) schedule: Box<dyn Schedule>,
    /// How often activities have gone on between happenings.
    pub(super) wakes: u64,
}

/// How far to go.
pub(super) enum Until<'a> {
    /// Until nothing is left to happen, or every client has finished and everything has closed.
    End,
    /// Until this time, before what is due then.
    Time(Time),
    /// Until the simulation is such.
    Holds(&'a mut dyn FnMut(&Simulation) -> bool),
}

/// Activities may go on this many times for each happening that there may be.
const WAKES_FOR_EACH_HAPPENING: u64 = 10;

impl Core {
    /// Goes on until it has gone far enough.
    ///
    /// # Errors
    ///
    /// Why it could not go that far.
    pub(super) async fn drive(&mut self, mut until: Until<'_>) -> Result<(), Ended> {
        loop {
            self.clock.settle(&mut self.natives).await;
            let now = self.now;
            let done = self.natives.inbox.take().into_iter();
            self.done.extend(done.map(|(key, what)| (now, key, what)));
            let is_reached = match &mut until {
                Until::End => false,
                Until::Time(time) => self.now >= *time,
                Until::Holds(holds) => holds(&self.driver.simulation),
            };
            if is_reached {
                return Ok(());
            }
            let due = self.driver.next_due()?;
            let done = self.done.front().map(|(time, ..)| *time);
            let next = due.into_iter().chain(done).min();
            match next {
                Some(next) if next <= self.now => self.step(next),
                _ => self.wait(next, &until).await?,
            }
        }
    }

    /// Lets time pass until something is due, or an activity goes on.
    async fn wait(&mut self, next: Option<Time>, until: &Until<'_>) -> Result<(), Ended> {
        let target = match until {
            Until::Time(time) => Some(*time),
            Until::End if self.driver.is_over() => return Err(Ended::Settled),
            _ => None,
        };
        let wanted = next.into_iter().chain(target).min();
        if wanted.is_none() && self.natives.is_empty() {
            return Err(Ended::Settled);
        }
        // Activities may be all that is left, and may wait for ever.
        let limits = self.driver.limits;
        let last = EPOCH + limits.virtual_time;
        match self.clock.wait(wanted.unwrap_or(last), &mut self.natives).await {
            Waited::Reached if wanted.is_none() => return Err(Ended::Settled),
            Waited::Reached => self.now = self.now.max(wanted.unwrap_or(last)),
            Waited::Woken => {
                self.now = self.now.max(self.clock.now());
                self.wakes += 1;
                if self.wakes > limits.happenings.saturating_mul(WAKES_FOR_EACH_HAPPENING) {
                    return Err(self.driver.too_many_happenings());
                }
            }
        }
        Ok(())
    }

    /// Lets the schedule pick what comes next among what is due, and lets it happen.
    fn step(&mut self, latest: Time) {
        let enabled = &mut self.driver.enabled.happenings;
        enabled.retain(|(due, _)| *due <= latest);
        // What one activity does comes in the order in which it does it.
        let mut seen = BTreeSet::new();
        for (due, key, _) in &self.done {
            if *due <= latest && seen.insert(*key) {
                enabled.push((*due, Happening::Native(key.0, key.1)));
            }
        }
        enabled.sort_unstable();
        let Some((due, happening)) = self.driver.pick(&mut *self.schedule) else { return };
        let Happening::Native(worker, activity) = happening else {
            self.driver.simulation.step(due, happening);
            return self.take_news();
        };
        let key = (worker, activity);
        let at = self.done.iter().position(|(_, of, _)| *of == key);
        if let Some((due, key, what)) = at.and_then(|at| self.done.remove(at)) {
            self.driver.simulation.native(due, key, what);
        }
        self.take_news();
    }

    /// Starts, cancels and drops activities, as their workers say.
    pub(super) fn take_news(&mut self) {
        let (stopped, news) = self.driver.simulation.take_news();
        for worker in stopped {
            self.natives.stop(worker);
            self.done.retain(|(_, (of, _), _)| *of != worker);
        }
        for (worker, event) in news {
            match event {
                NativeEvent::Started { key, task } => {
                    let of_type = task.scheduled.command.activity_type.as_ref();
                    let name = of_type.map_or("", |of_type| &of_type.name);
                    if let Some(code) = self.codes.get(name) {
                        self.natives.start((worker, key), *task, code);
                    }
                }
                NativeEvent::Canceled { key, reason } => self.natives.cancel((worker, key), reason),
            }
        }
    }
}
