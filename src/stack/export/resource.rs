//! A resource of the stack in no tool's language, and everything that is written besides resources: variables, outputs.
//!
//! What a resource *is* stands here once; `provider` says it in the words of the AWS provider that Terraform and Pulumi
//! share, `cloudformation` in those of CloudFormation.

use super::value::{Entry, Thing, Value};
use crate::stack::part::Part;

/// The file that a resource is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::stack) enum Concern {
    /// The instances.
    Compute,
    /// The function's log.
    Logs,
    /// Who may do what.
    Iam,
    /// The function.
    Function,
    /// What wakes the function.
    Clock,
    /// What watches the function.
    Alarms,
    /// The API and its keys.
    Api,
}

impl Concern {
    /// Every one, each after what it refers to.
    pub(super) const ALL: [Self; 7] =
        [Self::Compute, Self::Logs, Self::Iam, Self::Function, Self::Clock, Self::Alarms, Self::Api];

    /// The name of its file, without an extension.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Compute => "main",
            Self::Logs => "logs",
            Self::Iam => "iam",
            Self::Function => "function",
            Self::Clock => "clock",
            Self::Alarms => "alarms",
            Self::Api => "api",
        }
    }
}

/// The tags of a resource, without those that all of the stack have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Tags(pub(in crate::stack) Vec<Entry>);

/// What a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Body {
    /// An EC2 instance.
    Instance { size: String, is_resized: bool, tags: Tags },
    /// A role, and who may run as it.
    Role { name: Value, trust: Value, tags: Tags },
    /// An inline policy of the role.
    RolePolicy { name: String, policy: Value },
    /// A log group.
    LogGroup { name: Value, days: i64, tags: Tags },
    /// A function, whose code is the archive beside it.
    Function(Function),
    /// An API that is deployed from the document beside it.
    Api { name: Value, is_strict: bool, tags: Tags },
    /// A rule that wakes the function, asleep until the function turns it on where nothing needs it yet.
    ClockRule { name: Value, rate: String, is_asleep: bool, tags: Tags },
    /// That it wakes the function.
    ClockTarget { id: String },
    /// Leave to call the function.
    Permission { sid: Value, action: String, principal: String, source: Value },
    /// What is served of the API.
    Deployment { description: String },
    /// Where it is served.
    Stage { name: String },
    /// A usage plan of the API's stage.
    UsagePlan { name: Value, rate: i64, burst: i64, stage: String, tags: Tags },
    /// An API key, by the variable that may hold its value.
    Key { name: Value, variable: String, tags: Tags },
    /// An alarm on one of the function's metrics.
    Alarm(Alarm),
    /// An API key in the usage plan.
    PlanKey { key: Thing },
}

/// What a function is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Function {
    pub(in crate::stack) runtime: String,
    pub(in crate::stack) handler: String,
    /// Seconds.
    pub(in crate::stack) timeout: i64,
    /// MiB.
    pub(in crate::stack) memory: i64,
    pub(in crate::stack) architecture: String,
    pub(in crate::stack) environment: Vec<Entry>,
    /// Whether a secret of its environment is not in the files.
    pub(in crate::stack) has_secrets: bool,
    pub(in crate::stack) tags: Tags,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Alarm {
    pub(in crate::stack) name: Value,
    /// Lambda's metric.
    pub(in crate::stack) metric: String,
    /// How much of it is looked at: `Sum`, or a percentile such as `p95`.
    pub(in crate::stack) statistic: String,
    /// Seconds.
    pub(in crate::stack) period: i64,
    pub(in crate::stack) threshold: Value,
    pub(in crate::stack) comparison: String,
    pub(in crate::stack) missing: String,
    pub(in crate::stack) tags: Tags,
}

impl Alarm {
    /// Whether the statistic is a percentile, which is a member of its own everywhere.
    pub(super) fn is_percentile(&self) -> bool {
        self.statistic.starts_with('p')
    }
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Resource {
    /// The part that it belongs to.
    pub(in crate::stack) part: Part,
    /// How others refer to it.
    pub(in crate::stack) thing: Thing,
    /// Its file.
    pub(in crate::stack) concern: Concern,
    /// Why it is there, or is as it is; lines.
    pub(in crate::stack) why: &'static str,
    /// What it is.
    pub(in crate::stack) body: Body,
}

/// What a variable is when nobody says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Default {
    /// This.
    Text(String),
    /// Nothing.
    Absent,
    /// It has to be said.
    Required,
}

/// A variable of what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Variable {
    /// Its name, in lower case with underscores.
    pub(in crate::stack) name: String,
    /// What it is for, one sentence.
    pub(in crate::stack) why: String,
    /// Its value when nobody says otherwise.
    pub(in crate::stack) default: Default,
    /// Whether it must not be shown.
    pub(in crate::stack) is_secret: bool,
}

/// An API key: its digest where nobody tells its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Digest {
    /// The key's name.
    pub(in crate::stack) key: String,
    /// The variable that may hold the key.
    pub(in crate::stack) variable: String,
    /// The digest of the key that there is.
    pub(in crate::stack) known: String,
}

/// Where the instance's image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Image {
    /// It is an id.
    Id(String),
    /// A public parameter of Systems Manager tells the newest.
    Parameter(String),
}

/// Ids of a stack that runs, which an import needs.
#[derive(Debug, Clone, PartialEq, Eq, std::default::Default)]
pub(in crate::stack) struct Ids(pub(in crate::stack) Vec<(Thing, Vec<(&'static str, String)>)>);

impl Ids {
    /// What is known of a resource by a name.
    pub(super) fn get(&self, thing: &Thing, name: &str) -> Option<&str> {
        self.all(thing).find(|(known, _)| *known == name).map(|(_, id)| id)
    }

    /// Everything that is known of a resource.
    pub(super) fn all(&self, thing: &Thing) -> impl Iterator<Item = (&'static str, &str)> {
        let of = self.0.iter().filter(move |(known, _)| known == thing);
        of.flat_map(|(_, ids)| ids.iter().map(|(name, id)| (*name, id.as_str())))
    }
}

/// A whole stack, ready to be written in any language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) struct Description {
    /// The stack's name.
    pub(in crate::stack) stack: String,
    /// The variables, in the order of reading.
    pub(in crate::stack) variables: Vec<Variable>,
    /// The digests of its keys.
    pub(in crate::stack) digests: Vec<Digest>,
    /// The tags of every resource.
    pub(in crate::stack) tags: Vec<Entry>,
    /// Where the instance's image comes from.
    pub(in crate::stack) image: Image,
    /// The resources, each after what it refers to.
    pub(in crate::stack) resources: Vec<Resource>,
    /// The API's document, with marks.
    pub(in crate::stack) document: serde_json::Value,
    /// The ids of the stack that runs, where it is to be taken over.
    pub(in crate::stack) ids: Option<Ids>,
}

impl Description {
    /// The instances, with the names of those that have one.
    pub(super) fn instances(&self) -> impl Iterator<Item = (&Thing, Option<&str>)> {
        self.resources.iter().filter_map(|resource| match &resource.thing {
            thing @ Thing::Instance(name) => Some((thing, name.as_deref())),
            _ => None,
        })
    }
}
