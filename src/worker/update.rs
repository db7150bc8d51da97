//! Updates as sdk-core and the Python SDK handle them: a handler runs beside the workflow's steps.
//! It is accepted in its first turn, unless its validator or the worker refuses, and answered when
//! it ends.
//!
//! An activation tells the code of updates behind its signals and before anything else. On replay
//! an accepted update is told again from the event that says so, without validation.

use std::sync::Arc;

use super::coroutine::{Coroutine, CoroutineId};
use super::failures;
use super::op::{Outcome, Raised};
use super::program::{BlockId, UpdateCode, WorkflowOp};
use super::run::{Context, Issued, Run, Scope};
use crate::api::{Command, ProtocolMessage, ProtocolMessageBody, UpdateMessage};
use crate::history::payload::null_message;
use crate::history::{Attributes, Event, EventId, Name, Shared};
use crate::official::update::{self, outcome};
use crate::official::{common, failure};
use crate::scenario::model::CancellationModel;

/// An update for the code.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct UpdateJob {
    id: Name,
    /// The event behind which it is handled.
    event_id: i64,
    request: Shared<update::Request>,
    validation: Validation,
}

/// Whether an update's validator runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Validation {
    Runs,
    /// The update was accepted before.
    Skipped,
}

impl UpdateJob {
    /// One that came with a workflow task.
    pub(super) fn sent(message: &UpdateMessage) -> Self {
        Self {
            id: message.update_id.clone(),
            event_id: message.event_id.into(),
            request: message.request.clone(),
            validation: Validation::Runs,
        }
    }

    /// One that a reset has written into the history (B19).
    pub(super) fn admitted(event: EventId, request: &Shared<update::Request>) -> Self {
        Self {
            id: request
                .meta
                .as_ref()
                .map_or_else(Name::empty, |meta| meta.update_id.clone().into()),
            event_id: event.into(),
            request: request.clone(),
            validation: Validation::Runs,
        }
    }

    pub(super) fn id(&self) -> &str {
        self.id.as_str()
    }

    fn name(&self) -> &str {
        self.request.input.as_ref().map_or("", |input| &input.name)
    }
}

/// The updates that the history says were accepted in the activation before these events. One that
/// was admitted by an event is told from that.
pub(super) fn accepted_in(events: &[&Event]) -> impl Iterator<Item = UpdateJob> {
    events.iter().filter_map(|event| match &event.attributes {
        Attributes::WorkflowExecutionUpdateAccepted(accepted) => Some(UpdateJob {
            id: accepted.protocol_instance_id.clone(),
            event_id: accepted.accepted_request_sequencing_event_id,
            request: accepted.accepted_request.clone()?,
            validation: Validation::Skipped,
        }),
        _ => None,
    })
}

impl Run {
    /// A handler gets its turn with the other coroutines.
    pub(super) fn queue_update(&mut self, job: UpdateJob, ctx: &Context<'_>) {
        // As with asyncio's tasks, a cancel of the workflow does not reach it; a scope's does.
        let model = ctx.program.workflows[self.workflow as usize].model;
        let shielded = model == CancellationModel::Task;
        let scope = self.new_scope(Scope { parent: 0, canceled: false, shielded });
        let id = u32::try_from(self.coroutines.len()).unwrap_or(u32::MAX);
        self.coroutines.push(Coroutine::of_update(scope, Arc::new(job)));
        self.queue(id);
    }

    /// The first turn of a handler: it is accepted, or refused and over.
    pub(super) fn begin_update(&mut self, id: CoroutineId, job: &UpdateJob, ctx: &mut Context<'_>) {
        let updates = &self.code(ctx.program).updates;
        let handler = updates.iter().find(|handler| *handler.name == *job.name());
        let refusal = match handler {
            None => Some(failures::no_update_handler(job.name(), updates)),
            Some(handler) if job.validation == Validation::Runs => {
                self.refusal(handler.validate, job, ctx)
            }
            Some(_) => None,
        };
        let body = handler.map(|handler: &UpdateCode| handler.body);
        match (refusal, body) {
            (None, Some(body)) => {
                self.accept(job);
                self.push_block(id, body, ctx);
            }
            (refusal, _) => {
                self.rejections.push(rejection(job, refusal.as_deref()));
                self.end_without_answer(id);
            }
        }
    }

    /// What a validator refuses with.
    fn refusal(
        &self,
        block: BlockId,
        job: &UpdateJob,
        ctx: &Context<'_>,
    ) -> Option<Shared<failure::Failure>> {
        let steps = ctx.program.workflow_blocks[block as usize].clone();
        steps.into_iter().find_map(|step| {
            match &ctx.program.workflow_steps[step as usize].op {
                WorkflowOp::Fail(failure) => Some(failure.clone()),
                WorkflowOp::ByAttempt(blocks) => {
                    let attempt = self.started.as_ref().map_or(1, |started| started.attempt);
                    self.refusal(blocks.block(attempt), job, ctx)
                }
                WorkflowOp::ByUpdateId(blocks) => self.refusal(blocks.block(job.id()), job, ctx),
                // A validator has no other steps.
                _ => None,
            }
        })
    }

    fn accept(&mut self, job: &UpdateJob) {
        let body = ProtocolMessageBody::Acceptance(Shared::new(update::Acceptance {
            accepted_request_message_id: request_message_id(job),
            accepted_request_sequencing_event_id: job.event_id,
            accepted_request: Some(update::Request::clone(&job.request)),
        }));
        self.say("accept", job, body);
    }

    /// A handler has ended, with a result if it gave one.
    pub(super) fn answer_update(
        &mut self,
        job: &UpdateJob,
        outcome: Outcome,
        result: Option<common::Payloads>,
    ) {
        let value = match outcome {
            Ok(()) => outcome::Value::Success(result.unwrap_or_else(null_message)),
            Err(raised) => outcome::Value::Failure(Raised::into_failure(raised)),
        };
        let body = ProtocolMessageBody::Response(Shared::new(update::Response {
            meta: job.request.meta.clone(),
            outcome: Some(update::Outcome { value: Some(value) }),
        }));
        self.say("complete", job, body);
    }

    /// A message, and the command that says where it takes effect.
    fn say(&mut self, what: &str, job: &UpdateJob, body: ProtocolMessageBody) {
        let id = Name::from(format!("{}/{what}", job.id));
        let protocol_instance_id = job.id.clone();
        let message = ProtocolMessage { id: id.clone(), protocol_instance_id, body };
        self.commands.push_back(Issued {
            op: None,
            command: Command::ProtocolMessage { message_id: id },
            message: Some(message),
        });
    }

    /// The messages of a live workflow task's completion.
    pub(super) fn messages(&self) -> Vec<ProtocolMessage> {
        let of_commands = self.commands.iter().filter_map(|issued| issued.message.clone());
        of_commands.chain(self.rejections.iter().cloned()).collect()
    }
}

fn rejection(job: &UpdateJob, failure: Option<&failure::Failure>) -> ProtocolMessage {
    ProtocolMessage {
        id: Name::from(format!("{}/reject", job.id)),
        protocol_instance_id: job.id.clone(),
        body: ProtocolMessageBody::Rejection(Shared::new(update::Rejection {
            rejected_request_message_id: request_message_id(job),
            rejected_request_sequencing_event_id: job.event_id,
            rejected_request: Some(update::Request::clone(&job.request)),
            failure: failure.cloned(),
        })),
    }
}

fn request_message_id(job: &UpdateJob) -> String {
    format!("{}/request", job.id)
}

/// Whether an event records what a message says.
pub(super) fn is_recorded_by(message_id: &str, event: &Event) -> bool {
    match &event.attributes {
        Attributes::WorkflowExecutionUpdateAccepted(accepted) => {
            message_id.strip_suffix("/accept") == Some(&accepted.protocol_instance_id)
        }
        Attributes::WorkflowExecutionUpdateCompleted { meta, .. } => {
            message_id.strip_suffix("/complete") == Some(&meta.update_id)
        }
        _ => false,
    }
}
