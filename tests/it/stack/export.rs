//! `atelier export`: what is written, read by the tools that it is written for.

use super::Workshop;
use crate::support::{Module, has_terraform};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

impl Workshop {
    /// Writes the stack for a tool.
    fn export(&self, args: &[&str]) -> Value {
        self.ok(&[&["export"], args, &["--json"]].concat()).json()["data"].clone()
    }

    /// What leads other tools to the engine.
    fn environment(&self) -> Vec<(String, String)> {
        let env = self.ok(&["env", "--json"]).json();
        let variables = env["data"]["variables"].as_object().unwrap().clone();
        variables.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
    }

    fn module(&self, folder: &str) -> Module {
        let module = Module::new(&self.project.path().join(folder), self.environment());
        module.ok(&["init", "-no-color"]);
        module
    }

    fn refused(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = self.run(&[args, &["--json"]].concat());
        let error = output.json()["error"].clone();
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (output.code, text("code"), text("message"))
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.project.path().join(name)).unwrap()
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn terraform_makes_the_stack_that_a_deploy_makes_and_takes_it_away() {
    if !has_terraform() {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    let written = workshop.export(&["terraform"]);
    assert_eq!(written["resources"], 9, "{written}");
    let module = workshop.module("terraform");
    module.ok(&["fmt", "-check", "-diff"]);
    module.ok(&["validate", "-no-color"]);
    module.ok(&["apply", "-auto-approve", "-no-color"]);
    // The very API that a deploy would have made, so the workshop's own test is its test.
    workshop.ok(&["test"]);
    workshop.ok(&["status", "--check"]);
    let (code, said) = module.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(code, 0, "{said}");
    let url = module.ok(&["output", "-raw", "url"]);
    let api = module.ok(&["output", "-raw", "api_id"]);
    assert_eq!(url, format!("http://127.0.0.1:{}/restapis/{api}/dev/_user_request_", workshop.port));

    // Atelier sees its stack, that nothing is to be done, and who looks after it.
    let plan = workshop.ok(&["plan", "--json"]).json()["data"].clone();
    assert_eq!(plan["managed_by"], "terraform", "{plan}");
    let compared = workshop.ok(&["plan", "--against", "terraform/terraform.tfstate", "--check", "--json"]).json();
    assert_eq!(compared["data"]["changes"], false, "{compared}");
    assert_eq!(compared["data"]["others"], json!([]));
    let (code, error, message) = workshop.refused(&["deploy"]);
    assert_eq!((code, error.as_str()), (Some(1), "managed_elsewhere"), "{message}");
    assert!(message.contains("terraform"), "{message}");
    let (code, said) = module.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(code, 0, "nothing was fought over: {said}");

    module.ok(&["destroy", "-auto-approve", "-no-color"]);
    let status = workshop.ok(&["status", "--json"]).json();
    assert_eq!(status["data"]["stack"]["found"], json!([]), "{status}");
    workshop.ok(&["deploy"]);
}

#[test]
fn terraform_takes_over_a_stack_with_keys_without_a_change() {
    if !has_terraform() {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    let key = workshop.ok(&["key", "create", "--scope", "control", "--name", "mine", "--json"]).json();
    let key = key["data"]["value"].as_str().unwrap().to_owned();
    let written = workshop.export(&["terraform", "--import", "--out", "infra/live"]);
    assert_eq!((&written["imports"], &written["resources"]), (&json!(12), &json!(12)), "{written}");
    for name in names(&workshop.project.path().join("infra/live")) {
        let bytes = fs::read(workshop.project.path().join("infra/live").join(&name)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&key), "{name} has a key in it");
    }
    let module = workshop.module("infra/live");
    module.ok(&["fmt", "-check", "-diff"]);
    let said = module.ok(&["plan", "-no-color"]);
    assert!(said.contains("Plan: 12 to import, 0 to add, 0 to change, 0 to destroy."), "{said}");
    module.ok(&["apply", "-auto-approve", "-no-color"]);
    workshop.ok(&["test"]);
    assert_eq!(workshop.ok(&["deploy", "--json"]).json()["data"]["changed"], false, "nothing was changed");

    // When the files of the import are gone, the stack is Terraform's.
    for name in ["imports.tf", "imports_override.tf"] {
        fs::remove_file(workshop.project.path().join("infra/live").join(name)).unwrap();
    }
    module.ok(&["apply", "-auto-approve", "-no-color"]);
    let (code, said) = module.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(code, 0, "{said}");
    workshop.ok(&["test"]);
    for command in [&["deploy"][..], &["key", "create", "--scope", "status"], &["key", "revoke", "mine"]] {
        assert_eq!(workshop.refused(command).1, "managed_elsewhere", "{command:?}");
    }
    module.ok(&["destroy", "-auto-approve", "-no-color"]);
    assert_eq!(workshop.ok(&["status", "--json"]).json()["data"]["stack"]["found"], json!([]));
}

#[test]
fn a_folder_that_holds_something_is_left_as_it_is() {
    let workshop = Workshop::new();
    workshop.up();
    let folder = workshop.project.path().join("out");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("terraform.tfstate"), "mine").unwrap();
    for tool in ["terraform", "cloudformation", "pulumi"] {
        let (code, error, message) = workshop.refused(&["export", tool, "--out", "out"]);
        assert_eq!((code, error.as_str()), (Some(2), "folder_not_empty"), "{message}");
        assert_eq!(names(&folder), BTreeSet::from(["terraform.tfstate".to_owned()]));
    }
    let written = workshop.export(&["terraform", "--out", "out", "--force"]);
    assert!(written["files"].as_array().unwrap().contains(&json!("function.zip")), "{written}");
    assert_eq!(workshop.file("out/terraform.tfstate"), "mine");
    assert!(names(&folder).contains("iam.tf"));
    // What is not there cannot be taken over, and what cannot be written leaves nothing behind.
    let before = names(&workshop.project.path());
    let (code, error, _) = workshop.refused(&["export", "terraform", "--import"]);
    assert_eq!((code, error.as_str()), (Some(5), "not_deployed"));
    workshop.project.write("file", "");
    let (code, error, _) = workshop.refused(&["export", "terraform", "--out", "file"]);
    assert_eq!((code, error.as_str()), (Some(4), "file"));
    let after = names(&workshop.project.path());
    assert_eq!(after.difference(&before).collect::<Vec<_>>(), ["file"]);
    workshop.project.write("state.json", "terraform {");
    let (code, error, message) = workshop.refused(&["plan", "--against", "state.json"]);
    assert_eq!((code, error.as_str()), (Some(2), "bad_state"), "{message}");
    assert_eq!(workshop.refused(&["plan", "--against", "absent.tfstate"]).1, "file");
}
