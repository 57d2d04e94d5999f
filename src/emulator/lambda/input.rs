//! What clients send to create or change a function, checked once and turned into what is stored.
//!
//! A parameter that would change how the function runs and that the emulator lacks is refused, not ignored.

use super::{
    code::CodeInput,
    error::{invalid, null, validation},
    function::FunctionSettings,
    logging::{Logging, LoggingInput},
};
use crate::{
    emulator::{runtime::environment, service::Scope, wire::AwsError},
    lenience::Lean,
    names,
    runtimes::Runtime,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is said where one of them is missing.
const MANDATORY: &str = "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
/// The runtimes without an interpreter: their functions bring their own program.
const CUSTOM: [&str; 2] = ["provided.al2023", "provided.al2"];
/// One of them that AWS has ended, and that still runs here.
const ENDED_CUSTOM: &str = "provided";
/// The others that AWS has ended, of languages that do not run here.
const ENDED: [&str; 9] = [
    "go1.x",
    "java8",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet5.0",
    "ruby2.5",
    "ruby2.7",
];
/// The most bytes of environment, written as JSON: Lambda's own limit.
const MAX_ENVIRONMENT: usize = 4096;

/// What `CreateFunction` takes beside [`SettingsInput`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    pub(super) function_name: String,
    pub(super) runtime: Option<String>,
    pub(super) code: CodeInput,
    pub(super) architectures: Option<Vec<String>>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    pub(super) package_type: Option<String>,
    #[serde(default)]
    pub(super) publish: bool,
    code_signing_config_arn: Option<String>,
}

impl Create {
    /// Refuses what only `CreateFunction` takes and the emulator lacks.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        refuse([("CodeSigningConfigArn", self.code_signing_config_arn.as_ref().is_some_and(|arn| !arn.is_empty()))])
    }
}

/// What `UpdateFunctionCode` takes beside [`CodeInput`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateCode {
    pub(super) function_name: String,
    pub(super) architectures: Option<Vec<String>>,
    #[serde(default)]
    pub(super) dry_run: bool,
    #[serde(default)]
    pub(super) publish: bool,
    pub(super) revision_id: Option<String>,
}

/// What `CreateFunction` and `UpdateFunctionConfiguration` share; absent members keep their value.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SettingsInput {
    role: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    tracing_config: Option<Tracing>,
    ephemeral_storage: Option<Storage>,
    /// The ARNs of layers, which whoever knows them looks up.
    pub(super) layers: Option<Vec<String>>,
    vpc_config: Option<VpcConfig>,
    file_system_configs: Option<Vec<Value>>,
    image_config: Option<Value>,
    dead_letter_config: Option<DeadLetterConfig>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<String>,
    snap_start: Option<SnapStart>,
    logging_config: Option<LoggingInput>,
    /// Whether names of variables pass that Lambda refuses.
    #[serde(skip)]
    takes_any_name: bool,
}

/// What `UpdateFunctionConfiguration` takes beside [`SettingsInput`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateConfiguration {
    pub(super) function_name: String,
    pub(super) runtime: Option<String>,
    pub(super) revision_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tracing {
    mode: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Storage {
    size: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VpcConfig {
    #[serde(default)]
    subnet_ids: Vec<Value>,
    #[serde(default)]
    security_group_ids: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    target_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnapStart {
    apply_on: Option<String>,
}

impl SettingsInput {
    /// Makes the settings of a new function, with Lambda's own defaults.
    pub(super) fn create(self) -> Result<FunctionSettings, AwsError> {
        let defaults = FunctionSettings {
            role: String::new(),
            handler: String::new(),
            description: String::new(),
            timeout: 3,
            memory: 128,
            variables: BTreeMap::new(),
            has_environment: false,
            tracing: "PassThrough".to_owned(),
            ephemeral_storage: 512,
            layers: Vec::new(),
            logging: Logging::default(),
        };
        if self.role.is_none() {
            return Err(null("Role"));
        }
        if self.handler.is_none() {
            return Err(invalid(MANDATORY));
        }
        self.apply(defaults)
    }

    /// Drops the variables that Lambda sets itself, and takes names that it does not take, where the engine is lenient.
    pub(super) fn leaning(mut self, scope: &Scope<'_>, function: &str) -> Self {
        let Some(environment) = &mut self.environment else { return self };
        let names = reserved(&environment.variables);
        let lean = Lean::Variables { function: function.to_owned(), names };
        if matches!(&lean, Lean::Variables { names, .. } if !names.is_empty()) && scope.lets(&lean) {
            environment.variables.retain(|name, _| !environment::is_reserved(name));
        }
        let usable = |name: &str| !name.is_empty() && !name.contains('=') && !name.contains(char::is_control);
        let names: Vec<_> = environment.variables.keys().filter(|name| !is_name(name)).cloned().collect();
        if !names.is_empty() && names.iter().all(|name| usable(name)) {
            self.takes_any_name = scope.lets(&Lean::VariableNames { function: function.to_owned(), names });
        }
        self
    }

    /// Changes what was sent and keeps the rest.
    pub(super) fn apply(self, old: FunctionSettings) -> Result<FunctionSettings, AwsError> {
        self.refuse_what_is_missing()?;
        // What was let pass once may stay.
        let takes_any_name = self.takes_any_name || self.environment.is_none();
        let settings = FunctionSettings {
            role: self.role.unwrap_or(old.role),
            handler: self.handler.unwrap_or(old.handler),
            description: self.description.unwrap_or(old.description),
            timeout: self.timeout.unwrap_or(old.timeout),
            memory: self.memory_size.unwrap_or(old.memory),
            has_environment: old.has_environment || self.environment.is_some(),
            variables: self.environment.map_or(old.variables, |environment| environment.variables),
            tracing: self.tracing_config.map_or(old.tracing, |tracing| tracing.mode),
            ephemeral_storage: self.ephemeral_storage.map_or(old.ephemeral_storage, |storage| storage.size),
            layers: old.layers,
            logging: match self.logging_config {
                Some(input) => input.over(old.logging)?,
                None => old.logging,
            },
        };
        check(&settings, takes_any_name)?;
        Ok(settings)
    }

    fn refuse_what_is_missing(&self) -> Result<(), AwsError> {
        let given = |list: &Option<Vec<Value>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let vpc = self.vpc_config.as_ref();
        let target = self.dead_letter_config.as_ref().and_then(|config| config.target_arn.as_ref());
        let snap_start = self.snap_start.as_ref().and_then(|config| config.apply_on.as_ref());
        if let Some(other) = snap_start.filter(|on| !matches!(on.as_str(), "" | "None" | "PublishedVersions")) {
            return Err(validation(other, "snapStart.applyOn", "satisfy enum value set: [PublishedVersions, None]"));
        }
        refuse([
            ("FileSystemConfigs", given(&self.file_system_configs)),
            ("VpcConfig", vpc.is_some_and(|vpc| !vpc.subnet_ids.is_empty() || !vpc.security_group_ids.is_empty())),
            ("ImageConfig", self.image_config.as_ref().is_some_and(|config| !config.is_null())),
            ("DeadLetterConfig", says_else(target, "")),
            ("KMSKeyArn", says_else(self.kms_key_arn.as_ref(), "")),
            ("SnapStart", says_else(snap_start, "None")),
        ])
    }
}

/// Whether a member says something else than what is so anyway.
fn says_else(text: Option<&String>, as_it_is: &str) -> bool {
    text.is_some_and(|text| !text.is_empty() && text != as_it_is)
}

/// Refuses the first parameter that was given.
fn refuse<const N: usize>(parameters: [(&str, bool); N]) -> Result<(), AwsError> {
    match parameters.into_iter().find(|(_, given)| *given) {
        Some((parameter, _)) => Err(AwsError::not_implemented("lambda", &format!("(parameter {parameter})"))),
        None => Ok(()),
    }
}

fn check(settings: &FunctionSettings, takes_any_name: bool) -> Result<(), AwsError> {
    if !is_role_arn(&settings.role) {
        let rule =
            "satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
        return Err(validation(&settings.role, "role", rule));
    }
    check_range(settings.timeout, "timeout", 1, 900)?;
    check_range(settings.memory, "memorySize", 128, 10240)?;
    check_range(settings.ephemeral_storage, "ephemeralStorage.size", 512, 10240)?;
    if settings.handler.len() > 128 {
        return Err(validation(&settings.handler, "handler", "have length less than or equal to 128"));
    }
    if settings.handler.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(validation(&settings.handler, "handler", "satisfy regular expression pattern: [^\\s]+"));
    }
    if settings.description.len() > 256 {
        return Err(validation(&settings.description, "description", "have length less than or equal to 256"));
    }
    if !matches!(settings.tracing.as_str(), "PassThrough" | "Active") {
        return Err(validation(
            &settings.tracing,
            "tracingConfig.mode",
            "satisfy enum value set: [Active, PassThrough]",
        ));
    }
    check_variables(&settings.variables, takes_any_name)
}

fn check_range(value: u32, member: &str, least: u32, most: u32) -> Result<(), AwsError> {
    let rule = if value < least {
        format!("have value greater than or equal to {least}")
    } else if value > most {
        format!("have value less than or equal to {most}")
    } else {
        return Ok(());
    };
    Err(validation(&value.to_string(), member, &rule))
}

fn is_role_arn(role: &str) -> bool {
    let mut parts = role.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, service, region, account, resource) = (next(), next(), next(), next(), next(), next());
    let name = resource.strip_prefix("role").unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&b);
    arn == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && names::is_account(account)
        && name.trim_start_matches('/').bytes().all(plain)
        && !name.trim_start_matches('/').is_empty()
}

/// Names the variables that Lambda sets itself.
fn reserved(variables: &BTreeMap<String, String>) -> Vec<String> {
    variables.keys().filter(|name| environment::is_reserved(name)).cloned().collect()
}

/// Whether a variable may have this name.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() > 1
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn check_variables(variables: &BTreeMap<String, String>, takes_any_name: bool) -> Result<(), AwsError> {
    const WHY: &str = "Lambda was unable to configure your environment variables because the environment variables you \
                       have provided";
    let names = reserved(variables);
    if !names.is_empty() {
        return Err(invalid(Lean::Variables { function: String::new(), names }.refusal()));
    }
    if variables.keys().any(|name| !takes_any_name && !is_name(name)) {
        let lean = Lean::VariableNames { function: String::new(), names: Vec::new() };
        return Err(AwsError::sender("ValidationException", lean.refusal()));
    }
    if variables.values().any(|value| value.contains('\0')) {
        return Err(invalid(format!("{WHY} contain a NUL character.")));
    }
    let measured = serde_json::json!(variables).to_string();
    if measured.len() > MAX_ENVIRONMENT {
        return Err(invalid(format!("{WHY} exceeded the 4KB limit. String measured: {measured}")));
    }
    Ok(())
}

/// How the names of the runtimes begin that Lambda has and this engine does not run.
const ELSEWHERE: [&str; 3] = ["java", "dotnet", "ruby"];

/// Checks the runtime's name. One that Lambda does not have is a mistake of the caller's, one that only this engine
/// does not have is not; one that it had may be let pass.
pub(super) fn check_runtime(
    runtime: Option<String>,
    package: Option<&str>,
    function: &str,
    lets: impl FnOnce(&Lean) -> bool,
) -> Result<String, AwsError> {
    if package.is_some_and(|package| package != "Zip") {
        return Err(AwsError::not_implemented("lambda", "(parameter PackageType=Image)"));
    }
    let runtime = runtime.ok_or_else(|| invalid(MANDATORY))?;
    if CUSTOM.contains(&runtime.as_str()) || runtime.parse::<Runtime>().is_ok() {
        return Ok(runtime);
    }
    if ENDED.contains(&runtime.as_str()) {
        return Err(invalid(Lean::Runtime { function: function.to_owned(), runtime }.refusal()));
    }
    if Runtime::that_runs(&runtime).is_some() || runtime == ENDED_CUSTOM {
        // AWS has ended it.
        let lean = Lean::Runtime { function: function.to_owned(), runtime: runtime.clone() };
        return if lets(&lean) { Ok(runtime) } else { Err(invalid(lean.refusal())) };
    }
    if ELSEWHERE.iter().any(|language| runtime.starts_with(language)) {
        return Err(AwsError::not_implemented("lambda", &format!("(parameter Runtime={runtime})")));
    }
    let known: Vec<String> =
        CUSTOM.into_iter().map(str::to_owned).chain(Runtime::all().map(|it| it.to_string())).collect();
    let known = known.join(", ");
    Err(invalid(format!(
        "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{known}] or be a \
         valid ARN"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ROLE: &str = "arn:aws:iam::000000000000:role/service/worker";

    fn settings(mut input: Value) -> Result<FunctionSettings, AwsError> {
        input["Handler"] = "bootstrap".into();
        serde_json::from_value::<SettingsInput>(input).unwrap().create()
    }

    #[test]
    fn what_is_not_said_is_lambdas_default() {
        let settings = settings(json!({ "Role": ROLE })).unwrap();
        assert_eq!((settings.timeout, settings.memory, settings.tracing.as_str()), (3, 128, "PassThrough"));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for (input, code) in [
            (json!({ "Role": "worker" }), "ValidationException"),
            (json!({ "Role": "arn:aws:iam::1:role/x" }), "ValidationException"),
            (json!({}), "ValidationException"),
            (json!({ "Role": ROLE, "Timeout": 0 }), "ValidationException"),
            (json!({ "Role": ROLE, "Timeout": 901 }), "ValidationException"),
            (json!({ "Role": ROLE, "MemorySize": 64 }), "ValidationException"),
            (json!({ "Role": ROLE, "Environment": { "Variables": { "1A": "x" } } }), "ValidationException"),
            (
                json!({ "Role": ROLE, "Environment": { "Variables": { "AWS_REGION": "x" } } }),
                "InvalidParameterValueException",
            ),
            (
                json!({ "Role": ROLE, "Environment": { "Variables": { "AA": "x".repeat(4096) } } }),
                "InvalidParameterValueException",
            ),
            (json!({ "Role": ROLE, "DeadLetterConfig": { "TargetArn": "arn" } }), "NotImplemented"),
            (json!({ "Role": ROLE, "KMSKeyArn": "arn" }), "NotImplemented"),
            (json!({ "Role": ROLE, "SnapStart": { "ApplyOn": "PublishedVersions" } }), "NotImplemented"),
        ] {
            assert_eq!(settings(input.clone()).unwrap_err().code, code, "{input}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_value_is_said_as_lambda_says_it() {
        for (mut input, what) in [
            (json!({ "Timeout": 0 }), "Value '0' at 'timeout' … Member must have value greater than or equal to 1"),
            (json!({ "Timeout": 901 }), "Value '901' at 'timeout' … Member must have value less than or equal to 900"),
            (
                json!({ "MemorySize": 64 }),
                "Value '64' at 'memorySize' … Member must have value greater than or equal to 128",
            ),
            (
                json!({ "EphemeralStorage": { "Size": 511 } }),
                "Value '511' at 'ephemeralStorage.size' … Member must have value greater than or equal to 512",
            ),
            (
                json!({ "SnapStart": { "ApplyOn": "x" } }),
                "Value 'x' at 'snapStart.applyOn' … Member must satisfy enum value set: [PublishedVersions, None]",
            ),
            (
                json!({ "Environment": { "Variables": { "A": "secret" } } }),
                "Value at 'environment.variables' … Map keys must satisfy constraint: [Member must satisfy regular \
                 expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
            ),
        ] {
            input["Role"] = ROLE.into();
            let what = what.replace('…', "failed to satisfy constraint:");
            assert_eq!(settings(input).unwrap_err().message, format!("1 validation error detected: {what}"));
        }
    }

    #[test]
    fn what_is_so_anyway_may_be_asked_for() {
        let input = json!({
            "Role": ROLE,
            "DeadLetterConfig": {},
            "KMSKeyArn": "",
            "SnapStart": { "ApplyOn": "None" },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/f" },
        });
        settings(input).unwrap();
    }

    #[test]
    fn a_change_keeps_what_it_does_not_mention() {
        let old = settings(json!({ "Role": ROLE, "Timeout": 28, "Description": "d" })).unwrap();
        let change: SettingsInput = serde_json::from_value(json!({ "MemorySize": 256, "VpcConfig": {} })).unwrap();
        let new = change.apply(old.clone()).unwrap();
        assert_eq!(new, FunctionSettings { memory: 256, ..old });
    }

    #[test]
    fn runtimes_are_taken_or_refused_by_name() {
        for runtime in ["provided.al2023", "python3.12", "nodejs22.x"] {
            assert_eq!(check_runtime(Some(runtime.into()), None, "f", |_| false).unwrap(), runtime);
        }
        for (runtime, runs) in [("python3.8", "python3.9"), ("nodejs16.x", "nodejs18.x")] {
            let error = check_runtime(Some(runtime.into()), None, "f", |_| false).unwrap_err();
            assert!(error.message.contains("is no longer supported"), "{}", error.message);
            assert_eq!(check_runtime(Some(runtime.into()), None, "f", |_| true).unwrap(), runtime);
            assert_eq!(Runtime::that_runs(runtime).unwrap().to_string(), runs);
        }
        for (runtime, code) in [("java21", "NotImplemented"), ("python4", "InvalidParameterValueException")] {
            let error = check_runtime(Some(runtime.into()), None, "f", |_| true).unwrap_err();
            assert_eq!(error.code, code, "{runtime}");
            assert!(error.message.contains(runtime), "{}", error.message);
        }
    }
}
