//! What `call` accepts: an action of atelier's own function, or a path and what goes with it.

use crate::{
    contract::{Action, Lifetime, Target},
    names::{ContainerName, InstanceType},
    settings::Rule,
};
use clap::{
    Args, ValueEnum,
    builder::{EnumValueParser, PossibleValue, TypedValueParser},
};
use std::ffi::OsStr;

/// Arguments of `call`.
#[derive(Debug, Args)]
pub struct Call {
    /// What the API is asked to do, or a path of it.
    #[arg(value_name = "ACTION", value_parser = CalledParser)]
    pub action: Called,
    /// What it is asked to do it to.
    #[arg(long, value_enum, value_name = "TARGET", default_value = "ec2")]
    pub target: Target,
    /// The container's name, or the instance's.
    #[arg(long, value_name = "NAME")]
    pub name: Option<ContainerName>,
    /// All of the target.
    #[arg(long)]
    pub all: bool,
    /// How long it may run.
    #[arg(long = "for", id = "for", value_name = "DURATION", value_parser = crate::settings::lifetime)]
    pub lifetime: Option<Lifetime>,
    /// The instance's type to be.
    #[arg(long = "type", id = "type", value_name = "TYPE", value_parser = crate::settings::instance_type)]
    pub kind: Option<InstanceType>,
    /// Stops and starts a running instance for it.
    #[arg(long)]
    pub restart: bool,
    /// The method, with a path.
    #[arg(long, short = 'X', value_name = "METHOD", value_parser = method)]
    pub method: Option<http::Method>,
    /// A header, with a path.
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(String, String)>,
    /// The body, with a path.
    #[arg(long, short = 'd', value_name = "BODY")]
    pub data: Option<String>,
}

/// What is called: an action of atelier's own function, or a path below the API's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// An action.
    Action(Action),
    /// A path, and perhaps a query.
    Path(String),
}

/// Takes what begins with a slash for a path, and anything else for an action.
#[derive(Debug, Clone)]
struct CalledParser;

impl TypedValueParser for CalledParser {
    type Value = Called;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Called, clap::Error> {
        match value.to_str() {
            Some(path) if path.starts_with('/') && !path.contains(char::is_whitespace) => {
                Ok(Called::Path(path.to_owned()))
            }
            _ => EnumValueParser::<Action>::new().parse_ref(command, arg, value).map(Called::Action),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values: Vec<PossibleValue> =
            Action::value_variants().iter().filter_map(Action::to_possible_value).collect();
        Some(Box::new(values.into_iter()))
    }
}

fn method(text: &str) -> Result<http::Method, Rule> {
    let method = text.to_ascii_uppercase().parse().ok();
    method.filter(|_| text.bytes().all(|byte| byte.is_ascii_alphabetic())).ok_or_else(|| Rule::new("method"))
}

fn header(text: &str) -> Result<(String, String), Rule> {
    let header = text.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    header
        .filter(|(name, value)| http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok())
        .ok_or_else(|| Rule::new("header"))
}
