//! The stack as code for other tools: Terraform, CloudFormation, Pulumi.
//!
//! There is one description ([`resource::Description`]), made by the parts themselves from what a deploy makes them
//! from; each tool has a writer that says it in its language. Not here: what a part is (its own module), and what those
//! tools do with what is written.

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "files of a few kilobytes, written once, read best as they will look"
)]

mod cloudformation;
mod document;
mod escape;
mod folder;
mod hcl;
mod ids;
mod provider;
mod pulumi;
mod python;
pub(super) mod resource;
pub(super) mod scene;
mod state;
mod steps;
mod terraform;
pub(super) mod value;
mod yaml;

pub use steps::cloudformation as cloudformation_commands;

pub(super) use folder::Error as FolderError;

use super::{
    alarm, api, client::Clients, clock, discover::discover_with, error::Error as StackError, function, instance, key,
    log_group, package::Package, part::Part, predict::PlannedPart, reconcile::reading, role, run::Run,
    sighting::InstanceFacts, spec::Spec, usage_plan, wanted,
};
use crate::{
    disk,
    error::{Code, Error as Report},
    export_format::Format,
    marks::clock_rule,
    names::{ContainerName, StackName},
    text::Message,
};
use folder::File;
use resource::{Default, Description, Resource};
use scene::Scene;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use value::Thing;

/// What checkov, which reads such folders, would find in one, and why it is meant.
const CHECKOV: &str = include_str!("checkov.yaml");

/// Why a stack is not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part is to be taken over that is not there.
    #[error("the {} is not deployed", part.as_str())]
    NotDeployed {
        /// Which.
        part: Part,
    },
    /// A name that the language cannot tell from another, or cannot hold.
    #[error("{format} cannot hold the name `{name}`")]
    Name {
        /// The name.
        name: String,
        /// The language.
        format: &'static str,
    },
    /// A file holds no state of Terraform's.
    #[error("`{}` is no state of Terraform's", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: Message,
    },
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The stack.
    #[error(transparent)]
    Stack(Box<StackError>),
}

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        match error {
            Error::NotDeployed { part } => Self::new(Code::NotDeployed)
                .hint(Message::new("hint.import_nothing").with_message("part", part.message())),
            Error::Name { name, format } => Self::new(Code::BadName).with("name", name).with("format", format),
            Error::State { path, what } => Self::new(Code::BadState).with("path", path.display()).because_of(what),
            Error::Folder(FolderError::NotEmpty { path }) => {
                Self::new(Code::FolderNotEmpty).with("path", path.display())
            }
            Error::Folder(FolderError::File(error)) => error.into(),
            Error::Stack(error) => (*error).into(),
        }
    }
}

/// What a deploy here has, and what was written has not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum LeftOut {
    /// The containers of `[containers]`, which are no resources of AWS.
    Containers {
        /// Their names.
        names: Vec<ContainerName>,
    },
    /// The rule that wakes the function: it sleeps and is not there yet, and CloudFormation's imports make nothing.
    Rule {
        /// Its name.
        name: String,
    },
}

/// What an export wrote.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Exported {
    /// The stack.
    pub stack: StackName,
    /// The tool.
    pub format: Format,
    /// The folder.
    pub folder: PathBuf,
    /// The files in it, in the order of reading.
    pub files: Vec<String>,
    /// How many resources they describe.
    pub resources: usize,
    /// How many of them are taken over; 0 where nothing was to be.
    pub imports: usize,
    /// Whether the stack, or a part of it, is there.
    pub is_deployed: bool,
    /// The variables without which the tool does nothing.
    pub needed: Vec<String>,
    /// What a deploy here has, and this has not.
    pub left_out: Vec<LeftOut>,
}

/// What is to be written, and where.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The tool.
    pub format: Format,
    /// The folder.
    pub folder: &'a Path,
    /// Whether files in it may be written over.
    pub is_forced: bool,
    /// Whether the stack that runs is to be taken over.
    pub is_import: bool,
}

/// Writes the stack as it would be deployed.
///
/// # Errors
/// Says what keeps it from being written; then nothing is.
pub async fn export(run: &Run<'_>, order: &Order<'_>) -> Result<Exported, Error> {
    // Before packages are installed for an archive that nobody gets.
    folder::check(order.folder, order.is_forced)?;
    let at_engine = |error| match error {
        Error::Stack(error) => Error::from(error.at(run.engine)),
        error => error,
    };
    Box::pin(written(run, order)).await.map_err(at_engine)
}

/// A stack in no tool's language, and what it was made from.
struct Described {
    description: Description,
    spec: Spec,
    package: Package,
    is_deployed: bool,
}

async fn described(run: &Run<'_>, is_import: bool, may_install: bool) -> Result<Described, Error> {
    wanted::check_names(run)?;
    let clients = Clients::new(run.engine);
    let stack = &run.settings.stack.value;
    let account = reading(|| clients.account()).await?;
    let found = discover_with(&clients, stack, &account).await?;
    let own = wanted::own(run)?;
    let mut spec = wanted::spec(run, own.as_ref(), &found.instances(), &clients, &account).await?;
    let live: Vec<InstanceFacts> = found.instances().into_iter().filter_map(|found| found.instance).collect();
    // Office hours that were set by hand go along, and with them what wakes the function.
    spec.is_timed |= live.iter().any(|facts| facts.schedule_by_hand().is_some());
    let keys = match spec.keys {
        None => Vec::new(),
        Some(_) => reading(|| key::read(&clients, stack)).await?,
    };
    let ids = if is_import { Some(ids::find(&clients, &spec, &found, &keys).await?) } else { None };
    let package = wanted::packed(run, own.as_ref(), may_install).await?;
    let told = keys.into_iter().map(|key| (key.name, key.scope, key.digest.as_str().to_owned())).collect();
    let scene = Scene::new(&spec, own.as_ref(), told, live, is_import)?;
    let resources = Part::EVERY.iter().flat_map(|part| of_part(*part, &scene)).collect();
    let internal = spec.environment.get("AWS_ENDPOINT_URL").map(String::as_str);
    let variables = scene.variables(
        run.engine.public_url.as_deref(),
        // Engines tell functions by themselves where they are; what runs is taken over as it is.
        internal.filter(|_| is_import || !run.engine.is_own()),
    );
    let description = Description {
        stack: stack.to_string(),
        digests: scene.digests(),
        tags: Scene::common_tags(),
        image: scene.image(),
        document: scene.shortened(&api::document(scene.marked())),
        variables,
        resources,
        ids,
    };
    Ok(Described { description, spec, package, is_deployed: !found.is_empty() })
}

async fn written(run: &Run<'_>, order: &Order<'_>) -> Result<Exported, Error> {
    let Described { mut description, package, is_deployed, .. } = described(run, order.is_import, true).await?;
    let containers: Vec<ContainerName> = run.settings.containers.value.keys().cloned().collect();
    let mut left_out = Vec::new();
    if !containers.is_empty() {
        left_out.push(LeftOut::Containers { names: containers });
    }
    if let (Format::CloudFormation, Some(ids)) = (order.format, &description.ids) {
        // Its imports make nothing.
        let is_there = |resource: &Resource| ids.all(&resource.thing).next().is_some();
        if description.resources.iter().any(|resource| resource.thing == Thing::ClockRule && !is_there(resource)) {
            left_out.push(LeftOut::Rule { name: clock_rule(&run.settings.stack.value) });
        }
        description.resources.retain(is_there);
    }
    let mut files = files(&description, order.format)?;
    if order.format != Format::Pulumi {
        files.push(File::text(".checkov.yaml", CHECKOV));
    }
    files.push(File { name: "function.zip".to_owned(), bytes: package.zip });
    folder::write(order.folder, &files, &sometimes(order.format), order.is_forced)?;
    let needed = description.variables.iter().filter(|variable| variable.default == Default::Required);
    Ok(Exported {
        stack: run.settings.stack.value.clone(),
        format: order.format,
        folder: order.folder.to_owned(),
        files: files.into_iter().map(|file| file.name).collect(),
        resources: description.resources.len(),
        imports: description.ids.as_ref().map_or(0, |ids| ids.0.len()),
        is_deployed,
        needed: needed.map(|variable| variable.name.clone()).collect(),
        left_out,
    })
}

/// How a stack that Terraform made differs from what a deploy would make.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Difference {
    /// The state that was read.
    pub against: PathBuf,
    /// The addresses of what a deploy would not make.
    pub others: Vec<String>,
    /// The parts, each with the address of its first resource as its id.
    #[serde(skip)]
    pub parts: Vec<PlannedPart>,
}

/// Compares a state of Terraform's, or what `terraform show -json` prints of one, with what a deploy would make.
///
/// # Errors
/// When the file holds no state, or the engine cannot be asked what a deploy would make.
pub async fn compare(run: &Run<'_>, path: &Path) -> Result<Difference, Error> {
    let failed = |source| FolderError::from(disk::Error::Io { action: "read", path: path.to_owned(), source });
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let bad = |key: &str| Error::State { path: path.to_owned(), what: Message::new(key) };
    let held = state::read(&text).map_err(bad)?;
    let Described { description, spec, package, .. } = Box::pin(described(run, false, false)).await?;
    let document = api::document(&spec);
    let comparison =
        state::Comparison { description: &description, code: package.sha256_base64(), spec: &spec, document, held };
    let (parts, others) = comparison.parts();
    Ok(Difference { against: path.to_owned(), others, parts })
}

/// The resources of a part.
fn of_part(part: Part, scene: &Scene<'_>) -> Vec<Resource> {
    match part {
        Part::Instance => instance::exported(scene),
        Part::Role => role::exported(scene),
        Part::LogGroup => log_group::exported(scene),
        Part::Function => function::exported(scene),
        Part::Api => api::exported(scene),
        Part::UsagePlan => usage_plan::exported(scene),
        Part::Key => key::exported(scene),
        Part::Alarm => alarm::exported(scene),
        Part::Clock => clock::exported(scene),
    }
}

/// The names of the files that not every export for a tool has.
fn sometimes(format: Format) -> Vec<String> {
    match format {
        Format::Terraform => terraform::sometimes(),
        Format::CloudFormation => vec![cloudformation::TO_IMPORT.to_owned()],
        Format::Pulumi => pulumi::sometimes(),
    }
}

fn files(description: &Description, format: Format) -> Result<Vec<File>, Error> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = description.variables.iter().find(|variable| !seen.insert(&variable.name)) {
        return Err(Error::Name { name: twice.name.clone(), format: format.as_str() });
    }
    match format {
        Format::Terraform => Ok(terraform::write(description)),
        Format::CloudFormation => cloudformation::write(description),
        Format::Pulumi => Ok(pulumi::write(description)),
    }
}
