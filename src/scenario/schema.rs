//! The language as a JSON Schema, for completion and checks in an editor.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::duration::Span;
use super::limits::MAX_FAULTS;
use super::model::{
    ActivityStep, CancellationModel, ClientStep, FailsWith, RequestFault, RunExpectation, Worker,
    WorkflowStep,
};
use super::names::status_names;
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
    let ends_at = schemas.subschema_for::<Span>();
    let window = schemas.subschema_for::<Span>();
    let expectation = schemas.subschema_for::<RunExpectation>();
    let model = schemas.subschema_for::<CancellationModel>();
    definitions.extend(schemas.take_definitions(true));
    let code = list::<WorkflowStep>();
    let end_of_run = end_of_run();
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
                                "queries": {
                                    "description": "The queries that it answers, and what with \
                                                    until a step sets another result.",
                                    "type": "object",
                                },
                                "steps": code,
                                "versions": {
                                    "description": "The first is what workers begin with.",
                                    "type": "object",
                                    "minProperties": 1,
                                    "additionalProperties": code,
                                },
                                "updates": {
                                    "description": "What handles its updates, by name.",
                                    "type": "object",
                                    "additionalProperties": {
                                        "anyOf": [
                                            code,
                                            {
                                                "type": "object",
                                                "properties": { "validate": code, "steps": code },
                                                "additionalProperties": false,
                                            },
                                        ],
                                    },
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
                "description": "What must be true at the end, in the default order.",
                "type": "array",
                "items": expectation,
            },
            "outcomes": {
                "description": "The outcomes of all orderings: by Workflow Id, how its runs end.",
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "additionalProperties": {
                        "anyOf": [end_of_run, { "type": "array", "items": end_of_run }],
                    },
                },
            },
            "always": {
                "description": "What must be true at the end, in every ordering.",
                "type": "array",
                "items": expectation,
            },
            "never": {
                "description": "What must not be true at the end, in any ordering.",
                "type": "array",
                "items": expectation,
            },
            "ends_at": {
                "description": "When it ends, whatever is still to come.",
                "allOf": [ends_at],
            },
            "window": {
                "description": "How much later than the earliest happening another may be due and \
                                still come first, where orders are searched; only ties race if \
                                not given.",
                "allOf": [window],
            },
            "faults": {
                "description": "How many faults a search may place; none if not given.",
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_FAULTS,
            },
        },
        "definitions": definitions,
    })
}

/// The schema of how a run ends, as outcomes tell it.
fn end_of_run() -> Value {
    let statuses: Vec<&str> =
        status_names().into_iter().filter(|status| *status != "Failed").collect();
    json!({
        "type": "string",
        "description": "A status; behind `Failed`, in brackets, the kind of failure.",
        "pattern": format!(r"^({}|Failed \(.+\))$", statuses.join("|")),
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
            text_or(&schemas.subschema_for::<WhenMapping>()),
        ),
        "identity" => ("As whom, if not by the client's name.", schemas.subschema_for::<String>()),
        "fault" => ("What befalls the request.", schemas.subschema_for::<RequestFault>()),
        _ => (
            "The refusal that is expected, by its gRPC status code.",
            text_or(&schemas.subschema_for::<FailsWith>()),
        ),
    };
    json!({ "description": about, "allOf": [schema] })
}

fn text_or(schema: &Schema) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string" }, schema] })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::model::Scenario;
    use super::super::yaml::to_json;
    use super::*;

    const EVERYTHING: &str = include_str!("everything.yaml");

    /// As much of a validator as this schema needs; `Err` says where and what.
    fn validate(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let Value::Object(schema) = schema else { return Ok(()) };
        let all = |key: &str| schema.get(key).and_then(Value::as_array).cloned();
        if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
            let target = root.pointer(path.trim_start_matches('#'));
            let target = target.unwrap_or_else(|| panic!("{path} leads nowhere"));
            validate(root, target, value, at)?;
        }
        for part in all("allOf").unwrap_or_default() {
            validate(root, &part, value, at)?;
        }
        for (key, allowed) in [("anyOf", 1..=usize::MAX), ("oneOf", 1..=1)] {
            let Some(parts) = all(key) else { continue };
            let tried: Vec<_> = parts.iter().map(|part| validate(root, part, value, at)).collect();
            if !allowed.contains(&tried.iter().filter(|tried| tried.is_ok()).count()) {
                return Err(format!("{at}: {key}: {tried:#?}"));
            }
        }
        let is = |name: &Value| match name.as_str().unwrap() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("no such type: {other}"),
        };
        let right_type = match schema.get("type") {
            None => true,
            Some(Value::Array(names)) => names.iter().any(is),
            Some(name) => is(name),
        };
        let right_value = all("enum").is_none_or(|values| values.contains(value))
            && schema.get("const").is_none_or(|only| only == value);
        if !right_type || !right_value {
            return Err(format!("{at}: {value} is not {schema:?}"));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(items) = schema.get("items") {
                validate(root, items, item, &format!("{at}[{index}]"))?;
            }
        }
        for required in all("required").unwrap_or_default() {
            if value.get(required.as_str().unwrap()).is_none() {
                return Err(format!("{at}: {required} is missing"));
            }
        }
        for (key, item) in value.as_object().into_iter().flatten() {
            let at = format!("{at}.{key}");
            let known = schema.get("properties").and_then(|properties| properties.get(key));
            let by_number = || {
                let pattern = schema.get("patternProperties")?.get("^[1-9][0-9]*$")?;
                key.parse::<u32>().ok().map(|_| pattern)
            };
            match (known.or_else(by_number), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                    validate(root, schema, item, &at)?;
                }
                (None, Some(Value::Bool(false))) => return Err(format!("{at} is unknown")),
                _ => {}
            }
        }
        Ok(())
    }

    /// Key sets of a kind of steps: by the table, and by the schema.
    fn keys<S: Step>(schema: &Value) -> [Vec<BTreeSet<String>>; 2] {
        let table = S::ROWS.iter().map(|row| {
            let options = row.needs.iter().chain(row.takes).chain(S::SHARED);
            options.chain([&row.key]).map(|key| (*key).to_owned()).collect()
        });
        let steps = &schema["definitions"][S::SCHEMA]["items"]["anyOf"];
        let schema = steps
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["properties"].as_object().unwrap().keys().cloned().collect());
        [table.collect(), schema.collect()]
    }

    #[test]
    fn the_schema_knows_the_keys_of_the_table_and_no_others() {
        let schema = schema();
        for [table, schema] in [
            keys::<WorkflowStep>(&schema),
            keys::<ActivityStep>(&schema),
            keys::<ClientStep>(&schema),
        ] {
            assert_eq!(table, schema);
        }
        let known: BTreeSet<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(known, super::super::parse::SCENARIO_KEYS.iter().copied().collect());
        let workflow = &schema["properties"]["workflows"]["additionalProperties"]["anyOf"][1];
        let known: BTreeSet<&str> =
            workflow["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(known, super::super::parse::WORKFLOW_KEYS.iter().copied().collect());
    }

    #[test]
    fn the_schema_accepts_everything_that_the_parser_accepts() {
        // A timeline and clients exclude each other.
        let timeline =
            EVERYTHING.replace("clients:\n  ann:\n", "timeline:\n").replace("  bob:\n", "");
        for text in [EVERYTHING, &timeline] {
            Scenario::parse(text, "everything.yaml").unwrap_or_else(|wrong| panic!("{wrong}"));
            let schema = schema();
            validate(&schema, &schema, &to_json(text), "")
                .unwrap_or_else(|wrong| panic!("{wrong}"));
        }
    }

    #[test]
    fn the_schema_refuses_an_unknown_key_and_a_missing_option() {
        let schema = schema();
        for text in [
            "{name: x, timeline: [{descrbe: x}]}",
            "{name: x, timeline: [{start: X}]}",
            "{name: x, timeline: [], clients: {}}",
            "{name: x, workflows: {W: [{sleep: 5}]}, timeline: []}",
        ] {
            assert!(validate(&schema, &schema, &to_json(text), "").is_err(), "{text}");
        }
    }

    /// Every key with which some mapping in `value` has been seen together with `head`.
    fn beside(value: &Value, head: &str, seen: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| beside(item, head, seen)),
            Value::Object(entries) => {
                if entries.contains_key(head) {
                    seen.extend(entries.keys().cloned());
                }
                entries.values().for_each(|item| beside(item, head, seen));
            }
            _ => {}
        }
    }

    fn each_option_is_used<S: Step>(section: &Value) {
        for row in S::ROWS {
            let mut seen = BTreeSet::new();
            beside(section, row.key, &mut seen);
            for key in row.needs.iter().chain(row.takes).chain([&row.key]) {
                assert!(seen.contains(*key), "{}: {} with {key}", S::OWNER, row.key);
            }
        }
    }

    #[test]
    fn every_action_and_option_has_been_tried() {
        let everything = to_json(EVERYTHING);
        each_option_is_used::<WorkflowStep>(&everything["workflows"]);
        each_option_is_used::<ActivityStep>(&everything["activities"]);
        each_option_is_used::<ClientStep>(&everything["clients"]);
    }

    fn is_explained<S: Step>() {
        let page = include_str!("language.md");
        for row in S::ROWS {
            let line = page.lines().find(|line| line.starts_with(&format!("| `{}:", row.key)));
            let line = line.unwrap_or_else(|| panic!("`{}` is not explained", row.key));
            for option in row.needs {
                let before_needed = line.split("*needed*").next().unwrap();
                assert!(before_needed.contains(&format!("`{option}`")), "{}: {option}", row.key);
            }
            for option in row.takes {
                assert!(page.contains(&format!("`{option}`")), "{}: {option}", row.key);
            }
        }
    }

    #[test]
    fn the_page_about_the_language_explains_every_action_and_option() {
        is_explained::<WorkflowStep>();
        is_explained::<ActivityStep>();
        is_explained::<ClientStep>();
    }
}
