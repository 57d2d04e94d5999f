//! `atelier export`: what is written, read by the tools that it is written for.

use super::Workshop;
use crate::support::{Module, providers, skipped, tool};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

impl Workshop {
    /// Writes the stack for a tool.
    pub(super) fn export(&self, args: &[&str]) -> Value {
        self.ok(&[&["export"], args, &["--json"]].concat()).json()["data"].clone()
    }

    fn module(&self, folder: &str) -> Module {
        let module = Module::new(&self.project.path().join(folder), self.project.environment());
        module.ok(&["init", "-no-color"]);
        module
    }

    fn refused(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = self.run(&[args, &["--json"]].concat());
        let error = output.json()["error"].clone();
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (output.code, text("code"), text("message"))
    }

    pub(super) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.project.path().join(name)).unwrap()
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Returns the parts of a plan, by which a deploy would make none: it only tells the function where the engine is.
fn nothing_is_missing(plan: &Value) -> BTreeSet<String> {
    let parts = plan["parts"].as_array().unwrap().iter();
    let name = |part: &Value| part["part"].as_str().unwrap().to_owned();
    let changed: Vec<&Value> = parts.clone().filter(|part| part["change"] != "unchanged").collect();
    assert!(changed.iter().all(|part| part["differs"] == json!(["environment AWS_ENDPOINT_URL"])), "{plan}");
    parts.map(name).collect()
}

#[test]
fn terraform_makes_the_stack_that_a_deploy_makes_and_takes_it_away() {
    if providers().is_none() {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    let written = workshop.export(&["terraform"]);
    assert_eq!(written["resources"], 12, "{written}");
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
    nothing_is_missing(&plan);
    let compared = workshop.ok(&["plan", "--against", "terraform/terraform.tfstate", "--check", "--json"]).json();
    assert_eq!(compared["data"]["changes"], false, "{compared}");
    assert_eq!(compared["data"]["others"], json!([]));
    workshop.project.write("shown.json", &module.ok(&["show", "-json"]));
    let shown = workshop.ok(&["plan", "--against", "shown.json", "--check", "--json"]).json();
    assert_eq!((&shown["data"]["parts"], &shown["data"]["others"]), (&compared["data"]["parts"], &json!([])));
    let (code, error, message) = workshop.refused(&["deploy"]);
    assert_eq!((code, error.as_str()), (Some(1), "managed_elsewhere"), "{message}");
    assert!(message.contains("terraform"), "{message}");
    let (code, said) = module.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(code, 0, "nothing was fought over: {said}");

    // What the function does by itself is nothing to put right either.
    workshop.ok(&["call", "start", "--for", "2h"]);
    let (code, said) = module.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(code, 0, "{said}");
    let set = ["schedule", "set", "--stop", "18:30"];
    for command in [&["key", "create", "--scope", "status"][..], &set, &["schedule", "remove"]] {
        assert_eq!(workshop.refused(command).1, "managed_elsewhere", "{command:?}");
    }
    // As the hint says it.
    workshop.project.write("terraform/terraform.tfvars", "managed_by = null\n");
    module.ok(&["apply", "-auto-approve", "-no-color"]);
    assert_eq!(workshop.ok(&["plan", "--json"]).json()["data"]["managed_by"], Value::Null);
    workshop.ok(&set);
    workshop.ok(&["schedule", "remove"]);

    module.ok(&["destroy", "-auto-approve", "-no-color"]);
    let status = workshop.ok(&["status", "--json"]).json();
    assert_eq!(status["data"]["stack"]["found"], json!([]), "{status}");
    workshop.ok(&["deploy"]);
}

#[test]
fn terraform_takes_over_a_stack_with_keys_without_a_change() {
    if providers().is_none() {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    let key = workshop.ok(&["key", "create", "--scope", "control", "--name", "mine", "--json"]).json();
    let key = key["data"]["value"].as_str().unwrap().to_owned();
    let written = workshop.export(&["terraform", "--import", "--out", "infra/live"]);
    assert_eq!((&written["imports"], &written["resources"]), (&json!(13), &json!(15)), "{written}");
    for name in names(&workshop.project.path().join("infra/live")) {
        let bytes = fs::read(workshop.project.path().join("infra/live").join(&name)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&key), "{name} has a key in it");
    }
    let module = workshop.module("infra/live");
    module.ok(&["fmt", "-check", "-diff"]);
    let said = module.ok(&["plan", "-no-color"]);
    assert!(said.contains("Plan: 13 to import, 0 to add, 0 to change, 0 to destroy."), "{said}");
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
fn everything_that_a_stack_may_have_goes_along() {
    let workshop = Workshop::new();
    workshop.up();
    let settings = "[instances]\nweb = \"t3.micro\"\ndb = \"t3.small\"\n\n[schedule]\nstart = \"08:00 Mon-Fri\"\nstop = \"18:30\"\n\n\
                    [idle]\nstop_after = \"30m\"\n\n[alarm]\nerrors_per_minute = 5\np95 = '800ms'\n";
    workshop.project.write("atelier.toml", settings);
    workshop.ok(&["deploy"]);
    for tool in ["terraform", "cloudformation", "pulumi"] {
        let written = workshop.export(&[tool, "--import"]);
        assert_eq!((&written["resources"], &written["imports"]), (&json!(15), &json!(15)), "{written}");
    }
    for (file, texts) in [
        ("terraform/main.tf", ["\"aws_instance\" \"web\"", "\"atelier:stop\""]),
        ("terraform/alarms.tf", ["extended_statistic  = \"p95\"", "threshold           = 800"]),
        ("terraform/clock.tf", ["schedule_expression = \"rate(1 minute)\"", "\"atelier-clock\""]),
        ("cloudformation/template.yaml", ["InstanceWeb:", "AWS::Events::Rule"]),
        ("pulumi/alarms.py", ["aws.cloudwatch.MetricAlarm(", "extended_statistic=\"p95\""]),
    ] {
        let written = workshop.file(file);
        for text in texts {
            assert!(written.contains(text), "{text}: {written}");
        }
    }
    // A call holds a template of 51,200 bytes: what is larger comes from a bucket.
    assert!(workshop.file("cloudformation/template.yaml").len() > 51_200);
    for (args, line) in [
        (&["--force"][..], "template.yaml --s3-bucket BUCKET --capabilities"),
        (&["--force", "--import"], "--template-url https://BUCKET.s3.amazonaws.com/template.yaml"),
    ] {
        let said = workshop.ok(&[&["export", "cloudformation"], args].concat()).stdout;
        assert!(said.contains(line) && said.contains("--stack-name atelier "), "{said}");
        let is_import = args.len() > 1;
        assert_eq!((said.contains(" deploy "), said.contains("execute-change-set")), (!is_import, is_import), "{said}");
        let head = workshop.file("cloudformation/template.yaml").replace(" \\\n#     ", " ");
        assert!(head.contains(line), "{head}");
    }
    if providers().is_some() {
        let module = workshop.module("terraform");
        module.ok(&["fmt", "-check", "-diff"]);
        let said = module.ok(&["plan", "-no-color"]);
        assert!(said.contains("Plan: 15 to import, 0 to add, 0 to change, 0 to destroy."), "{said}");
    }
    if has("ATELIER_CFN_LINT", "cfn-lint", &["--version"], "scripts/cfn-lint.sh") {
        linted(&workshop.project.path().join("cloudformation"));
    }
    if has("ATELIER_PULUMI", "python3", &["-c", "import pulumi_aws"], "scripts/pulumi.sh") {
        assert_eq!(made(&workshop.project.path().join("pulumi"), &[]).len(), 15 + 1, "and their provider");
    }
    if providers().is_some() {
        // What a part of the stack is not exported with, a deploy would make.
        workshop.ok(&["clean", "--yes"]);
        workshop.export(&["terraform", "--out", "new"]);
        let module = workshop.module("new");
        module.ok(&["apply", "-auto-approve", "-no-color"]);
        let plan = workshop.ok(&["plan", "--json"]).json()["data"].clone();
        let parts = nothing_is_missing(&plan);
        assert_eq!(parts.len(), 7, "all but keys and their plan: {plan}");
        let compared = workshop.ok(&["plan", "--against", "new/terraform.tfstate", "--check", "--json"]).json();
        assert_eq!(compared["data"]["others"], json!([]), "{compared}");
    }
}

#[test]
fn what_was_set_by_hand_is_taken_over_as_it_is() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--instance", "web=t3.micro", "--instance", "db=t3.small"]);
    workshop.ok(&["schedule", "set", "web", "--start", "08:00 Mon-Fri", "--stop", "18:30", "--zone", "Europe/Paris"]);
    workshop.ok(&["call", "modify", "--name", "web", "--type", "t3.large", "--restart"]);
    let told = workshop.ok(&["export", "terraform", "--out", "again"]).stdout;
    assert!(told.contains("`atelier` is deployed here") && told.contains("`--import`"), "{told}");
    workshop.export(&["terraform", "--import"]);
    let main = workshop.file("terraform/main.tf");
    for text in ["\"18:30 Mon-Fri\"", "\"Europe/Paris\"", "\"t3.large\""] {
        assert!(main.contains(text), "{text}: {main}");
    }
    assert!(workshop.file("terraform/clock.tf").contains("\"atelier-clock\""));
    if providers().is_some() {
        let said = workshop.module("terraform").ok(&["plan", "-no-color"]);
        assert!(said.contains("to import, 0 to add, 0 to change, 0 to destroy."), "{said}");
    }
    // Made anew, it has the type that a deploy wants of it.
    workshop.export(&["terraform", "--out", "new"]);
    let main = workshop.file("new/main.tf");
    assert!(main.contains("\"18:30 Mon-Fri\"") && !main.contains("\"t3.large\""), "{main}");
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
    for tool in ["terraform", "cloudformation", "pulumi"] {
        let (code, error, message) = workshop.refused(&["export", tool, "--import"]);
        assert_eq!((code, error.as_str()), (Some(5), "not_deployed"), "{tool}: {message}");
    }
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

/// Whether a tool runs; without it the test is counted as skipped, and fails where the environment names it.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
pub(super) fn has(variable: &str, name: &str, args: &[&str], script: &str) -> bool {
    // Python takes modules from where it stands, and in the folder of all others' files there may be any.
    let folder = tempfile::tempdir().unwrap();
    let answer = tool(variable, name, folder.path(), [("LC_ALL", "C.UTF-8")]).args(args).output();
    let runs = answer.is_ok_and(|output| output.status.success());
    assert!(runs || std::env::var_os(variable).is_none(), "{variable} names what does not run");
    if !runs {
        skipped(&format!("no {name} ({variable}, {script})"));
    }
    runs
}

/// Asks cfn-lint, with further options, and returns whether it found nothing, and what it said.
pub(super) fn lint(folder: &Path, options: &[&str]) -> (bool, String) {
    let environment = [("LC_ALL", "C.UTF-8"), ("PYTHONDONTWRITEBYTECODE", "1")];
    let mut lint = tool("ATELIER_CFN_LINT", "cfn-lint", folder, environment);
    let output = lint.args(["--regions", "us-east-1"]).args(options).args(["--", "template.yaml"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_clean = output.status.success() && said.trim().is_empty();
    (is_clean, format!("{said}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Asks cfn-lint, which must find nothing.
fn linted(folder: &Path) {
    let (is_clean, said) = lint(folder, &[]);
    assert!(is_clean, "{said}");
}

/// What a Pulumi program makes, configured so, under mocks: its resources and their provider.
pub(super) fn made(folder: &Path, config: &[&str]) -> Vec<Value> {
    let mut python = tool("ATELIER_PULUMI", "python3", folder, [("PYTHONDONTWRITEBYTECODE", "1")]);
    let mocks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stack/mocks.py");
    let output = python.arg(mocks).arg(folder).args(config).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn cfn_lint_finds_nothing_in_the_template() {
    if !has("ATELIER_CFN_LINT", "cfn-lint", &["--version"], "scripts/cfn-lint.sh") {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    workshop.ok(&["key", "create", "--scope", "control", "--name", "mine"]);
    let path = workshop.project.path();
    // An import makes nothing, so a rule that is not there is not in it.
    let (new, live) = (&["cloudformation", "--out", "new"][..], &["cloudformation", "--out", "live", "--import"][..]);
    for (args, resources) in [(new, 15), (live, 13)] {
        let written = workshop.export(args);
        assert_eq!(written["resources"], resources, "{written}");
        let folder = path.join(args[2]);
        linted(&folder);
    }
    let listed: Value = serde_json::from_str(&workshop.file("live/resources-to-import.json")).unwrap();
    let found = workshop.ok(&["status", "--json"]).json()["data"]["stack"]["found"].clone();
    let id = found.as_array().unwrap().iter().find(|part| part["part"] == "instance").unwrap()["id"].clone();
    let instance = json!({ "ResourceType": "AWS::EC2::Instance", "LogicalResourceId": "Instance", "ResourceIdentifier": { "InstanceId": id } });
    assert!(listed.as_array().unwrap().contains(&instance), "{listed}");
    assert_eq!(listed.as_array().unwrap().len(), 12, "the role's policy is a member of the role: {listed}");
}

#[test]
fn checkov_finds_nothing_that_has_no_reason() {
    if !has("ATELIER_CHECKOV", "checkov", &["--version"], "scripts/checkov.sh") {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    let settings = "auth = 'api-key'\n\n[instances]\nweb = 't3.micro'\ndb = 't3.small'\n\n\
                    [idle]\nstop_after = '30m'\n\n[schedule]\nstart = '08:00 Mon-Fri'\nstop = '18:30'\n\n\
                    [alarm]\nerrors_per_minute = 5\np95 = '800ms'\nthrottles = 1\n";
    workshop.project.write("atelier.toml", settings);
    workshop.ok(&["deploy"]);
    for format in ["terraform", "cloudformation"] {
        workshop.export(&[format]);
        let mut checkov =
            tool("ATELIER_CHECKOV", "checkov", &workshop.project.path().join(format), [("LC_ALL", "C.UTF-8")]);
        let output = checkov.args(["-d", ".", "--skip-download", "--quiet", "--output", "json"]).output().unwrap();
        let read = serde_json::from_slice(&output.stdout);
        let found: Value = read.unwrap_or_else(|error| panic!("{error}: {output:?}"));
        // One report for each kind of file, in a list where there are several.
        let reports = found.as_array().cloned().unwrap_or_else(|| vec![found.clone()]);
        let count = |what: &str| reports.iter().filter_map(|report| report["summary"][what].as_u64()).sum::<u64>();
        assert_eq!(count("failed"), 0, "{format}: {found}");
        assert!(count("passed") >= 10, "{format}: {found}");
    }
}

#[test]
fn a_pulumi_program_makes_what_a_deploy_makes() {
    if !has("ATELIER_PULUMI", "python3", &["-c", "import pulumi_aws"], "scripts/pulumi.sh") {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    workshop.ok(&["key", "create", "--scope", "control", "--name", "mine"]);
    for (args, imports) in [(&["pulumi", "--out", "new"][..], 0), (&["pulumi", "--out", "live", "--import"], 13)] {
        workshop.export(args);
        let folder = workshop.project.path().join(args[2]);
        let made = made(&folder, &[]);
        let of = |kind: &str| {
            let found = made.iter().find(|resource| resource["type"].as_str().unwrap().ends_with(kind));
            found.unwrap_or_else(|| panic!("no {kind} in {made:?}"))["inputs"].clone()
        };
        assert_eq!(of("Function")["name"], "infrastructure-handler");
        assert_eq!(of("Role")["tags"]["atelier:managed-by"], "pulumi");
        assert_eq!(of("LogGroup")["retentionInDays"], 7.0);
        assert_eq!(of("Stage")["stageName"], "dev");
        assert_eq!(of("UsagePlan")["apiStages"][0]["stage"], "dev");
        assert_eq!(of("UsagePlanKey")["keyType"], "API_KEY");
        let policy: Value = serde_json::from_str(of("RolePolicy")["policy"].as_str().unwrap()).unwrap();
        assert_eq!(policy["Statement"][0]["Action"], json!(["ec2:DescribeInstances"]));
        let document: Value = serde_json::from_str(of("RestApi")["body"].as_str().unwrap()).unwrap();
        assert_eq!(
            document["paths"]["/infra"]["get"]["x-amazon-apigateway-integration"]["uri"],
            "arn:aws:apigateway:mock"
        );
        let taken = made.iter().filter(|resource| resource["import"] != "").count();
        assert_eq!(taken, imports, "{made:?}");
    }
}

#[test]
fn a_function_of_ones_own_goes_along_and_its_secrets_do_not() {
    let workshop = Workshop::new();
    workshop.up();
    fs::create_dir(workshop.project.path().join("api")).unwrap();
    workshop.project.write("api/bootstrap", "#!/bin/sh\n");
    let settings = "[function]\ndir = \"api\"\nruntime = \"provided.al2023\"\nenvironment = { GREETING = \"hello ${x}\", DB_PASSWORD = \"hunter2\" }\n";
    workshop.project.write("atelier.toml", settings);
    let written = workshop.export(&["terraform", "--stack", "mine", "--region", "eu-west-3"]);
    assert_eq!(written["needed"], json!(["env_db_password"]), "{written}");
    let function = workshop.file("terraform/function.tf");
    for line in [
        "GREETING      = \"hello $${x}\"",
        "DB_PASSWORD   = var.env_db_password",
        "INSTANCE_ID   = aws_instance.instance.id",
    ] {
        assert!(function.contains(line), "{line}: {function}");
    }
    assert!(workshop.file("terraform/iam.tf").contains("\"${var.stack}-handler-${var.region}\""));
    for tool in ["cloudformation", "pulumi"] {
        workshop.export(&[tool, "--stack", "mine"]);
    }
    for folder in ["terraform", "cloudformation", "pulumi"] {
        for name in names(&workshop.project.path().join(folder)) {
            let bytes = fs::read(workshop.project.path().join(folder).join(&name)).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "{folder}/{name}");
        }
    }
    if providers().is_some() {
        let module = workshop.module("terraform").with("env_db_password", "hunter2");
        module.ok(&["fmt", "-check", "-diff"]);
        module.ok(&["validate", "-no-color"]);
    }
}

#[test]
fn a_name_that_a_language_cannot_hold_is_refused_before_anything_is_written() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    for name in ["a-1", "a1"] {
        workshop.ok(&["key", "create", "--scope", "status", "--name", name]);
    }
    let before = names(&workshop.project.path());
    let (code, error, message) = workshop.refused(&["export", "cloudformation"]);
    assert_eq!((code, error.as_str()), (Some(2), "bad_name"), "{message}");
    assert_eq!(names(&workshop.project.path()), before);
    workshop.export(&["terraform"]);
}

#[test]
fn two_secrets_that_would_be_one_variable_are_refused_in_every_language() {
    let workshop = Workshop::new();
    workshop.up();
    fs::create_dir(workshop.project.path().join("api")).unwrap();
    workshop.project.write("api/bootstrap", "#!/bin/sh\n");
    let settings = "[function]\ndir = \"api\"\nruntime = \"provided.al2023\"\nenvironment = { DB_PASSWORD = \"a\", db_password = \"b\" }\n";
    workshop.project.write("atelier.toml", settings);
    for tool in ["terraform", "cloudformation", "pulumi"] {
        let (code, error, message) = workshop.refused(&["export", tool]);
        assert_eq!((code, error.as_str()), (Some(2), "bad_name"), "{tool}: {message}");
        assert!(message.contains("`env_db_password`"), "{message}");
        assert!(!workshop.project.path().join(tool).exists(), "{tool}");
    }
}

#[test]
fn what_an_export_leaves_out_is_said() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    workshop.project.write("atelier.toml", "[containers]\ncache = \"redis:7-alpine\"\n");
    let containers = json!({ "what": "containers", "names": ["cache"] });
    let rule = json!({ "what": "rule", "name": "atelier-clock" });
    for (tool, imported) in [
        ("terraform", json!([containers])),
        ("cloudformation", json!([containers, rule])),
        ("pulumi", json!([containers])),
    ] {
        let anew = workshop.export(&[tool, "--out", &format!("new-{tool}")]);
        assert_eq!(anew["left_out"], json!([containers]), "{tool}");
        assert_eq!(workshop.export(&[tool, "--import"])["left_out"], imported, "{tool}");
    }
    for (lang, texts) in [("en", ["Docker's", "makes nothing"]), ("fr", ["à Docker", "ne crée rien"])] {
        let said = workshop.ok(&["export", "cloudformation", "--import", "--force", "--lang", lang]).stdout;
        for text in texts.iter().chain(&["(cache)", "`atelier-clock`"]) {
            assert!(said.contains(text), "{text}: {said}");
        }
    }
    workshop.project.write("atelier.toml", "");
    assert_eq!(workshop.export(&["pulumi", "--force"])["left_out"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pulumi_looks_after_is_left_alone() {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    let iam = aws_sdk_iam::Client::new(&workshop.project.sdk(workshop.port));
    let tag = aws_sdk_iam::types::Tag::builder().key("atelier:managed-by").value("pulumi").build().unwrap();
    iam.tag_role().role_name("atelier-infrastructure-handler").tags(tag).send().await.unwrap();
    let (code, error, message) = workshop.refused(&["deploy"]);
    assert_eq!((code, error.as_str()), (Some(1), "managed_elsewhere"), "{message}");
    assert!(message.contains("pulumi"), "{message}");
    assert_eq!(workshop.ok(&["plan", "--json"]).json()["data"]["managed_by"], "pulumi");
}

#[test]
fn what_terraform_made_otherwise_is_told_part_by_part() {
    let workshop = Workshop::new();
    workshop.up();
    let tags = |part: &str| json!({ "atelier:stack": "atelier", "atelier:part": part });
    let resource = |kind: &str, name: &str, attributes: Value| {
        json!({ "mode": "managed", "type": kind, "name": name, "address": format!("{kind}.{name}"),
            "instances": [{ "attributes": attributes }], "values": attributes })
    };
    let resources = json!([
        resource(
            "aws_lambda_function",
            "f",
            json!({ "function_name": "infrastructure-handler", "timeout": 3, "memory_size": 128,
            "runtime": "provided.al2023", "handler": "bootstrap", "architectures": ["x86_64"], "tags": tags("function"),
            "environment": [{ "variables": { "ATELIER_STACK": "atelier", "MODE": "hidden-value" } }] })
        ),
        resource(
            "aws_cloudwatch_log_group",
            "l",
            json!({ "name": "/aws/lambda/infrastructure-handler", "retention_in_days": 7, "tags": tags("log-group") })
        ),
        resource("aws_s3_bucket", "b", json!({ "bucket": "b" })),
        resource(
            "aws_instance",
            "i",
            json!({ "id": "i-1", "tags": { "atelier:stack": "atelier", "atelier:part": "instance", "Name": "atelier",
                "atelier:stop": "20:00", "atelier:zone": "UTC" } })
        ),
    ]);
    let state = json!({ "version": 4, "resources": resources });
    let shown = json!({ "format_version": "1.0", "values": { "root_module": { "resources": resources } } });
    workshop.project.write("terraform.tfstate", &state.to_string());
    workshop.project.write("state.json", &shown.to_string());
    let of = |file: &str| workshop.ok(&["plan", "--against", file, "--json"]).json()["data"].clone();
    let (mut from_state, mut from_shown) = (of("terraform.tfstate"), of("state.json"));
    from_state["against"].take();
    from_shown["against"].take();
    assert_eq!(from_state, from_shown);
    let part =
        |name: &str| from_state["parts"].as_array().unwrap().iter().find(|part| part["part"] == name).unwrap().clone();
    assert_eq!(part("log-group")["change"], "unchanged", "{from_state}");
    assert_eq!(part("instance")["change"], "update");
    assert!(part("instance")["differs"].to_string().contains("schedule"), "{from_state}");
    assert_eq!(part("api")["change"], "create");
    assert_eq!(part("function")["change"], "update");
    let differs = part("function")["differs"].to_string();
    for told in ["timeout 3, not 28", "environment MODE", "code"] {
        assert!(differs.contains(told), "{told}: {differs}");
    }
    assert!(!from_state.to_string().contains("hidden-value"));
    assert_eq!(from_state["others"], json!(["aws_s3_bucket.b"]));
    assert_eq!(workshop.run(&["plan", "--against", "state.json", "--check"]).code, Some(1));
}
