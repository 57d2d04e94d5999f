//! What becomes of functions that tell each other something in a loop: it is ended, unless one of them says otherwise.

use super::{
    State,
    error::validation,
    name::{Named, Reference},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a function says of loops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RecursiveLoop {
    Allow,
    #[default]
    Terminate,
}

/// `GetFunctionRecursionConfig`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?.own()?;
    scope.read(|state| Ok(show(state.lambda.find(&function)?.recursion)))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutInput {
    recursive_loop: String,
}

/// `PutFunctionRecursionConfig`.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, input, scope) = operation.inputs::<Named, PutInput>()?;
    let recursion = match input.recursive_loop.as_str() {
        "Allow" => RecursiveLoop::Allow,
        "Terminate" => RecursiveLoop::Terminate,
        other => return Err(validation(other, "recursiveLoop", "satisfy enum value set: [Terminate, Allow]")),
    };
    let function = function.reference(&scope)?.own()?;
    scope
        .change(|state| {
            state.lambda.find_mut(&function)?.recursion = recursion;
            Ok(show(recursion))
        })
        .await
}

impl State {
    /// Whether a function lets loops go on.
    pub(super) fn may_loop(&self, function: &Reference) -> bool {
        let function = self.functions.get(&function.name);
        function.is_some_and(|function| function.recursion == RecursiveLoop::Allow)
    }
}

fn show(recursion: RecursiveLoop) -> Output {
    Output::Members(json!({ "RecursiveLoop": recursion }))
}
