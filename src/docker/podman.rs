//! What Podman answers through Docker's API and Docker does not.

use bollard::errors::Error;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads an answer about containers in which a state is of Podman's own: bollard has no model of it, but gives the
/// text. A container that has ended is `stopped` until Podman has cleaned up after it.
pub(super) fn read<T: DeserializeOwned>(answer: Result<T, Error>) -> Result<T, Error> {
    let Err(Error::JsonDataError { contents, .. }) = &answer else { return answer };
    let Ok(mut content) = serde_json::from_str(contents) else { return answer };
    match &mut content {
        Value::Array(listed) => listed.iter_mut().filter_map(|one| one.get_mut("State")).for_each(translate),
        inspected => inspected.pointer_mut("/State/Status").into_iter().for_each(translate),
    }
    serde_json::from_value(content).or(answer)
}

fn translate(state: &mut Value) {
    match state.as_str() {
        Some("stopped") => *state = json!("exited"),
        Some("configured" | "initialized") => *state = json!("created"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary};

    fn refused<T>(contents: &Value) -> Result<T, Error> {
        Err(Error::JsonDataError { message: "unknown variant".to_owned(), contents: contents.to_string(), column: 1 })
    }

    #[test]
    fn a_state_of_podmans_is_the_one_that_docker_would_tell() {
        let listed = json!([{"Id": "a", "State": "stopped"}, {"Id": "b", "State": "running"}, {"Id": "c"}]);
        let listed: Vec<ContainerSummary> = read(refused(&listed)).unwrap();
        let states: Vec<_> = listed.iter().map(|one| one.state.map(|state| state.to_string())).collect();
        assert_eq!(states, [Some("exited".to_owned()), Some("running".to_owned()), None]);
        let inspected = json!({"Id": "a", "State": {"Status": "initialized", "Running": false}});
        let inspected: ContainerInspectResponse = read(refused(&inspected)).unwrap();
        assert_eq!(inspected.state.unwrap().status, Some(ContainerStateStatusEnum::CREATED));
    }

    #[test]
    fn what_nobody_knows_stays_refused() {
        for content in [json!([{"State": "dreaming"}]), json!({"State": 1}), json!("stopped")] {
            let read: Result<Vec<ContainerSummary>, Error> = read(refused(&content));
            assert!(matches!(read, Err(Error::JsonDataError { .. })), "{content}");
        }
    }
}
