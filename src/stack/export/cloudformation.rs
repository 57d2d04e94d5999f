//! A stack as a CloudFormation template, the archive beside it.

use super::{
    Error,
    folder::File,
    provider::ASLEEP,
    resource::{Alarm, Body, Default, Description, Resource, Tags, Variable},
    steps,
    value::{Attribute, Entry, Piece, Symbol, Text, Thing, Value},
    yaml::Yaml,
};
use crate::marks::{MANAGER_TAG, STAGE};
use std::collections::BTreeSet;

/// The file that tells an import which resource is which.
pub(super) const TO_IMPORT: &str = "resources-to-import.json";

/// Writes the template.
///
/// # Errors
/// When two names are the same in letters and digits alone, which is all that a template's names may hold.
pub(super) fn write(description: &Description) -> Result<Vec<File>, Error> {
    refuse_equal_names(description)?;
    let parameters: Vec<(String, Yaml)> = parameters(description);
    let mut template = vec![
        ("AWSTemplateFormatVersion".to_owned(), Yaml::Plain("\"2010-09-09\"".to_owned())),
        ("Description".to_owned(), Yaml::text(format!("The stack {} of atelier", description.stack))),
        ("Parameters".to_owned(), Yaml::Map(parameters)),
    ];
    let conditions = conditions(description);
    if !conditions.is_empty() {
        template.push(("Conditions".to_owned(), Yaml::Map(conditions)));
    }
    template.push(("Resources".to_owned(), Yaml::Map(resources(description))));
    let is_import = description.ids.is_some();
    // `As part of the import operation, you cannot modify or add [Outputs]`.
    if !is_import {
        template.push(("Outputs".to_owned(), outputs(description)));
    }
    let head = steps::head(&description.stack, is_import);
    let mut files = vec![File::text("template.yaml", format!("{head}\n{}", Yaml::Map(template).document()))];
    if is_import {
        files.push(File::text(TO_IMPORT, to_import(description)));
    }
    Ok(files)
}

/// A name of lower-case words as CloudFormation has them: letters and digits.
fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    let mut is_first = true;
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            pascal.push(if is_first { character.to_ascii_uppercase() } else { character });
            is_first = false;
        } else {
            is_first = true;
        }
    }
    pascal
}

fn refuse_equal_names(description: &Description) -> Result<(), Error> {
    let variables = description.variables.iter().map(|variable| (pascal(&variable.name), variable.name.clone()));
    let digests = description.digests.iter().map(|digest| (digest_parameter(&digest.key), digest.key.clone()));
    let resources = description.resources.iter().filter(|resource| !is_member(resource));
    let resources = resources.map(|resource| match &resource.thing {
        Thing::Key(key) => (logical_id(description, &resource.thing), key.clone()),
        thing => (logical_id(description, thing), logical_id(description, thing)),
    });
    let mut seen = BTreeSet::new();
    for (written, name) in variables.chain(digests).chain(resources) {
        if !seen.insert(written) {
            return Err(Error::Name { name, format: "CloudFormation" });
        }
    }
    Ok(())
}

/// Whether a resource is a member of another one here: a policy of its role, a target of its rule.
fn is_member(resource: &Resource) -> bool {
    matches!(resource.body, Body::RolePolicy { .. } | Body::ClockTarget { .. })
}

/// The name of a resource in the template.
fn logical_id(description: &Description, thing: &Thing) -> String {
    match thing {
        Thing::Instance(name) => format!("Instance{}", name.as_deref().map(pascal).unwrap_or_default()),
        Thing::ClockRule | Thing::ClockTarget => "ClockRule".to_owned(),
        Thing::ClockPermission => "ClockPermission".to_owned(),
        Thing::Role | Thing::RolePolicy => "Role".to_owned(),
        Thing::LogGroup => "LogGroup".to_owned(),
        Thing::Function => "Function".to_owned(),
        Thing::Api => "Api".to_owned(),
        Thing::Permission => "ApiPermission".to_owned(),
        // Another document is another deployment.
        Thing::Deployment => {
            let body = description.resources.iter().find_map(|resource| match &resource.body {
                Body::Deployment { description } => Some(description.as_str()),
                _ => None,
            });
            format!("ApiDeployment{}", body.unwrap_or_default())
        }
        Thing::Stage => "ApiStage".to_owned(),
        Thing::UsagePlan => "UsagePlan".to_owned(),
        Thing::Key(key) => format!("ApiKey{}", pascal(key)),
        Thing::PlanKey(key) => format!("ApiKey{}InPlan", pascal(key)),
        Thing::Alarm(name) => format!("{}Alarm", pascal(name)),
    }
}

/// Whether a variable is a parameter: AWS itself has the region, no engine is named in a template, and where an engine's
/// API is called only the outputs say, which an import has none of.
fn is_parameter(description: &Description, variable: &Variable) -> bool {
    match variable.name.as_str() {
        "region" | "endpoint" => false,
        "public_endpoint" => description.ids.is_none(),
        _ => true,
    }
}

fn parameters(description: &Description) -> Vec<(String, Yaml)> {
    let parameter = |why: &str, kind: &str, default: Option<&str>, more: Vec<(&str, Yaml)>| {
        let members = [("Description", Yaml::text(why)), ("Type", Yaml::text(kind))].into_iter();
        let default = default.map(|text| ("Default", Yaml::text(text)));
        Yaml::map(members.chain(default).chain(more))
    };
    let mut parameters = vec![
        ("CodeBucket".to_owned(), parameter("The bucket that has the function's archive.", "String", None, Vec::new())),
        ("CodeKey".to_owned(), parameter("The name of the archive in it.", "String", Some("function.zip"), Vec::new())),
    ];
    for variable in description.variables.iter().filter(|variable| is_parameter(description, variable)) {
        let default = match &variable.default {
            Default::Text(text) => Some(text.as_str()),
            Default::Absent => Some(""),
            Default::Required => None,
        };
        let mut more = Vec::new();
        if variable.is_secret {
            more.push(("NoEcho", Yaml::Plain("true".to_owned())));
        }
        if variable.name == "stack" {
            more.push(("AllowedPattern", Yaml::text("[a-z][a-z0-9-]{0,31}")));
        }
        let (name, kind) = match variable.name.as_str() {
            "image_parameter" => ("ImageId".to_owned(), "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"),
            "image_id" => ("ImageId".to_owned(), "AWS::EC2::Image::Id"),
            name => (pascal(name), "String"),
        };
        parameters.push((name, parameter(&variable.why, kind, default, more)));
    }
    for digest in &description.digests {
        let why = format!("The SHA-256 of the API key {}, by which the function knows it.", digest.key);
        let name = digest_parameter(&digest.key);
        parameters.push((name, parameter(&why, "String", Some(&digest.known), Vec::new())));
    }
    parameters
}

fn digest_parameter(key: &str) -> String {
    format!("Key{}Digest", pascal(key))
}

fn condition(variable: &str) -> String {
    format!("Has{}", pascal(variable))
}

fn conditions(description: &Description) -> Vec<(String, Yaml)> {
    let has = |variable: &Variable| {
        let empty = Yaml::List(vec![Yaml::tagged("Ref", Yaml::text(pascal(&variable.name))), Yaml::text("")]);
        (condition(&variable.name), Yaml::tagged("Not", Yaml::List(vec![Yaml::tagged("Equals", empty)])))
    };
    let needed = |variable: &&Variable| {
        let is_optional =
            variable.default == Default::Absent || matches!(variable.name.as_str(), "api_id" | "function_endpoint");
        is_parameter(description, variable) && (is_optional || variable.name == "public_endpoint")
    };
    description.variables.iter().filter(needed).map(has).collect()
}

fn no_value() -> Yaml {
    Yaml::tagged("Ref", Yaml::text("AWS::NoValue"))
}

fn if_given(variable: &str, node: Yaml) -> Yaml {
    Yaml::tagged("If", Yaml::List(vec![Yaml::text(condition(variable)), node, no_value()]))
}

/// A reference: the text that stands for it in a `!Sub`, without `${}` where it is more than a name.
fn in_sub(description: &Description, symbol: &Symbol) -> String {
    match symbol {
        Symbol::Account => "${AWS::AccountId}".to_owned(),
        Symbol::Variable(name) if name == "region" => "${AWS::Region}".to_owned(),
        Symbol::Variable(name) => format!("${{{}}}", pascal(name)),
        Symbol::Digest(key) => format!("${{{}}}", digest_parameter(key)),
        Symbol::Of(thing, attribute) => {
            let id = logical_id(description, thing);
            let here = "${AWS::Region}:${AWS::AccountId}";
            match (thing, attribute) {
                (_, Attribute::Id) => format!("${{{id}}}"),
                // GetAtt's ends in `:*`.
                (Thing::LogGroup, Attribute::Arn) => format!("arn:${{AWS::Partition}}:logs:{here}:log-group:${{{id}}}"),
                (_, Attribute::Arn) => format!("${{{id}.Arn}}"),
                (_, Attribute::InvokeArn) => format!(
                    "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{id}.Arn}}/invocations"
                ),
                (_, Attribute::ExecutionArn) => format!("arn:${{AWS::Partition}}:execute-api:{here}:${{{id}}}"),
            }
        }
    }
}

/// A text: a `!Ref` or `!GetAtt` where it is one reference, a `!Sub` where it has some.
fn text(description: &Description, text: &Text) -> Yaml {
    if let Some(literal) = text.literal() {
        return Yaml::text(literal);
    }
    let piece = |piece: &Piece| match piece {
        Piece::Literal(literal) => literal.replace("${", "${!"),
        Piece::Symbol(symbol) => in_sub(description, symbol),
    };
    let whole: String = text.0.iter().map(piece).collect();
    if let [Piece::Symbol(_)] = text.0.as_slice()
        && let Some(name) =
            whole.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains('$'))
    {
        let tag = if name.contains('.') { "GetAtt" } else { "Ref" };
        return Yaml::tagged(tag, Yaml::text(name));
    }
    Yaml::tagged("Sub", Yaml::text(whole))
}

fn node(description: &Description, value: &Value) -> Yaml {
    match value {
        Value::Text(text) => self::text(description, text),
        Value::Number(number) => Yaml::Plain(number.to_string()),
        Value::Flag(flag) => Yaml::Plain(flag.to_string()),
        Value::Optional(variable) => if_given(variable, Yaml::tagged("Ref", Yaml::text(pascal(variable)))),
        Value::List(items) => Yaml::List(items.iter().map(|item| node(description, item)).collect()),
        Value::Map(entries) => map(description, entries),
        Value::Json(inner) => text(description, &json_text(inner)),
    }
}

fn map(description: &Description, entries: &[Entry]) -> Yaml {
    let member = |entry: &Entry| {
        let inner = node(description, &entry.value);
        let inner = match &entry.needs {
            Some(variable) => if_given(variable, inner),
            None => inner,
        };
        (entry.name.literal().unwrap_or_default().to_owned(), inner)
    };
    Yaml::Map(entries.iter().map(member).collect())
}

/// A value as compact JSON whose texts may have references in them.
fn json_text(value: &Value) -> Text {
    let literal = |text: &str| Text(vec![Piece::Literal(text.to_owned())]);
    let joined = |open: &str, items: Vec<Text>, close: &str| {
        let mut whole = literal(open);
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                whole = whole.then(literal(","));
            }
            whole = whole.then(item);
        }
        whole.then(literal(close))
    };
    let quoted = |text: &Text| {
        let inner = text.0.iter().map(|piece| match piece {
            Piece::Literal(text) => {
                let quoted = serde_json::Value::from(text.as_str()).to_string();
                Piece::Literal(quoted[1..quoted.len() - 1].to_owned())
            }
            symbol @ Piece::Symbol(_) => symbol.clone(),
        });
        literal("\"").then(Text(inner.collect())).then(literal("\""))
    };
    let text = match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => literal(&number.to_string()),
        Value::Flag(flag) => literal(&flag.to_string()),
        Value::Optional(variable) => quoted(&Text::symbol(Symbol::Variable(variable.clone()))),
        Value::Json(inner) => json_text(inner),
        Value::List(items) => joined("[", items.iter().map(json_text).collect(), "]"),
        Value::Map(entries) => {
            let member = |entry: &Entry| quoted(&entry.name).then(literal(":")).then(json_text(&entry.value));
            joined("{", entries.iter().map(member).collect(), "}")
        }
    };
    merged(text)
}

/// The same with neighbouring literals as one.
fn merged(text: Text) -> Text {
    let mut pieces: Vec<Piece> = Vec::new();
    for piece in text.0 {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Literal(before)), Piece::Literal(more)) => before.push_str(&more),
            (_, piece) => pieces.push(piece),
        }
    }
    Text(pieces)
}

/// A document as it is; only its texts may have references in them.
fn document(description: &Description, value: &serde_json::Value) -> Yaml {
    match value {
        serde_json::Value::String(text) => self::text(description, &Text::parse(text)),
        serde_json::Value::Array(items) => Yaml::List(items.iter().map(|item| document(description, item)).collect()),
        serde_json::Value::Object(members) => {
            Yaml::map(members.iter().map(|(name, value)| (name.as_str(), document(description, value))))
        }
        other => Yaml::Plain(other.to_string()),
    }
}

/// All tags of a resource, as CloudFormation lists them.
fn tags(description: &Description, tags: &Tags) -> Yaml {
    let managed = Entry::new(MANAGER_TAG, Value::text("cloudformation"));
    let all = description.tags.iter().chain([&managed]).chain(&tags.0);
    let tag = |entry: &Entry| {
        let pair = Yaml::map([
            ("Key", Yaml::text(entry.name.literal().unwrap_or_default())),
            ("Value", node(description, &entry.value)),
        ]);
        match &entry.needs {
            Some(variable) => if_given(variable, pair),
            None => pair,
        }
    };
    Yaml::List(all.map(tag).collect())
}

fn resources(description: &Description) -> Vec<(String, Yaml)> {
    let mut resources = Vec::new();
    for resource in &description.resources {
        if is_member(resource) {
            continue;
        }
        let (kind, properties, after) = resource_of(description, resource);
        let mut members = vec![("Type", Yaml::text(kind))];
        if description.ids.is_some() {
            members.push(("DeletionPolicy", Yaml::text("Retain")));
            members.push(("UpdateReplacePolicy", Yaml::text("Retain")));
        }
        if let Some(after) = after {
            members.push(("DependsOn", Yaml::text(logical_id(description, &after))));
        }
        members.push(("Properties", Yaml::map(properties)));
        let mut node = Yaml::map(members);
        if !resource.why.is_empty() {
            node = Yaml::Commented(resource.why.to_owned(), Box::new(node));
        }
        resources.push((logical_id(description, &resource.thing), node));
    }
    resources
}

type Properties = Vec<(&'static str, Yaml)>;

/// The type of a resource, its properties, and what it needs without referring to it.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of resource, which is a table")]
fn resource_of(description: &Description, resource: &Resource) -> (&'static str, Properties, Option<Thing>) {
    let node = |value: &Value| self::node(description, value);
    let tags = |tags: &Tags| ("Tags", self::tags(description, tags));
    let reference = |thing: Thing| Yaml::tagged("Ref", Yaml::text(logical_id(description, &thing)));
    let text = |text: &str| Yaml::text(text);
    let number = |number: i64| Yaml::Plain(number.to_string());
    match &resource.body {
        Body::Instance { size, tags: own, .. } => (
            "AWS::EC2::Instance",
            vec![("ImageId", Yaml::tagged("Ref", text("ImageId"))), ("InstanceType", text(size)), tags(own)],
            None,
        ),
        Body::Role { name, trust, tags: own } => {
            let policies = description.resources.iter().filter_map(|resource| match &resource.body {
                Body::RolePolicy { name, policy } => {
                    Some(Yaml::map([("PolicyName", text(name)), ("PolicyDocument", node(policy))]))
                }
                _ => None,
            });
            let policies = Yaml::List(policies.collect());
            (
                "AWS::IAM::Role",
                vec![
                    ("RoleName", node(name)),
                    ("AssumeRolePolicyDocument", node(trust)),
                    ("Policies", policies),
                    tags(own),
                ],
                None,
            )
        }
        Body::RolePolicy { .. } => ("AWS::IAM::RolePolicy", Vec::new(), None),
        Body::ClockTarget { .. } => ("AWS::Events::Rule", Vec::new(), None),
        Body::ClockRule { name, rate, is_asleep, tags: own } => {
            let targets = description.resources.iter().filter_map(|resource| match &resource.body {
                Body::ClockTarget { id } => {
                    Some(Yaml::map([("Id", text(id)), ("Arn", node(&Value::of(Thing::Function, Attribute::Arn)))]))
                }
                _ => None,
            });
            let targets = Yaml::List(targets.collect());
            let mut properties = vec![("Name", node(name)), ("ScheduleExpression", text(rate))];
            if *is_asleep {
                properties.push(("State", text(ASLEEP)));
            }
            properties.extend([("Targets", targets), tags(own)]);
            ("AWS::Events::Rule", properties, None)
        }
        Body::LogGroup { name, days, tags: own } => (
            "AWS::Logs::LogGroup",
            vec![("LogGroupName", node(name)), ("RetentionInDays", number(*days)), tags(own)],
            None,
        ),
        Body::Function(function) => {
            let code = Yaml::map([
                ("S3Bucket", Yaml::tagged("Ref", text("CodeBucket"))),
                ("S3Key", Yaml::tagged("Ref", text("CodeKey"))),
            ]);
            let variables = Yaml::map([("Variables", map(description, &function.environment))]);
            let properties = vec![
                ("FunctionName", node(&Value::variable("function_name"))),
                ("Role", node(&Value::of(Thing::Role, Attribute::Arn))),
                ("Runtime", text(&function.runtime)),
                ("Handler", text(&function.handler)),
                ("Architectures", Yaml::List(vec![text(&function.architecture)])),
                ("Timeout", number(function.timeout)),
                ("MemorySize", number(function.memory)),
                ("Code", code),
                ("Environment", variables),
                tags(&function.tags),
            ];
            ("AWS::Lambda::Function", properties, Some(Thing::LogGroup))
        }
        Body::Api { name, is_strict, tags: own } => {
            let body = document(description, &description.document);
            let mut properties = vec![("Name", node(name)), tags(own)];
            if *is_strict {
                properties.push(("FailOnWarnings", Yaml::Plain("true".to_owned())));
            }
            properties.push(("Body", body));
            ("AWS::ApiGateway::RestApi", properties, None)
        }
        Body::Permission { action, principal, source, .. } => (
            "AWS::Lambda::Permission",
            vec![
                ("FunctionName", reference(Thing::Function)),
                ("Action", text(action)),
                ("Principal", text(principal)),
                ("SourceArn", node(source)),
            ],
            None,
        ),
        Body::Deployment { description } => (
            "AWS::ApiGateway::Deployment",
            vec![("RestApiId", reference(Thing::Api)), ("Description", text(description))],
            Some(Thing::Permission),
        ),
        Body::Stage { name } => (
            "AWS::ApiGateway::Stage",
            vec![
                ("RestApiId", reference(Thing::Api)),
                ("DeploymentId", reference(Thing::Deployment)),
                ("StageName", text(name)),
            ],
            None,
        ),
        Body::UsagePlan { name, rate, burst, stage, tags: own } => (
            "AWS::ApiGateway::UsagePlan",
            vec![
                ("UsagePlanName", node(name)),
                ("ApiStages", Yaml::List(vec![Yaml::map([("ApiId", reference(Thing::Api)), ("Stage", text(stage))])])),
                ("Throttle", Yaml::map([("RateLimit", number(*rate)), ("BurstLimit", number(*burst))])),
                tags(own),
            ],
            Some(Thing::Stage),
        ),
        Body::Key { name, variable, tags: own } => (
            "AWS::ApiGateway::ApiKey",
            vec![
                ("Name", node(name)),
                ("Enabled", Yaml::Plain("true".to_owned())),
                ("Value", node(&Value::Optional(variable.clone()))),
                tags(own),
            ],
            None,
        ),
        Body::Alarm(alarm) => ("AWS::CloudWatch::Alarm", self::alarm(description, alarm), None),
        Body::PlanKey { key } => (
            "AWS::ApiGateway::UsagePlanKey",
            vec![
                ("UsagePlanId", reference(Thing::UsagePlan)),
                ("KeyId", reference(key.clone())),
                ("KeyType", text("API_KEY")),
            ],
            None,
        ),
    }
}

fn alarm(description: &Description, alarm: &Alarm) -> Properties {
    let text = |text: &str| Yaml::text(text);
    let function = Yaml::tagged("Ref", Yaml::text(logical_id(description, &Thing::Function)));
    vec![
        ("AlarmName", node(description, &alarm.name)),
        ("Namespace", text("AWS/Lambda")),
        ("MetricName", text(&alarm.metric)),
        ("Dimensions", Yaml::List(vec![Yaml::map([("Name", text("FunctionName")), ("Value", function)])])),
        (if alarm.is_percentile() { "ExtendedStatistic" } else { "Statistic" }, text(&alarm.statistic)),
        ("Period", Yaml::Plain(alarm.period.to_string())),
        ("EvaluationPeriods", Yaml::Plain("1".to_owned())),
        ("Threshold", node(description, &alarm.threshold)),
        ("ComparisonOperator", text(&alarm.comparison)),
        ("TreatMissingData", text(&alarm.missing)),
        ("Tags", tags(description, &alarm.tags)),
    ]
}

fn outputs(description: &Description) -> Yaml {
    let output = |why: &str, what: Yaml| Yaml::map([("Description", Yaml::text(why)), ("Value", what)]);
    let reference = |thing: Thing| Yaml::tagged("Ref", Yaml::text(logical_id(description, &thing)));
    let api = logical_id(description, &Thing::Api);
    let sub = |text: String| Yaml::tagged("Sub", Yaml::text(text));
    let url = Yaml::tagged(
        "If",
        Yaml::List(vec![
            Yaml::text(condition("public_endpoint")),
            sub(format!("${{PublicEndpoint}}/restapis/${{{api}}}/{STAGE}/_user_request_")),
            sub(format!("https://${{{api}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}")),
        ]),
    );
    let outputs = vec![
        ("Url", output("Where the API is called, without a slash at the end.", url)),
        ("ApiId", output("The id of the API.", reference(Thing::Api))),
        ("FunctionName", output("The name of the function.", reference(Thing::Function))),
    ];
    let mut outputs: Vec<(String, Yaml)> = outputs.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    for (thing, name) in description.instances() {
        let of = name.map(|name| format!(" {name}")).unwrap_or_default();
        let output_name = format!("InstanceId{}", pascal(&of));
        outputs.push((output_name, output(&format!("The id of the instance{of}."), reference(thing.clone()))));
    }
    Yaml::map(outputs)
}

/// What an import is told: which resource of the template is which that there is.
fn to_import(description: &Description) -> String {
    let Some(ids) = &description.ids else { return String::new() };
    let mut list = Vec::new();
    for resource in &description.resources {
        let identifier: serde_json::Map<String, serde_json::Value> = ids
            .all(&resource.thing)
            .filter(|(name, _)| *name != "terraform")
            .map(|(name, id)| (name.to_owned(), id.into()))
            .collect();
        if !identifier.is_empty() {
            list.push(serde_json::json!({
                "ResourceType": resource_of(description, resource).0,
                "LogicalResourceId": logical_id(description, &resource.thing),
                "ResourceIdentifier": identifier,
            }));
        }
    }
    format!("{:#}\n", serde_json::Value::from(list))
}
