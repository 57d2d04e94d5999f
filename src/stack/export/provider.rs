//! Resources in the words of the AWS provider, which Terraform's language and Pulumi's programs share.
//!
//! Attributes that are left out are those whose default is meant: what is written is what a reader has to know.

use super::{
    resource::{Alarm, Body, Description, Function, Ids, Resource, Tags},
    value::{Attribute, Entry, Symbol, Text, Thing, Value},
};

/// The services that the resources are of, as the provider names them.
pub(super) const SERVICES: [&str; 9] =
    ["apigateway", "cloudwatch", "ec2", "events", "iam", "lambda", "logs", "ssm", "sts"];

/// A member of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// An attribute.
    Attribute(&'static str, Value),
    /// A block; `true` where there may be several.
    Block(&'static str, bool, Vec<Field>),
    /// The tags, to which those of all of the stack are added.
    Tags(Tags),
    /// The function's archive: its path, and what tells one from another.
    Archive,
    /// The API's document, filled in.
    Document,
    /// The instance's image.
    Image,
    /// Deploys anew when the document has changed.
    Redeployment,
}

impl Field {
    /// Whether a symbol is somewhere in it.
    pub(super) fn mentions(&self, symbol: &Symbol) -> bool {
        match self {
            Self::Attribute(_, value) => value.mentions(symbol),
            Self::Block(_, _, fields) => fields.iter().any(|field| field.mentions(symbol)),
            Self::Tags(tags) => tags.0.iter().any(|entry| entry.value.mentions(symbol)),
            Self::Archive | Self::Document | Self::Image | Self::Redeployment => false,
        }
    }
}

/// A resource of the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Provided {
    /// Its type, as Terraform names it.
    pub(super) kind: &'static str,
    /// Its name in the files.
    pub(super) name: String,
    /// Its members.
    pub(super) fields: Vec<Field>,
    /// What it needs without referring to it.
    pub(super) after: Vec<Thing>,
    /// The attributes that are left as they are, and why.
    pub(super) ignored: Option<(Vec<&'static str>, &'static str)>,
    /// Whether the new one is made before the old one goes.
    pub(super) is_made_first: bool,
    /// The id by which one that is there is taken over, and what is not read from one and so is left alone.
    pub(super) import: Option<(String, Vec<&'static str>)>,
}

/// A type of the provider: Terraform's name, and where Pulumi has it.
pub(super) struct Kind {
    pub(super) terraform: &'static str,
    pub(super) pulumi: &'static str,
}

/// Tells the type of a resource.
pub(super) fn kind(thing: &Thing) -> Kind {
    let (terraform, pulumi) = match thing {
        Thing::Instance(_) => ("aws_instance", "aws.ec2.Instance"),
        Thing::Role => ("aws_iam_role", "aws.iam.Role"),
        Thing::RolePolicy => ("aws_iam_role_policy", "aws.iam.RolePolicy"),
        Thing::LogGroup => ("aws_cloudwatch_log_group", "aws.cloudwatch.LogGroup"),
        Thing::Function => ("aws_lambda_function", "aws.lambda_.Function"),
        Thing::Api => ("aws_api_gateway_rest_api", "aws.apigateway.RestApi"),
        Thing::Permission | Thing::ClockPermission => ("aws_lambda_permission", "aws.lambda_.Permission"),
        Thing::ClockRule => ("aws_cloudwatch_event_rule", "aws.cloudwatch.EventRule"),
        Thing::ClockTarget => ("aws_cloudwatch_event_target", "aws.cloudwatch.EventTarget"),
        Thing::Deployment => ("aws_api_gateway_deployment", "aws.apigateway.Deployment"),
        Thing::Stage => ("aws_api_gateway_stage", "aws.apigateway.Stage"),
        Thing::UsagePlan => ("aws_api_gateway_usage_plan", "aws.apigateway.UsagePlan"),
        Thing::Key(_) => ("aws_api_gateway_api_key", "aws.apigateway.ApiKey"),
        Thing::PlanKey(_) => ("aws_api_gateway_usage_plan_key", "aws.apigateway.UsagePlanKey"),
        Thing::Alarm(_) => ("aws_cloudwatch_metric_alarm", "aws.cloudwatch.MetricAlarm"),
    };
    Kind { terraform, pulumi }
}

/// Tells the name of a resource among those of its type.
pub(super) fn name(thing: &Thing) -> String {
    match thing {
        Thing::Instance(None) => "instance".to_owned(),
        Thing::ClockRule | Thing::ClockTarget | Thing::ClockPermission => "clock".to_owned(),
        Thing::Role | Thing::RolePolicy | Thing::LogGroup | Thing::Function => "function".to_owned(),
        Thing::Api | Thing::Permission | Thing::Deployment | Thing::Stage | Thing::UsagePlan => "api".to_owned(),
        Thing::Instance(Some(name)) | Thing::Key(name) | Thing::PlanKey(name) | Thing::Alarm(name) => {
            name.replace('-', "_")
        }
    }
}

/// Tells what the provider calls an attribute.
pub(super) fn attribute(thing: &Thing, attribute: Attribute) -> &'static str {
    match (thing, attribute) {
        (Thing::Role | Thing::ClockRule, Attribute::Id) => "name",
        (Thing::Function, Attribute::Id) => "function_name",
        (_, Attribute::Id) => "id",
        (_, Attribute::Arn) => "arn",
        (_, Attribute::InvokeArn) => "invoke_arn",
        (_, Attribute::ExecutionArn) => "execution_arn",
    }
}

/// The state of a rule that wakes nobody.
pub(super) const ASLEEP: &str = "DISABLED";

fn id(thing: Thing) -> Value {
    Value::of(thing, Attribute::Id)
}

fn text(text: &str) -> Value {
    Value::text(text)
}

/// Says a resource in the provider's words.
#[expect(clippy::too_many_lines, reason = "a table: a row for each kind of resource")]
pub(super) fn provided(resource: &Resource, ids: Option<&Ids>) -> Provided {
    use Field::{Attribute as Set, Block, Document, Image, Redeployment};
    let thing = &resource.thing;
    let known = |name: &str| ids.and_then(|ids| ids.get(thing, name)).map(ToOwned::to_owned);
    let mut after = Vec::new();
    let mut ignored = None;
    let mut is_made_first = false;
    let mut unread: Vec<&'static str> = Vec::new();
    let fields = match &resource.body {
        Body::Instance { size, is_resized, tags } => {
            ignored = Some(if *is_resized {
                (
                    vec!["ami", "instance_type"],
                    "A newer image must not replace what is in use, and the API changes the type.",
                )
            } else {
                (vec!["ami"], "A newer image must not replace an instance that is in use.")
            });
            unread.push("user_data_replace_on_change");
            vec![Image, Set("instance_type", text(size)), Field::Tags(tags.clone())]
        }
        Body::Role { name, trust, tags } => vec![
            Set("name", name.clone()),
            Set("assume_role_policy", Value::Json(Box::new(trust.clone()))),
            Field::Tags(tags.clone()),
        ],
        Body::RolePolicy { name, policy } => vec![
            Set("name", text(name)),
            Set("role", id(Thing::Role)),
            Set("policy", Value::Json(Box::new(policy.clone()))),
        ],
        Body::LogGroup { name, days, tags } => {
            vec![Set("name", name.clone()), Set("retention_in_days", Value::Number(*days)), Field::Tags(tags.clone())]
        }
        Body::Function(function) => {
            // Lambda would make a group of its own, which keeps its lines for ever and belongs to nobody.
            after.push(Thing::LogGroup);
            unread.extend(["filename", "source_code_hash", "publish"]);
            if function.has_secrets {
                unread.push("environment");
            }
            self::function(function)
        }
        Body::Api { name, is_strict, tags } => {
            unread.extend(["body", "put_rest_api_mode", "fail_on_warnings"]);
            let mut fields = vec![Set("name", name.clone()), Document];
            if *is_strict {
                fields.push(Set("fail_on_warnings", Value::Flag(true)));
            }
            fields.push(Field::Tags(tags.clone()));
            fields
        }
        Body::ClockRule { name, rate, is_asleep, tags } => {
            unread.push("force_destroy");
            let mut fields = vec![Set("name", name.clone()), Set("schedule_expression", text(rate))];
            if *is_asleep {
                fields.push(Set("state", text(ASLEEP)));
                ignored = Some((vec!["state"], "The function turns it on."));
            }
            fields.push(Field::Tags(tags.clone()));
            fields
        }
        Body::ClockTarget { id: target } => {
            unread.push("force_destroy");
            vec![
                Set("rule", id(Thing::ClockRule)),
                Set("target_id", text(target)),
                Set("arn", Value::of(Thing::Function, Attribute::Arn)),
            ]
        }
        Body::Permission { sid, action, principal, source } => vec![
            Set("statement_id", sid.clone()),
            Set("function_name", id(Thing::Function)),
            Set("action", text(action)),
            Set("principal", text(principal)),
            Set("source_arn", source.clone()),
        ],
        Body::Deployment { description } => {
            after.push(Thing::Permission);
            is_made_first = true;
            unread.push("triggers");
            vec![Set("rest_api_id", id(Thing::Api)), Set("description", text(description)), Redeployment]
        }
        Body::Stage { name } => vec![
            Set("rest_api_id", id(Thing::Api)),
            Set("deployment_id", id(Thing::Deployment)),
            Set("stage_name", text(name)),
        ],
        Body::UsagePlan { name, rate, burst, stage, tags } => {
            after.push(Thing::Stage);
            let stages = vec![Set("api_id", id(Thing::Api)), Set("stage", text(stage))];
            let limits = vec![Set("rate_limit", Value::Number(*rate)), Set("burst_limit", Value::Number(*burst))];
            vec![
                Set("name", name.clone()),
                Block("api_stages", true, stages),
                Block("throttle_settings", false, limits),
                Field::Tags(tags.clone()),
            ]
        }
        Body::Key { name, variable, tags } => {
            unread.extend(["value", "description"]);
            vec![Set("name", name.clone()), Set("value", Value::Optional(variable.clone())), Field::Tags(tags.clone())]
        }
        Body::Alarm(alarm) => self::alarm(alarm),
        Body::PlanKey { key } => vec![
            Set("usage_plan_id", id(Thing::UsagePlan)),
            Set("key_id", id(key.clone())),
            Set("key_type", text("API_KEY")),
        ],
    };
    let import = known("terraform").map(|id| (id, unread));
    Provided { kind: kind(thing).terraform, name: name(thing), fields, after, ignored, is_made_first, import }
}

fn alarm(alarm: &Alarm) -> Vec<Field> {
    use Field::Attribute as Set;
    let function = Value::Map(vec![Entry::new("FunctionName", id(Thing::Function))]);
    vec![
        Set("alarm_name", alarm.name.clone()),
        Set("namespace", text("AWS/Lambda")),
        Set("metric_name", text(&alarm.metric)),
        Set("dimensions", function),
        Set(if alarm.is_percentile() { "extended_statistic" } else { "statistic" }, text(&alarm.statistic)),
        Set("period", Value::Number(alarm.period)),
        Set("evaluation_periods", Value::Number(1)),
        Set("threshold", alarm.threshold.clone()),
        Set("comparison_operator", text(&alarm.comparison)),
        // Who is not called does nothing wrong.
        Set("treat_missing_data", text(&alarm.missing)),
        Field::Tags(alarm.tags.clone()),
    ]
}

fn function(function: &Function) -> Vec<Field> {
    use Field::{Archive, Attribute as Set, Block};
    let variables = Value::Map(function.environment.clone());
    vec![
        Set("function_name", Value::variable("function_name")),
        Set("role", Value::of(Thing::Role, Attribute::Arn)),
        Set("runtime", text(&function.runtime)),
        Set("handler", text(&function.handler)),
        Set("architectures", Value::texts([&function.architecture])),
        Set("timeout", Value::Number(function.timeout)),
        Set("memory_size", Value::Number(function.memory)),
        Archive,
        Block("environment", false, vec![Set("variables", variables)]),
        Field::Tags(function.tags.clone()),
    ]
}

/// What Pulumi calls an attribute that Terraform calls otherwise.
pub(super) fn in_pulumi(thing: &Thing, attribute: &'static str) -> &'static str {
    match (thing, attribute) {
        (Thing::Function, "function_name") | (Thing::Alarm(_), "alarm_name") => "name",
        (Thing::Permission | Thing::ClockPermission, "function_name") => "function",
        (Thing::Deployment | Thing::Stage, "rest_api_id") => "rest_api",
        (Thing::Stage, "deployment_id") => "deployment",
        (_, "filename") => "code",
        (_, other) => other,
    }
}

/// The symbols that the API's document may refer to, by the names under which it gets them.
pub(super) fn document_names(document: &Text) -> Vec<(String, Symbol)> {
    let mut names: Vec<(String, Symbol)> = Vec::new();
    for piece in &document.0 {
        let super::value::Piece::Symbol(symbol) = piece else { continue };
        let name = document_name(symbol);
        if !names.iter().any(|(known, _)| *known == name) {
            names.push((name, symbol.clone()));
        }
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    names
}

/// The name of a symbol in the API's document.
pub(super) fn document_name(symbol: &Symbol) -> String {
    match symbol {
        Symbol::Account => "account".to_owned(),
        Symbol::Variable(name) => name.clone(),
        Symbol::Digest(key) => format!("digest_{key}"),
        Symbol::Of(thing, what) => format!("{}_{}", name(thing), attribute(thing, *what)),
    }
}

/// The entries of a map that are always there, and those that need a variable, by that variable.
pub(super) fn by_need(entries: &[Entry]) -> (Vec<&Entry>, Vec<(&str, Vec<&Entry>)>) {
    let always = entries.iter().filter(|entry| entry.needs.is_none()).collect();
    let mut needing: Vec<(&str, Vec<&Entry>)> = Vec::new();
    for entry in entries {
        let Some(variable) = entry.needs.as_deref() else { continue };
        match needing.iter_mut().find(|(known, _)| *known == variable) {
            Some((_, entries)) => entries.push(entry),
            None => needing.push((variable, vec![entry])),
        }
    }
    (always, needing)
}

impl Description {
    /// Whether anything refers to a symbol.
    pub(super) fn mentions(&self, symbol: &Symbol) -> bool {
        let documents = document_names(&Text::parse(&self.document.to_string()));
        documents.iter().any(|(_, known)| known == symbol)
            || self.resources.iter().any(|resource| {
                let fields = provided(resource, None).fields;
                fields.iter().any(|field| field.mentions(symbol))
            })
    }
}
