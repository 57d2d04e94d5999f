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
    /// A function's URL that is anybody's and does not permit anybody.
    Url {
        /// The function's name.
        function: String,
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
            Self::Url { .. } => "url",
            Self::Variables { .. } => "variables",
            Self::Method { .. } => "method",
            Self::Image { .. } => "image",
        }
    }

    /// What AWS says instead, word for word where AWS says something.
    #[must_use]
    pub fn refusal(&self) -> String {
        match self {
            Self::Credentials { refusal, .. } => refusal.clone(),
            Self::Host { host } => format!("Could not connect to the endpoint URL: \"http://{host}\""),
            Self::Page { .. } => "Not Found".to_owned(),
            Self::Role { .. } => "The role defined for the function cannot be assumed by Lambda.".to_owned(),
            Self::Permission { .. } => {
                "Execution failed due to configuration error: Invalid permissions on Lambda function".to_owned()
            }
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
        }
    }

    /// What leaned on what, for people.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(format!("lean.{}", self.kind()));
        match self {
            Self::Credentials { access_key_id, .. } => message.with("key", access_key_id),
            Self::Host { host } => message.with("host", host),
            Self::Page { path } => message.with("path", path),
            Self::Role { function, role } => message.with("function", function).with("role", role),
            Self::Permission { function, principal, .. } => {
                message.with("function", function).with("principal", principal)
            }
            Self::Url { function } => message.with("function", function),
            Self::Variables { function, names } => message.with("function", function).with("names", names.join(", ")),
            Self::Method { function, method } => message.with("function", function).with("method", method),
            Self::Image { image } => message.with("image", image),
        }
    }

    /// What mends it: a line to paste, or a sentence.
    #[must_use]
    pub fn mend(&self) -> Message {
        match self {
            Self::Credentials { .. } | Self::Host { .. } | Self::Page { .. } | Self::Method { .. } => {
                Message::new(format!("lean.mend.{}", self.kind()))
            }
            Self::Role { role, .. } => {
                const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
                let name = role.rsplit('/').next().unwrap_or(role);
                command(format_args!(
                    "aws iam create-role --role-name {} --assume-role-policy-document {}",
                    quoted(name),
                    quoted(TRUST)
                ))
            }
            Self::Permission { function, principal, source } => command(format_args!(
                "aws lambda add-permission --function-name {} --statement-id {} --action lambda:InvokeFunction \
                 --principal {principal} --source-arn {}",
                quoted(function),
                principal.split('.').next().unwrap_or_default(),
                quoted(source)
            )),
            // It takes two since October 2025.
            Self::Url { function } => {
                let function = quoted(function);
                command(format_args!(
                    "aws lambda add-permission --function-name {function} --statement-id url --action \
                     lambda:InvokeFunctionUrl --principal '*' --function-url-auth-type NONE && aws lambda \
                     add-permission --function-name {function} --statement-id url-invoke --action lambda:InvokeFunction \
                     --principal '*' --invoked-via-function-url"
                ))
            }
            Self::Variables { names, .. } => Message::new("lean.mend.variables").with("names", names.join(", ")),
            Self::Image { .. } => command(format_args!(
                "aws ec2 describe-images --owners amazon --filters 'Name=name,Values=al2023-ami-2023*' --query \
                 'Images[].ImageId'"
            )),
        }
    }
}

fn command(line: std::fmt::Arguments<'_>) -> Message {
    Message::literal(format_args!("`{line}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    fn every() -> [Lean; 9] {
        let text = |text: &str| text.to_owned();
        [
            Lean::Credentials { access_key_id: text("test"), refusal: text("invalid") },
            Lean::Host { host: text("localstack") },
            Lean::Page { path: text("/_localstack/health") },
            Lean::Role { function: text("f"), role: text("arn:aws:iam::000000000000:role/service/any") },
            Lean::Permission {
                function: text("f"),
                principal: text("apigateway.amazonaws.com"),
                source: text("arn:aws:execute-api:us-east-1:000000000000:abc/*"),
            },
            Lean::Url { function: text("f:live") },
            Lean::Variables { function: text("f"), names: vec![text("AWS_REGION")] },
            Lean::Method { function: text("f"), method: text("GET") },
            Lean::Image { image: text("ami-1") },
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
    fn a_line_that_mends_can_be_pasted() {
        let [_, _, _, role, permission, ..] = every();
        let line = role.mend().to_string();
        assert!(line.contains("--role-name 'any' --assume-role-policy-document '{\"Version\""), "{line}");
        let line = permission.mend().to_string();
        assert!(line.contains("--source-arn 'arn:aws:execute-api:us-east-1:000000000000:abc/*'"), "{line}");
        assert!(line.contains("--statement-id apigateway --action"), "{line}");
    }
}
