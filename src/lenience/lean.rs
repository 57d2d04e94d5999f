//! What a call can lean on: one thing that AWS would have refused, in AWS's words, and what mends it.

use crate::{shell::quoted, text::Message};
use serde::{Deserialize, Serialize};

/// One thing that only a lenient engine lets pass. Two calls that lean on the same thing are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Lean {
    /// Credentials that are not this installation's.
    Credentials {
        /// The access key that was named.
        access_key_id: String,
        /// What AWS says of them.
        refusal: String,
    },
    /// A host name that only a `LocalStack` network knows.
    Host {
        /// The name, without its port.
        host: String,
    },
    /// A page of `LocalStack`'s own.
    Page {
        /// Its path.
        path: String,
    },
    /// A function whose role does not exist.
    Role {
        /// The function's name.
        function: String,
        /// The role's ARN.
        role: String,
        /// Whether it is a role of another account.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_foreign: bool,
    },
    /// A service that invokes a function which does not permit it.
    Permission {
        /// The function's name.
        function: String,
        /// The service (`apigateway.amazonaws.com`).
        principal: String,
        /// What it invokes on behalf of, as a pattern of the whole API, rule or group.
        source: String,
    },
    /// A rule that writes to a log group which no resource policy opens to EventBridge.
    LogGroup {
        /// The group's ARN.
        group: String,
    },
    /// A function's URL that is anybody's and does not permit anybody.
    Url {
        /// The function's name.
        function: String,
        /// What nobody is permitted and somebody would have to be; AWS asks for two since October 2025.
        #[serde(default)]
        actions: Vec<String>,
    },
    /// Environment variables that Lambda sets itself.
    Variables {
        /// The function's name.
        function: String,
        /// The variables' names.
        names: Vec<String>,
    },
    /// An integration that calls its function by another method than POST.
    Method {
        /// The function's name.
        function: String,
        /// The method.
        method: String,
    },
    /// An image that nobody has registered.
    Image {
        /// Its id.
        image: String,
    },
    /// An image whose root device is made of no snapshot.
    Snapshot {
        /// The image's name.
        image: String,
        /// The root device.
        root: String,
    },
    /// A key pair that nobody has made.
    KeyPair {
        /// Its name.
        name: String,
    },
    /// A runtime that AWS has ended.
    Runtime {
        /// The function's name.
        function: String,
        /// The runtime's name.
        runtime: String,
    },
    /// Environment variables with names that Lambda does not take.
    VariableNames {
        /// The function's name.
        function: String,
        /// The variables' names.
        names: Vec<String>,
    },
    /// An instance that is started or stopped while it is still on its way.
    State {
        /// Its id.
        instance: String,
        /// What it is to become: `started` or `stopped`.
        done: String,
    },
}

impl Lean {
    /// The stable word for its kind, as JSON has it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Credentials { .. } => "credentials",
            Self::Host { .. } => "host",
            Self::Page { .. } => "page",
            Self::Role { .. } => "role",
            Self::Permission { .. } => "permission",
            Self::LogGroup { .. } => "log_group",
            Self::Url { .. } => "url",
            Self::Variables { .. } => "variables",
            Self::Method { .. } => "method",
            Self::Image { .. } => "image",
            Self::Snapshot { .. } => "snapshot",
            Self::KeyPair { .. } => "key_pair",
            Self::Runtime { .. } => "runtime",
            Self::VariableNames { .. } => "variable_names",
            Self::State { .. } => "state",
        }
    }

    /// What AWS says instead, word for word where AWS says something.
    #[must_use]
    pub fn refusal(&self) -> String {
        match self {
            Self::Credentials { refusal, .. } => refusal.clone(),
            Self::Host { host } => format!("Could not connect to the endpoint URL: \"http://{host}\""),
            Self::Page { .. } => "Not Found".to_owned(),
            Self::Role { is_foreign: true, .. } => "Cross-account pass role is not allowed.".to_owned(),
            Self::Role { .. } => "The role defined for the function cannot be assumed by Lambda.".to_owned(),
            Self::Permission { .. } => {
                "Execution failed due to configuration error: Invalid permissions on Lambda function".to_owned()
            }
            Self::LogGroup { .. } => "Not delivered, which the metric FailedInvocations of the rule counts".to_owned(),
            Self::Url { .. } => "Forbidden. For troubleshooting Function URL authorization issues, see: \
                                 https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
                .to_owned(),
            Self::Variables { names, .. } => format!(
                "Lambda was unable to configure your environment variables because the environment variables you have \
                 provided contains reserved keys that are currently not supported for modification. Reserved keys used \
                 in this request: {}",
                names.join(", ")
            ),
            Self::Method { .. } => "Unable to determine service/operation name to be authorized".to_owned(),
            Self::Image { image } => format!("The image id '[{image}]' does not exist"),
            Self::Snapshot { root, .. } => format!("The root device {root} must be mapped to a snapshot."),
            Self::KeyPair { name } => format!("The key pair '{name}' does not exist"),
            Self::Runtime { runtime, .. } => format!(
                "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda \
                 functions. We recommend you use a supported runtime while creating or updating functions."
            ),
            // What the variables are is not repeated.
            Self::VariableNames { .. } => {
                "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys \
                 must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"
                    .to_owned()
            }
            Self::State { instance, done } => {
                format!("The instance '{instance}' is not in a state from which it can be {done}.")
            }
        }
    }

    /// What leaned on what, for people.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(format!("lean.{}", self.kind()));
        match self {
            Self::Credentials { access_key_id, .. } if access_key_id.is_empty() => Message::new("lean.unsigned"),
            Self::Credentials { access_key_id, .. } => message.with("key", access_key_id),
            Self::Host { host } => message.with("host", host),
            Self::Page { path } => message.with("path", path),
            Self::Role { function, role, .. } => message.with("function", function).with("role", role),
            Self::Permission { function, principal, .. } => {
                message.with("function", function).with("principal", principal)
            }
            Self::LogGroup { group } => message.with("group", group),
            Self::Url { function, .. } => message.with("function", function),
            Self::Runtime { function, runtime } => message.with("function", function).with("runtime", runtime),
            Self::Variables { function, names } | Self::VariableNames { function, names } => {
                message.with("function", function).with("names", names.join(", "))
            }
            Self::Method { function, method } => message.with("function", function).with("method", method),
            Self::Image { image } | Self::Snapshot { image, .. } => message.with("image", image),
            Self::KeyPair { name } => message.with("name", name),
            Self::State { instance, .. } => message.with("instance", instance),
        }
    }

    /// What mends it: a line to paste, or a sentence.
    #[must_use]
    pub fn mend(&self) -> Message {
        match self {
            Self::Credentials { .. }
            | Self::Host { .. }
            | Self::Page { .. }
            | Self::Method { .. }
            | Self::Runtime { .. }
            | Self::VariableNames { .. } => Message::new(format!("lean.mend.{}", self.kind())),
            Self::Role { role, is_foreign, .. } => {
                const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
                let below = role.split_once(":role/").map_or(role.as_str(), |(_, below)| below);
                let (path, name) = below.rsplit_once('/').unwrap_or(("", below));
                let path =
                    if path.is_empty() { String::new() } else { format!("--path {} ", quoted(&format!("/{path}/"))) };
                let line = command(format_args!(
                    "aws iam create-role --role-name {} {path}--assume-role-policy-document {}",
                    quoted(name),
                    quoted(TRUST)
                ));
                if *is_foreign { Message::new("lean.mend.foreign_role").with_message("line", line) } else { line }
            }
            Self::Permission { function, principal, source } => command(format_args!(
                "aws lambda add-permission --function-name {} --statement-id {} --action lambda:InvokeFunction \
                 --principal {principal} --source-arn {}",
                quoted(function),
                statement_id(principal, source),
                quoted(source)
            )),
            Self::LogGroup { group } => {
                let name = group.rsplit(':').next().unwrap_or_default();
                let policy = format!(
                    r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":["events.amazonaws.com","delivery.logs.amazonaws.com"]}},"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"{group}:*"}}]}}"#
                );
                command(format_args!(
                    "aws logs put-resource-policy --policy-name {} --policy-document {}",
                    quoted(&format!("events{}", plain(name))),
                    quoted(&policy)
                ))
            }
            Self::Url { function, actions } => {
                let function = quoted(function);
                let lines = [
                    ("lambda:InvokeFunctionUrl", "url", "--function-url-auth-type NONE"),
                    ("lambda:InvokeFunction", "url-invoke", "--invoked-via-function-url"),
                ];
                let lacks = |action: &str| actions.is_empty() || actions.iter().any(|lacking| lacking == action);
                let lines = lines.into_iter().filter(|(action, ..)| lacks(action)).map(|(action, id, condition)| {
                    format!(
                        "aws lambda add-permission --function-name {function} --statement-id {id} --action {action} \
                         --principal '*' {condition}"
                    )
                });
                let lines: Vec<String> = lines.collect();
                command(format_args!("{}", lines.join(" && ")))
            }
            Self::Variables { names, .. } => Message::new("lean.mend.variables").with("names", names.join(", ")),
            Self::Snapshot { root, .. } => Message::new("lean.mend.snapshot").with("root", root),
            Self::Image { .. } => command(format_args!(
                "aws ec2 describe-images --owners amazon --filters 'Name=name,Values=al2023-ami-2023*' --query \
                 'Images[].ImageId'"
            )),
            Self::KeyPair { name } => command(format_args!(
                "aws ec2 create-key-pair --key-name {} --query KeyMaterial --output text > key.pem",
                quoted(name)
            )),
            Self::State { instance, done } => {
                let state = if done == "started" { "stopped" } else { "running" };
                command(format_args!("aws ec2 wait instance-{state} --instance-ids {}", quoted(instance)))
            }
        }
    }
}

/// The id of a statement that permits a service, on behalf of one API, rule or group, to invoke a function.
fn statement_id(principal: &str, source: &str) -> String {
    let service = principal.split('.').next().unwrap_or_default();
    // The last part of the ARN that says anything: the id of an API, the name of an alarm.
    let mut parts = source.rsplit(':').map(|part| part.split('/').next().unwrap_or_default());
    let of = parts.find(|part| part.bytes().any(|byte| byte.is_ascii_alphanumeric())).unwrap_or_default();
    format!("{service}-{}", plain(of))
}

/// What of a name may be in another: letters, digits and signs that mean nothing.
fn plain(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    name.chars().take(64).map(plain).collect()
}

fn command(line: std::fmt::Arguments<'_>) -> Message {
    Message::literal(format_args!("`{line}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    fn every() -> [Lean; 15] {
        let text = |text: &str| text.to_owned();
        [
            Lean::Credentials { access_key_id: text("test"), refusal: text("invalid") },
            Lean::Host { host: text("localstack") },
            Lean::Page { path: text("/_localstack/health") },
            Lean::Role {
                function: text("f"),
                role: text("arn:aws:iam::000000000000:role/service/any"),
                is_foreign: true,
            },
            Lean::Permission {
                function: text("f"),
                principal: text("apigateway.amazonaws.com"),
                source: text("arn:aws:execute-api:us-east-1:000000000000:abc/*"),
            },
            Lean::Url { function: text("f:live"), actions: Vec::new() },
            Lean::Variables { function: text("f"), names: vec![text("AWS_REGION")] },
            Lean::Method { function: text("f"), method: text("GET") },
            Lean::Image { image: text("ami-1") },
            Lean::KeyPair { name: text("nokey") },
            Lean::Runtime { function: text("f"), runtime: text("python3.8") },
            Lean::VariableNames { function: text("f"), names: vec![text("V")] },
            Lean::State { instance: text("i-1"), done: text("started") },
            Lean::Snapshot { image: text("mine"), root: text("/dev/sda1") },
            Lean::LogGroup { group: text("arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/all") },
        ]
    }

    #[test]
    fn each_is_told_and_mended_in_both_languages() {
        for lean in every() {
            for lang in [Lang::En, Lang::Fr] {
                let (told, mend) = (lean.message().render(lang), lean.mend().render(lang));
                assert!(!told.contains("lean.") && !mend.contains("lean."), "{told} {mend}");
                assert!(!told.contains("%{") && !mend.contains("%{"), "{told} {mend}");
            }
            assert_eq!(serde_json::to_value(&lean).unwrap()["kind"], lean.kind());
        }
    }

    #[test]
    fn what_variables_are_called_is_told_to_people_and_not_in_a_refusal() {
        let lean = Lean::VariableNames { function: "f".to_owned(), names: vec!["_TOKEN".to_owned()] };
        assert!(lean.message().render(Lang::En).contains("_TOKEN"));
        let rule = "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]";
        let value = "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: ";
        assert_eq!(lean.refusal(), format!("{value}Map keys must satisfy constraint: {rule}"));
    }

    #[test]
    fn a_line_that_mends_can_be_pasted() {
        let [_, _, _, role, permission, url, ..] = every();
        let line = role.mend().render(Lang::En);
        let created = "--role-name 'any' --path '/service/' --assume-role-policy-document '{\"Version\"";
        assert!(line.contains(created) && line.contains("this account"), "{line}");
        let arn = "arn:aws:iam::000000000000:role/any".to_owned();
        let own = Lean::Role { function: "f".to_owned(), role: arn, is_foreign: false }.mend().to_string();
        assert!(own.starts_with("`aws iam") && own.contains("--role-name 'any' --assume"), "{own}");
        let both = url.mend().to_string();
        assert_eq!(both.matches("add-permission").count(), 2, "{both}");
        let actions = vec!["lambda:InvokeFunction".to_owned()];
        let one = Lean::Url { function: "f".to_owned(), actions }.mend().to_string();
        assert!(!one.contains("&&") && one.contains("--invoked-via-function-url"), "{one}");
        let line = permission.mend().to_string();
        assert!(line.contains("--source-arn 'arn:aws:execute-api:us-east-1:000000000000:abc/*'"), "{line}");
        assert!(line.contains("--statement-id apigateway-abc --action"), "{line}");
        let rule = statement_id("events.amazonaws.com", "arn:aws:events:us-east-1:000000000000:rule/*");
        let group = statement_id("logs.amazonaws.com", "arn:aws:logs:us-east-1:000000000000:log-group:/*");
        assert_eq!((rule.as_str(), group.as_str()), ("events-rule", "logs-log-group"));
        let [.., written] = every();
        let line = written.mend().to_string();
        assert!(line.contains("--policy-name 'events-aws-events-all' --policy-document '{\"Version\""), "{line}");
        assert!(line.contains("log-group:/aws/events/all:*\"}]}'"), "{line}");
    }
}
