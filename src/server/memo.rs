//! The memo of a run: what its start says, and what the workflow adds (observed).

use super::commands::BadCommand;
use super::run::Run;
use super::size;
use crate::api::limits::MAXIMUM_BLOB_SIZE;
use crate::history::Shared;
use crate::official::command::ModifyWorkflowPropertiesCommandAttributes;
use crate::official::enums::WorkflowTaskFailedCause;

/// What is wrong with a change of the memo.
fn check(command: &ModifyWorkflowPropertiesCommandAttributes) -> Result<(), BadCommand> {
    let what = match &command.upserted_memo {
        None => "UpsertedMemo is not set on ModifyWorkflowPropertiesCommand.",
        Some(memo) if memo.fields.is_empty() => {
            "UpsertedMemo.Fields is not set on ModifyWorkflowPropertiesCommand."
        }
        Some(_) => return Ok(()),
    };
    Err(BadCommand::new(WorkflowTaskFailedCause::BadModifyWorkflowPropertiesAttributes, what))
}

/// Changes the memo, unless the change or what comes of it is too large.
pub(super) fn change(
    run: &mut Run,
    command: &ModifyWorkflowPropertiesCommandAttributes,
) -> Result<(), BadCommand> {
    check(command)?;
    let too_large = |what| {
        let cause = WorkflowTaskFailedCause::BadModifyWorkflowPropertiesAttributes;
        Err(BadCommand::too_large(cause, what))
    };
    let changed = command.upserted_memo.as_ref();
    if changed.is_some_and(|memo| size::of_fields(&memo.fields) > MAXIMUM_BLOB_SIZE) {
        return too_large("ModifyWorkflowPropertiesCommandAttributes");
    }
    upsert(run, command);
    if size::is_too_large_memo(run.memo.as_deref()) {
        return too_large("ModifyWorkflowPropertiesCommandAttributes. Memo");
    }
    Ok(())
}

/// The values that take a field out.
const REMOVES: [&[u8]; 3] = [b"", b"null", b"[]"];

/// Changes the memo as a history says.
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
