//! Cuts the official descriptors down to what the conversion between official messages and their
//! JSON form needs: the closure of the messages named below, without source positions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

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

    let out = PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin");
    let kept = FileDescriptorSet { file: files.into_values().collect() };
    fs::write(out, kept.encode_to_vec())?;
    Ok(())
}
