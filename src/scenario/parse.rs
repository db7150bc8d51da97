//! From a text to a [`Scenario`]: what stands where. Whether names are known is `check`'s.

mod expectations;

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::diagnostic::{Diagnostic, Diagnostics, quoted};
use super::duration::Span;
use super::limits::{MAX_BYTES, MAX_DIAGNOSTICS, MAX_FAULTS, MAX_STEPS, MAX_WINDOW};
use super::model::{
    ActivityAction, ActivityStep, ClientAction, ClientStep, FailsWith, RunNumber, Scenario, Timing,
    UpdateHandler, Version, When, Worker, Workflow, WorkflowAction, WorkflowStep,
};
use super::source::{Location, Source};
use super::spans::Place;
use super::steps::{ACTIVITY, CLIENT, Row, Step, WORKFLOW};
use super::yaml::{Document, Node, Pair, unknown_key};
use crate::history::ids::Digest;

/// The keys of a scenario.
pub(super) const SCENARIO_KEYS: &[&str] = &[
    "name",
    "description",
    "workflows",
    "activities",
    "workers",
    "timeline",
    "clients",
    "expect",
    "outcomes",
    "always",
    "never",
    "ends_at",
    "window",
    "faults",
];

/// The keys of a workflow that is written as a mapping.
pub(super) const WORKFLOW_KEYS: &[&str] =
    &["cancellation_model", "queries", "updates", "steps", "versions"];

/// The keys of an update's handler that is written as a mapping.
pub(super) const UPDATE_KEYS: &[&str] = &["validate", "steps"];

/// The name of the client whose steps are the `timeline`.
pub(super) const TIMELINE_CLIENT: &str = "client";

/// The name of the version of a workflow that has one.
const ONLY_VERSION: &str = "v1";

/// A scenario that was read, and where its parts stand.
pub(super) struct Parsed {
    pub(super) scenario: Scenario,
    pub(super) places: Places,
}

/// Where things stand that the model has no location for.
pub(super) struct Places {
    source: Arc<Source>,
    /// The mapping of each step and expectation, by where its location begins.
    mappings: BTreeMap<usize, Rc<Place>>,
    /// The workers, in the order of the file.
    pub(super) workers: Vec<Rc<Place>>,
    /// The keys of clients.
    pub(super) clients: Location,
}

impl Places {
    /// The value of an option of the step at `at`; the step itself if it has none.
    pub(super) fn option(&self, at: &Location, key: &str) -> Location {
        let place = self.mappings.get(&at.span().start);
        place.and_then(|place| self.within(place, key)).unwrap_or_else(|| at.clone())
    }

    /// An item of a list that is an option of the step at `at`, or the option itself.
    pub(super) fn item(&self, at: &Location, key: &str, index: usize) -> Location {
        let place = self.mappings.get(&at.span().start);
        let item = place
            .and_then(|place| place.entry(key))
            .and_then(|entry| entry.value.item(index))
            .map(|item| self.source.locate(item.span.clone()));
        item.unwrap_or_else(|| self.option(at, key))
    }

    /// The value of `outer.inner` of the step at `at`, or of the nearest that there is.
    pub(super) fn nested(&self, at: &Location, outer: &str, inner: &str) -> Location {
        let place = self.mappings.get(&at.span().start);
        place
            .and_then(|place| place.entry(outer))
            .and_then(|entry| self.within(&entry.value, inner))
            .unwrap_or_else(|| self.option(at, outer))
    }

    /// The value at a key of a mapping; the key, if the value is empty.
    pub(super) fn within(&self, place: &Place, key: &str) -> Option<Location> {
        let entry = place.entry(key)?;
        Some(self.source.locate(entry.value.span.clone()))
    }

    /// The place of a stretch of bytes.
    pub(super) fn locate(&self, span: std::ops::Range<usize>) -> Location {
        self.source.locate(span)
    }

    /// The place itself.
    pub(super) fn whole(&self, place: &Place) -> Location {
        self.source.locate(place.span.clone())
    }
}

/// Reads a text as far as its form goes.
pub(super) fn parse(source: &Arc<Source>, clients: Clients) -> Result<Parsed, Diagnostics> {
    if source.text.len() > MAX_BYTES {
        return Err(too_large(&source.name).into());
    }
    let document = Document::read(source)?;
    let mut reader = Reader {
        found: Vec::new(),
        wanted: clients,
        steps: 0,
        places: Places {
            source: source.clone(),
            mappings: BTreeMap::new(),
            workers: Vec::new(),
            clients: Location::default(),
        },
    };
    let scenario = reader.scenario(document.root());
    match scenario {
        Some(scenario) if reader.found.is_empty() => Ok(Parsed { scenario, places: reader.places }),
        _ => Err(Diagnostics::new(reader.found)),
    }
}

pub(super) fn too_large(file: &str) -> Diagnostic {
    let source = Source::new(file, "");
    Diagnostic::new(format!("the file is larger than {MAX_BYTES} bytes (1 MiB)"))
        .at(source.locate(0..0), "")
        .help("a scenario is code for people; a file of that size is most likely another one")
}

/// 128 bits over a text. Line ends count as they are on Unix, so that a checkout with others has
/// the same.
fn digest(text: &str) -> u128 {
    let mut digest = Digest::new();
    for part in text.split("\r\n") {
        digest.write(part.as_bytes());
        digest.write(b"\n");
    }
    digest.finish128()
}

/// A step whose action is known.
pub(super) struct StepNode<'a> {
    node: Node<'a>,
    /// The value of the action key.
    pub(super) value: Node<'a>,
    key: &'static str,
    key_at: Location,
    pairs: Vec<Pair<'a>>,
}

impl<'a> StepNode<'a> {
    /// An option that stands beside the action key.
    pub(super) fn option(&self, key: &str) -> Option<&Pair<'a>> {
        self.pairs.iter().find(|pair| pair.key == key)
    }
}

/// Who acts in a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Clients {
    /// Its own clients: it has some.
    Scripted,
    /// Perhaps only the program that reads it.
    MayBeElsewhere,
}

/// Reads, and collects what is wrong.
pub(super) struct Reader {
    found: Vec<Diagnostic>,
    wanted: Clients,
    steps: usize,
    places: Places,
}

impl Reader {
    fn refuse(&mut self, diagnostic: Diagnostic) {
        // Enough is enough: what is looked for beyond that would only cost time.
        if !self.is_full() {
            self.found.push(diagnostic);
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= MAX_DIAGNOSTICS
    }

    fn accept<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.refuse(diagnostic)).ok()
    }

    fn scenario(&mut self, root: Node<'_>) -> Option<Scenario> {
        let pairs = self.mapping(root, "a scenario: `name:`, `workflows:`, `timeline:`")?;
        let mut scenario = Scenario {
            name: String::new(),
            description: None,
            workflows: BTreeMap::new(),
            activities: BTreeMap::new(),
            workers: vec![Worker::default()],
            clients: BTreeMap::new(),
            expect: Vec::new(),
            outcomes: Vec::new(),
            outcomes_at: Location::default(),
            always: Vec::new(),
            never: Vec::new(),
            ends_at: None,
            window: Duration::ZERO,
            faults: 0,
            digest: digest(&self.places.source.text),
        };
        let mut named = false;
        let mut acting: Vec<Location> = Vec::new();
        for pair in &pairs {
            if self.is_full() {
                return None;
            }
            match pair.key {
                "name" => {
                    named = true;
                    scenario.name = self.name(pair.value).unwrap_or_default();
                }
                "description" => scenario.description = self.decode(pair.value),
                "workflows" => {
                    for pair in self.mapping(pair.value, "workflow types with their steps")? {
                        let workflow = self.workflow(&pair);
                        scenario.workflows.extend(workflow.map(|w| (pair.key.to_owned(), w)));
                    }
                }
                "activities" => {
                    for pair in self.mapping(pair.value, "activity types with their steps")? {
                        let steps = self.steps::<ActivityStep>(pair.value);
                        scenario.activities.extend(steps.map(|s| (pair.key.to_owned(), s)));
                    }
                }
                "workers" => {
                    scenario.workers.clear();
                    for node in self.list(pair.value, "workers")? {
                        if self.is_full() {
                            return None;
                        }
                        let worker = node.decode::<Worker>();
                        scenario.workers.extend(self.accept(worker));
                        self.places.workers.push(node.place().clone());
                    }
                }
                "timeline" => {
                    acting.push(pair.key_at.clone());
                    let steps = self.some_steps::<ClientStep>(pair.value);
                    let client = TIMELINE_CLIENT.to_owned();
                    scenario.clients.extend(steps.map(|steps| (client, steps)));
                }
                "clients" => {
                    acting.push(pair.key_at.clone());
                    for pair in self.mapping(pair.value, "clients with their steps")? {
                        let steps = self.some_steps::<ClientStep>(pair.value);
                        scenario.clients.extend(steps.map(|s| (pair.key.to_owned(), s)));
                    }
                }
                "expect" => scenario.expect = self.expectations(pair.value)?,
                "always" => scenario.always = self.expectations(pair.value)?,
                "never" => scenario.never = self.expectations(pair.value)?,
                "outcomes" => {
                    scenario.outcomes = self.outcomes(pair)?;
                    scenario.outcomes_at = pair.key_at.clone();
                }
                "ends_at" => {
                    scenario.ends_at = self.decode::<Span>(pair.value).map(|span| span.0);
                }
                "window" => scenario.window = self.window(pair.value).unwrap_or_default(),
                "faults" => scenario.faults = self.faults(pair.value).unwrap_or(0),
                _ => self.refuse(unknown_key(pair.key, SCENARIO_KEYS, pair.key_at.clone())),
            }
        }
        let start = pairs.first().map_or_else(|| root.at(), |pair| pair.key_at.clone());
        if !named {
            self.refuse(
                Diagnostic::new("the scenario has no `name`")
                    .at(start.clone(), "here")
                    .help("begin with `name:` and one line that says what it shows"),
            );
        }
        match acting.as_slice() {
            [] if self.wanted == Clients::MayBeElsewhere => return Some(scenario),
            [] => self.refuse(
                Diagnostic::new("the scenario has neither a `timeline` nor `clients`")
                    .at(start, "nothing would happen")
                    .help("`timeline:` is the list of one client's steps, as in `- start: ...`"),
            ),
            [first, second, ..] => self.refuse(
                Diagnostic::new("a scenario has either a `timeline` or `clients`, not both")
                    .at(second.clone(), "second")
                    .also(first.clone(), "first")
                    .help("`timeline` is short for one client named `client`"),
            ),
            [at] => self.places.clients = at.clone(),
        }
        if scenario.clients.is_empty() && self.found.is_empty() {
            let at = self.places.clients.clone();
            self.refuse(Diagnostic::new("there is no client").at(at, "nothing would happen"));
        }
        Some(scenario)
    }

    fn workflow(&mut self, pair: &Pair<'_>) -> Option<Workflow> {
        let only = |steps| vec![Version { name: ONLY_VERSION.to_owned(), steps }];
        if pair.value.items().is_some() {
            let versions = only(self.steps(pair.value)?);
            return Some(Workflow {
                versions,
                cancellation_model: <_>::default(),
                queries: <_>::default(),
                updates: <_>::default(),
            });
        }
        if pair.value.is_null() {
            self.refuse(
                Diagnostic::new(format!("workflow {} has no steps", quoted(pair.key)))
                    .at(pair.key_at.clone(), "no steps")
                    .help("a workflow that ends at once is `[]`"),
            );
            return None;
        }
        let pairs = self.mapping(pair.value, "a list of steps, or a mapping with `steps`")?;
        let mut cancellation_model = None;
        let mut queries = None;
        let mut versions = Vec::new();
        let mut updates = BTreeMap::new();
        let mut codes: Vec<Location> = Vec::new();
        for pair in &pairs {
            match pair.key {
                "cancellation_model" => cancellation_model = self.decode(pair.value),
                "queries" => queries = self.decode(pair.value),
                _ if self.is_full() => return None,
                "steps" => {
                    codes.push(pair.key_at.clone());
                    versions = only(self.steps(pair.value)?);
                }
                "versions" => {
                    codes.push(pair.key_at.clone());
                    let pairs = self.mapping(pair.value, "versions with their steps")?;
                    for pair in &pairs {
                        let steps = self.steps::<WorkflowStep>(pair.value)?;
                        versions.push(Version { name: pair.key.to_owned(), steps });
                    }
                    if versions.is_empty() {
                        let at = pair.key_at.clone();
                        self.refuse(Diagnostic::new("there is no version").at(at, "empty"));
                    }
                }
                "updates" => {
                    for pair in self.mapping(pair.value, "updates with their handlers")? {
                        let handler = self.update_handler(&pair);
                        updates.extend(handler.map(|handler| (pair.key.to_owned(), handler)));
                    }
                }
                _ => self.refuse(unknown_key(pair.key, WORKFLOW_KEYS, pair.key_at.clone())),
            }
        }
        match codes.as_slice() {
            [] => self.refuse(
                Diagnostic::new(format!("workflow {} has no steps", quoted(pair.key)))
                    .at(pair.key_at.clone(), "neither `steps` nor `versions`"),
            ),
            [first, second, ..] => self.refuse(
                Diagnostic::new("a workflow has either `steps` or `versions`, not both")
                    .at(second.clone(), "second")
                    .also(first.clone(), "first"),
            ),
            [_] => {}
        }
        Some(Workflow {
            versions,
            cancellation_model: cancellation_model.unwrap_or_default(),
            queries: queries.unwrap_or_default(),
            updates,
        })
    }

    /// The handler of an update: a list of steps, or a mapping with a validator.
    fn update_handler(&mut self, pair: &Pair<'_>) -> Option<UpdateHandler> {
        if pair.value.items().is_some() {
            let steps = self.steps(pair.value)?;
            return Some(UpdateHandler { validate: Arc::from([]), steps });
        }
        let pairs = self.mapping(pair.value, "a list of steps, or a mapping with `steps`")?;
        let mut validate = None;
        let mut steps = None;
        for pair in &pairs {
            match pair.key {
                "validate" => validate = self.steps(pair.value),
                "steps" => steps = self.steps(pair.value),
                _ => self.refuse(unknown_key(pair.key, UPDATE_KEYS, pair.key_at.clone())),
            }
        }
        let validate = validate.unwrap_or_else(|| Arc::from([]));
        Some(UpdateHandler { validate, steps: steps.unwrap_or_else(|| Arc::from([])) })
    }

    /// A list of steps that does something.
    pub(super) fn some_steps<S: Step>(&mut self, node: Node<'_>) -> Option<Arc<[S]>> {
        if node.items().is_some_and(|items| items.is_empty()) {
            self.refuse(Diagnostic::new("there are no steps").at(node.at(), "empty"));
        }
        self.steps(node)
    }

    /// A list of steps; those that are wrong are left out.
    pub(super) fn steps<S: Step>(&mut self, node: Node<'_>) -> Option<Arc<[S]>> {
        let nodes = self.list(node, "steps")?;
        let mut steps = Vec::new();
        for node in nodes {
            if self.is_full() || self.steps > MAX_STEPS {
                return None;
            }
            steps.extend(self.one_step(node));
        }
        Some(steps.into())
    }

    fn one_step<S: Step>(&mut self, node: Node<'_>) -> Option<S> {
        self.steps += 1;
        if self.steps == MAX_STEPS + 1 {
            self.refuse(
                Diagnostic::new(format!("more than {MAX_STEPS} steps"))
                    .at(node.at(), "one step too many"),
            );
        }
        let (row, step) = self.row::<S>(node)?;
        let start = step.key_at.span().start;
        let end = if step.value.items().is_none() && step.value.pairs().is_none() {
            step.value.place().span.end.max(step.key_at.span().end)
        } else {
            step.key_at.span().end
        };
        let at = self.places.source.locate(start..end);
        self.places.mappings.insert(start, node.place().clone());
        let is_known = |key| key == row.key || row.has_option(key) || S::SHARED.contains(&key);
        let mut unknown = step.pairs.iter().filter(|pair| !is_known(pair.key)).peekable();
        if unknown.peek().is_some() {
            let known: Vec<&str> =
                [row.needs, row.takes, S::SHARED].into_iter().flatten().copied().collect();
            for pair in unknown.take(MAX_DIAGNOSTICS) {
                let diagnostic = unknown_key(pair.key, &known, pair.key_at.clone());
                self.refuse(diagnostic.also(step.key_at.clone(), "beside this action"));
            }
            return None;
        }
        for need in row.needs {
            if step.option(need).is_none() {
                self.refuse(
                    Diagnostic::new(format!("`{}` needs `{need}`", row.key))
                        .at(step.key_at.clone(), format!("`{need}` is missing")),
                );
                return None;
            }
        }
        let action = (row.make)(self, &step)?;
        Some(S::make(self, &step, at, action))
    }

    /// Finds the action of a step.
    fn row<'a, S: Step>(
        &mut self,
        node: Node<'a>,
    ) -> Option<(&'static Row<S::Action>, StepNode<'a>)> {
        let Some(pairs) = node.pairs() else {
            let text = node.text().unwrap_or_default();
            let diagnostic = Diagnostic::new("a step is a mapping that begins with an action key")
                .at(node.at(), format!("this is {}", node.kind()));
            self.refuse(if S::ROWS.iter().any(|row| row.key == text) {
                diagnostic.help(format!("write `{text}:`, with a colon"))
            } else {
                diagnostic
            });
            return None;
        };
        let row_of = |pair: &Pair<'_>| S::ROWS.iter().find(|row| row.key == pair.key);
        let acting: Vec<(&Pair<'a>, &'static Row<S::Action>)> =
            pairs.iter().filter_map(|pair| Some((pair, row_of(pair)?))).collect();
        // `signal` is an action, and an option of `signal_with_start`.
        let is_option = |key| acting.iter().any(|(_, row)| row.has_option(key));
        let heads: Vec<_> = acting.iter().filter(|(pair, _)| !is_option(pair.key)).collect();
        match heads.as_slice() {
            [(head, row)] => {
                let (value, key_at) = (head.value, head.key_at.clone());
                Some((*row, StepNode { node, value, key: row.key, key_at, pairs }))
            }
            [(first, _), (second, _), ..] => {
                self.refuse(
                    Diagnostic::new(format!(
                        "a step has one action, but here are two: `{}` and `{}`",
                        first.key, second.key
                    ))
                    .at(second.key_at.clone(), "second action")
                    .also(first.key_at.clone(), "first action")
                    .help(format!("make it a step of its own: `- {}: ...`", second.key)),
                );
                None
            }
            [] => {
                self.refuse(no_action::<S>(node, &pairs));
                None
            }
        }
    }

    /// Decodes the value of one key.
    pub(super) fn decode<T: DeserializeOwned>(&mut self, node: Node<'_>) -> Option<T> {
        let result = node.decode();
        self.accept(result)
    }

    /// Decodes a step whose type is the whole mapping.
    pub(super) fn step<T: DeserializeOwned>(&mut self, step: &StepNode<'_>) -> Option<T> {
        let result = step.node.decode_keys(|key| !ClientStep::SHARED.contains(&key));
        self.accept(result)
    }

    /// Decodes a group of options that share one type.
    pub(super) fn options<T: DeserializeOwned>(&mut self, step: &StepNode<'_>) -> Option<T> {
        let result = step.node.decode_keys(|key| key != step.key);
        self.accept(result)
    }

    /// An option that may be missing.
    #[allow(clippy::option_option)] // wrong, missing or there
    pub(super) fn option<T: DeserializeOwned>(
        &mut self,
        step: &StepNode<'_>,
        key: &str,
    ) -> Option<Option<T>> {
        match step.option(key) {
            Some(pair) => self.decode(pair.value).map(Some),
            None => Some(None),
        }
    }

    /// An option that is known to be there.
    pub(super) fn required(&mut self, step: &StepNode<'_>, key: &str) -> Option<String> {
        self.decode(step.option(key)?.value)
    }

    /// A name: text that is not empty.
    pub(super) fn name(&mut self, node: Node<'_>) -> Option<String> {
        let name: String = self.decode(node)?;
        if name.is_empty() {
            self.refuse(Diagnostic::new("a name cannot be empty").at(node.at(), "empty"));
        }
        Some(name)
    }

    /// A name or a list of names.
    pub(super) fn names(&mut self, node: Node<'_>) -> Option<Vec<String>> {
        if node.items().is_none() {
            return self.name(node).map(|name| vec![name]);
        }
        let names: Vec<String> = self.decode(node)?;
        if names.is_empty() {
            self.refuse(Diagnostic::new("there is nothing to wait for").at(node.at(), "empty"));
        }
        Some(names)
    }

    /// The value of an action that takes none.
    pub(super) fn nothing(&mut self, step: &StepNode<'_>) -> Option<()> {
        if step.value.is_null() {
            return Some(());
        }
        self.refuse(
            Diagnostic::new(format!("`{}` takes no value", step.key))
                .at(step.value.at(), "not expected")
                .help(format!("write `{}:` alone", step.key)),
        );
        None
    }

    /// Which happenings race.
    fn window(&mut self, node: Node<'_>) -> Option<Duration> {
        let Span(window) = self.decode(node)?;
        if window > MAX_WINDOW {
            self.refuse(
                Diagnostic::new(format!("the longest `window` is {}", Span(MAX_WINDOW)))
                    .at(node.at(), "too long")
                    .help("with a longer one everything races with everything"),
            );
            return None;
        }
        Some(window)
    }

    /// How many faults a search may place.
    fn faults(&mut self, node: Node<'_>) -> Option<u32> {
        let wanted: i64 = self.decode(node)?;
        let faults = u32::try_from(wanted).ok().filter(|faults| *faults <= MAX_FAULTS);
        if faults.is_none() {
            self.refuse(
                Diagnostic::new(format!("`faults` must be from 0 to {MAX_FAULTS}"))
                    .at(node.at(), "out of range")
                    .help("each fault multiplies the orderings that there are to search"),
            );
        }
        faults
    }

    /// An attempt's number.
    pub(super) fn attempt(&mut self, pair: &Pair<'_>) -> Option<u32> {
        match pair.key.parse() {
            Ok(attempt) if attempt > 0 => Some(attempt),
            _ => {
                self.refuse(
                    Diagnostic::new(format!("{} is no attempt", quoted(pair.key)))
                        .at(pair.key_at.clone(), "expected 1, 2, 3 ... or `otherwise`"),
                );
                None
            }
        }
    }

    pub(super) fn refuse_try_alone(&mut self, step: &StepNode<'_>) {
        self.refuse(
            Diagnostic::new("`try` needs `on_cancel`, `on_failure` or `finally` beside it")
                .at(step.key_at.clone(), "catches nothing"),
        );
    }

    /// When a client takes a step.
    pub(super) fn timing(&mut self, step: &StepNode<'_>) -> Timing {
        let given: Vec<&Pair<'_>> =
            ["at", "after", "when"].iter().filter_map(|key| step.option(key)).collect();
        if let [first, second, ..] = given.as_slice() {
            self.refuse(
                Diagnostic::new("a step has one of `at`, `after` and `when`")
                    .at(second.key_at.clone(), "second")
                    .also(first.key_at.clone(), "first"),
            );
        }
        let at_once = Timing::After(Duration::ZERO);
        let Some(pair) = given.first() else { return at_once };
        let timing = match pair.key {
            "at" => self.decode::<Span>(pair.value).map(|span| Timing::At(span.0)),
            "after" => self.decode::<Span>(pair.value).map(|span| Timing::After(span.0)),
            _ => self.when(pair.value).map(Timing::When),
        };
        timing.unwrap_or(at_once)
    }

    fn when(&mut self, node: Node<'_>) -> Option<When> {
        if node.pairs().is_none() {
            let event = self.decode(node)?;
            return Some(When { event, workflow_id: None, count: 1, run: None });
        }
        let WhenMapping { event, workflow_id, count, run } = self.decode(node)?;
        Some(When { event, workflow_id, count, run })
    }

    /// The refusal that is expected of a client's step.
    pub(super) fn fails_with(&mut self, step: &StepNode<'_>) -> Option<FailsWith> {
        let node = step.option("fails_with")?.value;
        if node.pairs().is_none() {
            return self.decode(node).map(|code| FailsWith { code, message: None });
        }
        self.decode(node)
    }

    /// The items of a list of `what`.
    fn list<'a>(&mut self, node: Node<'a>, what: &str) -> Option<Vec<Node<'a>>> {
        let items = node.items();
        if items.is_none() {
            let diagnostic = Diagnostic::new(format!("expected a list of {what}"))
                .at(node.at(), format!("this is {}", node.kind()));
            self.refuse(diagnostic.help("each item of a list begins with `- `"));
        }
        items
    }

    /// The keys and values of a mapping, which holds `what`.
    pub(super) fn mapping<'a>(&mut self, node: Node<'a>, what: &str) -> Option<Vec<Pair<'a>>> {
        let pairs = node.pairs();
        if pairs.is_none() {
            self.refuse(
                Diagnostic::new(format!("expected {what}"))
                    .at(node.at(), format!("this is {}", node.kind())),
            );
        }
        pairs
    }
}

/// [`When`] as it is written with more than an event type.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenMapping {
    /// The event type, as in `WorkflowTaskStarted`.
    event: String,
    /// In whose history; in any if not given.
    workflow_id: Option<String>,
    /// Until there are this many of them in one run; 1 if not given.
    #[serde(default = "one")]
    count: u32,
    /// In which run; in any if not given.
    run: Option<RunNumber>,
}

fn one() -> u32 {
    1
}

/// Says why a step has no action.
fn no_action<S: Step>(node: Node<'_>, pairs: &[Pair<'_>]) -> Diagnostic {
    let is_option =
        |key: &str| S::SHARED.contains(&key) || S::ROWS.iter().any(|row| row.has_option(key));
    let actions: Vec<&str> = S::ROWS.iter().map(|row| row.key).collect();
    let Some(pair) = pairs.iter().find(|pair| !is_option(pair.key)) else {
        let (at, label) = match pairs.first() {
            Some(pair) => (pair.key_at.clone(), "an option, but of what?"),
            None => (node.at(), "empty"),
        };
        let known: Vec<String> = actions.iter().map(|key| format!("`{key}`")).collect();
        return Diagnostic::new("this step has no action").at(at, label).help(format!(
            "the actions of {} are {}",
            S::OWNER,
            known.join(", ")
        ));
    };
    match elsewhere(pair.key) {
        Some(owner) => {
            Diagnostic::new(format!("`{}` is an action of {owner}, not of {}", pair.key, S::OWNER))
                .at(pair.key_at.clone(), format!("cannot be a step of {}", S::OWNER))
        }
        None => unknown_key(pair.key, &actions, pair.key_at.clone()),
    }
}

/// Whose action a key is.
fn elsewhere(key: &str) -> Option<&'static str> {
    fn has<A>(rows: &[Row<A>], key: &str) -> bool {
        rows.iter().any(|row| row.key == key)
    }
    if has::<WorkflowAction>(WORKFLOW, key) {
        Some(WorkflowStep::OWNER)
    } else if has::<ActivityAction>(ACTIVITY, key) {
        Some(ActivityStep::OWNER)
    } else if has::<ClientAction>(CLIENT, key) {
        Some(ClientStep::OWNER)
    } else {
        None
    }
}
