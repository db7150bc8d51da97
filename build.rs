//! Cuts the official descriptors down to what the conversion between official messages and their
//! JSON form needs: the closure of the messages named below, without source positions. And finds
//! where those messages have maps, which the digests of messages must know.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use prost::Message;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet, MessageOptions};

/// The files whose messages are read or written in JSON.
const ROOTS: [&str; 1] = ["temporal/api/workflowservice/v1/request_response.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let source = env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH")?;
    println!("cargo:rerun-if-changed={source}");
    let all = FileDescriptorSet::decode(fs::read(source)?.as_slice())?;
    let mut files: BTreeMap<String, FileDescriptorProto> =
        all.file.into_iter().map(|file| (file.name().to_owned(), file)).collect();

    let mut wanted = BTreeSet::new();
    let mut queue: VecDeque<String> = ROOTS.map(str::to_owned).into();
    while let Some(name) = queue.pop_front() {
        let file = files.get(&name).ok_or_else(|| format!("no descriptor of {name}"))?;
        queue.extend(file.dependency.iter().cloned());
        wanted.insert(name);
    }
    files.retain(|name, _| wanted.contains(name));
    for file in files.values_mut() {
        file.source_code_info = None;
        file.options = None;
        file.service.clear();
    }

    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("layouts.rs"), layouts(files.values())?)?;
    let kept = FileDescriptorSet { file: files.into_values().collect() };
    fs::write(out.join("descriptors.bin"), kept.encode_to_vec())?;
    Ok(())
}

/// A field that is a map or a message: its tag, its type, and whether it is a map.
type Field = (i32, String, &'static str);

/// The fields that are maps, or messages with a map somewhere, of all messages that have such, as
/// a Rust expression: a table in the order of the messages' names.
fn layouts<'a>(
    files: impl Iterator<Item = &'a FileDescriptorProto>,
) -> Result<String, std::fmt::Error> {
    let mut messages = BTreeMap::new();
    for file in files {
        for message in &file.message_type {
            collect(&format!(".{}", file.package()), message, &mut messages);
        }
    }
    let maps: BTreeSet<String> = messages
        .iter()
        .filter(|(_, message)| message.options.as_ref().is_some_and(MessageOptions::map_entry))
        .map(|(name, _)| name.clone())
        .collect();
    let mut fields: BTreeMap<&str, Vec<Field>> = messages
        .iter()
        .map(|(name, message)| {
            let fields = message.field.iter().filter(|field| field.r#type() == Type::Message);
            let fields = fields.map(|field| {
                let what = if maps.contains(field.type_name()) { "Map" } else { "Message" };
                (field.number(), field.type_name().to_owned(), what)
            });
            (name.as_str(), fields.collect())
        })
        .collect();
    loop {
        let known: BTreeSet<String> = fields.keys().map(|name| (*name).to_owned()).collect();
        fields.retain(|_, fields| {
            fields.retain(|(_, of, what)| *what == "Map" || known.contains(of));
            !fields.is_empty()
        });
        if fields.len() == known.len() {
            break;
        }
    }

    let index = |name: &str| fields.keys().position(|of| *of == name);
    let mut text = "&[\n".to_owned();
    for (name, fields) in &fields {
        writeln!(text, "    ({:?}, &[", name.trim_start_matches('.'))?;
        for (tag, of, what) in fields {
            let layout = index(of);
            writeln!(
                text,
                "        Interesting {{ tag: {tag}, what: What::{what}, layout: {layout:?} }},"
            )?;
        }
        writeln!(text, "    ]),")?;
    }
    text.push_str("]\n");
    Ok(text)
}

/// Adds a message and those within it, by full name.
fn collect<'a>(
    scope: &str,
    message: &'a DescriptorProto,
    messages: &mut BTreeMap<String, &'a DescriptorProto>,
) {
    let name = format!("{scope}.{}", message.name());
    for inner in &message.nested_type {
        collect(&name, inner, messages);
    }
    messages.insert(name, message);
}
