//! The one table that tells which key makes which step.
//!
//! The parser and the JSON Schema both go by it, so that neither knows a key that the other does
//! not. A step is one action key with its options beside it.

mod activity;
mod client;
mod workflow;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::model::{
    ActivityAction, ActivityStep, ByAttempt, ById, ClientAction, ClientStep, Repeat, Try,
    WorkflowAction, WorkflowStep,
};
use super::parse::{Reader, StepNode};
use super::source::Location;

pub(super) use activity::ACTIVITY;
pub(super) use client::CLIENT;
pub(super) use workflow::WORKFLOW;

/// One action: its key, and what may stand beside it.
pub(super) struct Row<A> {
    /// The action key.
    pub(super) key: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// Options that must be there.
    pub(super) needs: &'static [&'static str],
    /// Options that may be there.
    pub(super) takes: &'static [&'static str],
    /// The schema of the key and each option.
    pub(super) properties: fn(&mut SchemaGenerator) -> Map<String, Value>,
    /// Reads the step.
    pub(super) make: fn(&mut Reader, &StepNode<'_>) -> Option<A>,
}

impl<A> Row<A> {
    /// Whether `key` is an option of this action.
    pub(super) fn has_option(&self, key: &str) -> bool {
        self.needs.contains(&key) || self.takes.contains(&key)
    }
}

/// A kind of step: of a workflow, an activity or a client.
pub(super) trait Step: Sized + 'static {
    /// What its steps do.
    type Action;
    /// Its actions.
    const ROWS: &'static [Row<Self::Action>];
    /// Options of every action.
    const SHARED: &'static [&'static str];
    /// Whose steps these are, in words.
    const OWNER: &'static str;
    /// The name of the schema of a list of such steps.
    const SCHEMA: &'static str;

    /// Puts a step together; reads the shared options.
    fn make(reader: &mut Reader, node: &StepNode<'_>, at: Location, action: Self::Action) -> Self;
}

impl Step for WorkflowStep {
    type Action = WorkflowAction;
    const ROWS: &'static [Row<WorkflowAction>] = WORKFLOW;
    const SHARED: &'static [&'static str] = &[];
    const OWNER: &'static str = "workflows";
    const SCHEMA: &'static str = "WorkflowSteps";

    fn make(_: &mut Reader, _: &StepNode<'_>, at: Location, action: WorkflowAction) -> Self {
        Self { at, action }
    }
}

impl Step for ActivityStep {
    type Action = ActivityAction;
    const ROWS: &'static [Row<ActivityAction>] = ACTIVITY;
    const SHARED: &'static [&'static str] = &[];
    const OWNER: &'static str = "activities";
    const SCHEMA: &'static str = "ActivitySteps";

    fn make(_: &mut Reader, _: &StepNode<'_>, at: Location, action: ActivityAction) -> Self {
        Self { at, action }
    }
}

impl Step for ClientStep {
    type Action = ClientAction;
    const ROWS: &'static [Row<ClientAction>] = CLIENT;
    const SHARED: &'static [&'static str] =
        &["at", "after", "when", "fails_with", "identity", "fault"];
    const OWNER: &'static str = "clients";
    const SCHEMA: &'static str = "ClientSteps";

    fn make(reader: &mut Reader, node: &StepNode<'_>, at: Location, action: ClientAction) -> Self {
        let timing = reader.timing(node);
        let fails_with = reader.fails_with(node);
        let identity = reader.option(node, "identity").flatten();
        let fault = reader.option(node, "fault").flatten();
        Self { at, action, identity, timing, fails_with, fault }
    }
}

fn try_steps<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<Try<S>> {
    let handlers = ["on_cancel", "on_failure", "finally"];
    if !handlers.iter().any(|handler| s.option(handler).is_some()) {
        r.refuse_try_alone(s);
    }
    let steps = r.some_steps(s.value)?;
    let [on_cancel, on_failure, finally] = handlers.map(|handler| {
        let node = s.option(handler)?.value;
        r.steps(node)
    });
    Some(Try { steps, on_cancel, on_failure, finally })
}

fn repeat<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<Repeat<S>> {
    let steps: Arc<[S]> = r.some_steps(s.value)?;
    let times: Option<u32> = r.option(s, "times")?;
    Some(Repeat { steps, times })
}

fn by_attempt<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<ByAttempt<S>> {
    let mut attempts: BTreeMap<u32, Arc<[S]>> = BTreeMap::new();
    let mut otherwise: Arc<[S]> = Arc::from([]);
    for pair in r.mapping(s.value, "attempts, as in `{1: [...], otherwise: [...]}`")? {
        if pair.key == "otherwise" {
            otherwise = r.steps(pair.value)?;
        } else if let Some(attempt) = r.attempt(&pair) {
            let steps = r.steps(pair.value)?;
            attempts.insert(attempt, steps);
        }
    }
    Some(ByAttempt { attempts, otherwise })
}

fn by_id<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<ById<S>> {
    let mut by = ById { ids: BTreeMap::new(), otherwise: Arc::from([]) };
    for pair in r.mapping(s.value, "ids, as in `{\"5\": [...], otherwise: [...]}`")? {
        let steps = r.steps(pair.value)?;
        if pair.key == "otherwise" {
            by.otherwise = steps;
        } else {
            by.ids.insert(pair.key.to_owned(), steps);
        }
    }
    Some(by)
}

/// The properties of a type that is a whole step.
fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    match T::json_schema(schemas).remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    }
}

/// A property with the schema of a type.
fn one<T: JsonSchema>(schemas: &mut SchemaGenerator, key: &str) -> Map<String, Value> {
    let schema = schemas.subschema_for::<T>();
    property(key, schema)
}

fn property(key: &str, schema: Schema) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), schema.to_value())])
}

fn steps<S: Step>(_: &mut SchemaGenerator, key: &str) -> Map<String, Value> {
    property(key, list::<S>())
}

/// A reference to the schema of a list of steps.
pub(super) fn list<S: Step>() -> Schema {
    json_schema!({ "$ref": format!("#/definitions/{}", S::SCHEMA) })
}

fn tried<S: Step>(_: &mut SchemaGenerator) -> Map<String, Value> {
    ["try", "on_cancel", "on_failure", "finally"]
        .into_iter()
        .map(|key| (key.to_owned(), list::<S>().to_value()))
        .collect()
}

fn repeated<S: Step>(_: &mut SchemaGenerator) -> Map<String, Value> {
    let mut properties = property("repeat", list::<S>());
    properties.extend(property("times", json_schema!({ "type": "integer", "minimum": 1 })));
    properties
}

fn attempts<S: Step>(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "properties": { "otherwise": list::<S>() },
        "patternProperties": { "^[1-9][0-9]*$": list::<S>() },
        "additionalProperties": false,
    })
}

fn ids<S: Step>() -> Schema {
    json_schema!({ "type": "object", "additionalProperties": list::<S>() })
}

fn one_or_more_names() -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        ],
    })
}

fn nothing() -> Schema {
    json_schema!({ "type": "null" })
}
