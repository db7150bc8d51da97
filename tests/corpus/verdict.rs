//! Whether a case passes, by the rule that its flags call for.

use std::error::Error;
use std::time::Duration;

use deadbeat::verify::Case;

use crate::compare::compare;
use crate::driver::{Manner, play};
use crate::exclusions::Exclusion;
use crate::{histories, orders};

/// How late the real server's timers can be (O1).
const LATE: Duration = Duration::from_secs(1);

/// Plays a case and reports what is different from the recording.
pub(crate) fn check(case: &Case, exclusions: &[Exclusion]) -> Result<(), Box<dyn Error>> {
    if case.steps.is_empty() {
        return histories::check(case);
    }
    if case.flags.contains_key("nondeterministic") {
        orders::search(case)?;
        return Ok(());
    }
    let exact = play(case, &Manner::default());
    let Err(differences) = compare(case, &exact) else {
        return match exclusions.iter().find(|exclusion| exclusion.case == case.name) {
            Some(_) => Err("it passes: take it out of exclusions.txt".into()),
            None => Ok(()),
        };
    };
    if !case.flags.contains_key("realtime_artifact") {
        return Err(differences.into());
    }
    // Everything but the named events is as recorded; and all of it, if timers are late.
    let (mut rest, mut played) = (case.clone(), exact);
    for exclusion in exclusions.iter().filter(|exclusion| exclusion.case == case.name) {
        exclusion.apply(&mut rest, &mut played);
    }
    if rest != *case {
        compare(&rest, &played)?;
    }
    compare(case, &play(case, &Manner { lateness: LATE, ..Manner::default() }))?;
    Ok(())
}
