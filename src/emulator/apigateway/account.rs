//! What API Gateway has for an account in a region: its own limits, and the role that it writes logs with.

use super::{constraints, error::bad_request, patch::Patch};
use crate::emulator::{
    access,
    service::{Operation, Output, Scope},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What every account has, and may not give back.
const FEATURES: [&str; 1] = ["UsagePlans"];

/// What an account has set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    #[serde(default)]
    cloudwatch_role_arn: Option<String>,
    features: Vec<String>,
}

impl Default for Account {
    fn default() -> Self {
        Self { cloudwatch_role_arn: None, features: FEATURES.map(str::to_owned).into() }
    }
}

impl Account {
    /// The role that logs are written with.
    pub(super) fn logging_role(&self) -> Option<String> {
        self.cloudwatch_role_arn.clone()
    }

    fn show(&self) -> Value {
        let mut shown = json!({
            "throttleSettings": { "burstLimit": 5000, "rateLimit": 10_000.0 },
            "features": self.features,
            "apiKeyVersion": "4",
        });
        if let Some(role) = &self.cloudwatch_role_arn {
            shown["cloudwatchRoleArn"] = role.as_str().into();
        }
        shown
    }
}

#[derive(Deserialize)]
struct Nothing {}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (Nothing {}, scope) = operation.input()?;
    scope.read(|state| Ok(Output::Members(state.apigateway.account().show())))
}

/// `UpdateAccount`: a role that logs are written with, or none: no text takes it away.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (patch, scope) = operation.input::<Patch>()?;
    patch.only(&["cloudwatchRoleArn", "features"])?;
    let account = scope.read(|state| state.apigateway.account());
    // Terraform takes the role away by a value that it leaves out.
    let mut account: Account = patch.apply_but(account, |account, operation| {
        let is_emptied = operation.path() == "/cloudwatchRoleArn" && operation.op() == "replace";
        let is_emptied = is_emptied && operation.text().is_err();
        if is_emptied {
            account.cloudwatch_role_arn = None;
        }
        Ok(is_emptied)
    })?;
    if account.features != FEATURES {
        return Err(bad_request("Invalid feature specified. Usage plans are all there is, and cannot be turned off."));
    }
    account.cloudwatch_role_arn = account.cloudwatch_role_arn.filter(|role| !role.is_empty());
    if let Some(role) = &account.cloudwatch_role_arn {
        check_role(&scope, role)?;
    }
    let shown = account.show();
    scope
        .change(|state| {
            let _: () = state.apigateway.set_account(account);
            Ok(())
        })
        .await?;
    Ok(Output::Members(shown))
}

/// The role must be there, and its trust policy let API Gateway take it on.
fn check_role(scope: &Scope<'_>, role: &str) -> Result<(), AwsError> {
    if !role.starts_with("arn:") || role.split(':').count() < 6 {
        return Err(bad_request("Invalid ARN specified in the request"));
    }
    let trust = scope.read_global(|state| state.iam.trusting(role, scope.account())).map(|(_, trust, _)| trust);
    let source = format!("arn:aws:apigateway:{}::/account", scope.region);
    if trust.is_some_and(|trust| access::trusts_service(&trust, "apigateway.amazonaws.com", &source, scope.account())) {
        return Ok(());
    }
    Err(bad_request(
        "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and \
         add the required role policy.",
    ))
}
