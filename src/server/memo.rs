//! The memo of a run: what its start says, and what the workflow adds (observed).

use super::commands::BadCommand;
use super::run::Run;
use crate::history::Shared;
use crate::official::command::ModifyWorkflowPropertiesCommandAttributes;
use crate::official::enums::WorkflowTaskFailedCause;

/// What is wrong with a change of the memo.
pub(super) fn check(command: &ModifyWorkflowPropertiesCommandAttributes) -> Result<(), BadCommand> {
    let what = match &command.upserted_memo {
        None => "UpsertedMemo is not set on ModifyWorkflowPropertiesCommand.",
        Some(memo) if memo.fields.is_empty() => {
            "UpsertedMemo.Fields is not set on ModifyWorkflowPropertiesCommand."
        }
        Some(_) => return Ok(()),
    };
    Err(BadCommand::new(WorkflowTaskFailedCause::BadModifyWorkflowPropertiesAttributes, what))
}

/// The values that take a field out.
const REMOVES: [&[u8]; 3] = [b"", b"null", b"[]"];

/// Changes the memo.
pub(super) fn upsert(run: &mut Run, command: &ModifyWorkflowPropertiesCommandAttributes) {
    let Some(upserted) = &command.upserted_memo else { return };
    let mut memo = run.memo.as_ref().map(|memo| (**memo).clone()).unwrap_or_default();
    for (name, value) in &upserted.fields {
        if REMOVES.contains(&value.data.as_slice()) {
            memo.fields.remove(name);
        } else {
            memo.fields.insert(name.clone(), value.clone());
        }
    }
    run.memo = Some(Shared::new(memo));
}
