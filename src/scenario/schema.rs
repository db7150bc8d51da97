//! The language as a JSON Schema, for completion and checks in an editor.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::duration::Span;
use super::model::{
    ActivityStep, CancellationModel, ClientStep, FailsWith, RunExpectation, Worker, WorkflowStep,
};
use super::parse::WhenMapping;
use super::steps::{Row, Step, list};

/// The JSON Schema (draft-07) of a scenario, made from the types and the table that parse it.
pub fn schema() -> Value {
    let mut schemas = SchemaSettings::draft07().into_generator();
    let mut definitions = Map::new();
    for (name, steps) in [
        (WorkflowStep::SCHEMA, steps::<WorkflowStep>(&mut schemas)),
        (ActivityStep::SCHEMA, steps::<ActivityStep>(&mut schemas)),
        (ClientStep::SCHEMA, steps::<ClientStep>(&mut schemas)),
    ] {
        definitions.insert(name.to_owned(), steps.to_value());
    }
    let worker = schemas.subschema_for::<Worker>();
    let expectation = schemas.subschema_for::<RunExpectation>();
    let model = schemas.subschema_for::<CancellationModel>();
    definitions.extend(schemas.take_definitions(true));
    let code = list::<WorkflowStep>();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Deadbeat scenario",
        "type": "object",
        "required": ["name"],
        "oneOf": [{ "required": ["timeline"] }, { "required": ["clients"] }],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "description": "One line that says what it shows." },
            "description": { "type": "string", "description": "More, if one line is not enough." },
            "workflows": {
                "description": "The workflows' code, by workflow type.",
                "type": "object",
                "additionalProperties": {
                    "anyOf": [
                        code,
                        {
                            "type": "object",
                            "properties": {
                                "cancellation_model": model,
                                "steps": code,
                                "versions": {
                                    "description": "The first is what workers begin with.",
                                    "type": "object",
                                    "minProperties": 1,
                                    "additionalProperties": code,
                                },
                            },
                            "oneOf": [{ "required": ["steps"] }, { "required": ["versions"] }],
                            "additionalProperties": false,
                        },
                    ],
                },
            },
            "activities": {
                "description": "The activities' code, by activity type.",
                "type": "object",
                "additionalProperties": list::<ActivityStep>(),
            },
            "workers": {
                "description": "The workers; one named `worker` if not given.",
                "type": "array",
                "items": worker,
            },
            "timeline": list::<ClientStep>(),
            "clients": {
                "description": "Several clients that race, by name.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": list::<ClientStep>(),
            },
            "expect": {
                "description": "What must be true at the end.",
                "type": "array",
                "items": expectation,
            },
        },
        "definitions": definitions,
    })
}

/// The schema of a list of steps of one kind.
fn steps<S: Step>(schemas: &mut SchemaGenerator) -> Schema {
    let shared: Vec<(&str, Value)> =
        S::SHARED.iter().map(|key| (*key, shared(schemas, key))).collect();
    let steps: Vec<Value> = S::ROWS.iter().map(|row| step(schemas, row, &shared)).collect();
    json_schema!({
        "type": "array",
        "description": format!("Steps of {}.", S::OWNER),
        "items": { "type": "object", "anyOf": steps },
    })
}

fn step<A>(schemas: &mut SchemaGenerator, row: &Row<A>, shared: &[(&str, Value)]) -> Value {
    let mut properties = (row.properties)(schemas);
    properties.extend(shared.iter().map(|(key, schema)| ((*key).to_owned(), schema.clone())));
    let required: Vec<&str> = [row.key].into_iter().chain(row.needs.iter().copied()).collect();
    json!({
        "description": row.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The schema of an option that all steps of clients share.
fn shared(schemas: &mut SchemaGenerator, key: &str) -> Value {
    let (about, schema) = match key {
        "at" => (
            "This long after the scenario's beginning; at once if that has passed.",
            schemas.subschema_for::<Span>(),
        ),
        "after" => {
            ("This long after the step before was answered.", schemas.subschema_for::<Span>())
        }
        "when" => (
            "As soon as this event is in a history.",
            text_or(schemas.subschema_for::<WhenMapping>()),
        ),
        _ => (
            "The refusal that is expected, by its gRPC status code.",
            text_or(schemas.subschema_for::<FailsWith>()),
        ),
    };
    json!({ "description": about, "allOf": [schema] })
}

fn text_or(schema: Schema) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string" }, schema] })
}
