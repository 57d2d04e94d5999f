//! What is exported, with other values in its variables.

use super::{
    Workshop,
    export::{has, made},
};
use crate::support::{Module, providers};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn terraform_makes_what_the_variables_say() {
    if providers().is_none() {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    workshop.export(&["terraform"]);
    let folder = workshop.project.path().join("terraform");
    let engine = format!("http://127.0.0.1:{}", workshop.port);
    let given = [
        ("endpoint", engine.as_str()),
        ("public_endpoint", "http://elsewhere:1"),
        ("stack", "other"),
        ("function_name", "other-infrastructure-handler"),
        ("function_endpoint", engine.as_str()),
        ("image_id", "ami-0a1b2c3d4e5f60001"),
        ("api_id", "other12345"),
        ("managed_by", "somebody"),
    ];
    let variables = workshop.file("terraform/variables.tf");
    let declared: BTreeSet<&str> =
        variables.lines().filter_map(|line| line.strip_prefix("variable \"")?.split('"').next()).collect();
    let tried: BTreeSet<&str> = given.iter().map(|(name, _)| *name).chain(["region"]).collect();
    assert_eq!(declared, tried, "a variable that is not tried here is not proved");

    // The variable leads to the engine; where the environment leads, nobody answers.
    let elsewhere = |(name, value): (String, String)| {
        let value = if name == "AWS_ENDPOINT_URL" { "http://127.0.0.1:1".to_owned() } else { value };
        (name, value)
    };
    let module = |given: &[(&str, &str)], environment: Vec<(String, String)>| {
        let new = Module::new(&folder, environment);
        given.iter().fold(new, |module, (name, value)| module.with(name, value))
    };
    let environment = || workshop.project.environment();
    let led = module(&given, environment().into_iter().map(elsewhere).collect());
    led.ok(&["init", "-no-color"]);
    led.ok(&["apply", "-auto-approve", "-no-color"]);
    let (code, said) = led.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(code, 0, "{said}");
    workshop.ok(&["test", "--stack", "other"]);
    let url = "/restapis/other12345/dev/_user_request_";
    assert_eq!(led.ok(&["output", "-raw", "url"]), format!("{engine}{url}"), "`endpoint` comes first");
    let shown: Value = serde_json::from_str(&led.ok(&["show", "-json"])).unwrap();
    let resources = shown["values"]["root_module"]["resources"].as_array().unwrap();
    let values = |address: &str| resources.iter().find(|known| known["address"] == address).unwrap()["values"].clone();
    let instance = values("aws_instance.instance");
    assert_eq!(instance["ami"], "ami-0a1b2c3d4e5f60001");
    assert_eq!(instance["tags"]["Name"], "other");
    assert_eq!(instance["tags"]["atelier:managed-by"], "somebody");
    let function = values("aws_lambda_function.function");
    assert_eq!(function["function_name"], "other-infrastructure-handler");
    assert_eq!(function["environment"][0]["variables"]["AWS_ENDPOINT_URL"], engine.as_str());
    assert_eq!(values("aws_iam_role.function")["name"], "other-infrastructure-handler");

    // Without the first of them the environment leads to the engine, and the second is where the API is called.
    let said = module(&given[1..], environment()).ok(&["plan", "-no-color"]);
    assert!(said.contains(&format!("-> \"http://elsewhere:1{url}\"")), "{said}");
    let there = [&given[..], &[("region", "eu-west-3")]].concat();
    let said = module(&there, environment()).ok(&["plan", "-no-color"]);
    assert!(said.contains("arn:aws:events:eu-west-3:000000000000:rule/other-clock"), "{said}");
}

#[test]
fn a_pulumi_program_makes_what_its_configuration_says() {
    if !has("ATELIER_PULUMI", "python3", &["-c", "import pulumi_aws"], "scripts/pulumi.sh") {
        return;
    }
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy"]);
    let engine = "http://127.0.0.1:9";
    let (none, endpoint): (&[&str], String) = (&[], format!("endpoint={engine}"));
    for import in [none, &["--import", "--force"]] {
        workshop.export(&[&["pulumi"], import].concat());
        let folder = workshop.project.path().join("pulumi");
        for (config, stack, wanted) in
            [(none, "atelier", None), (&[endpoint.as_str(), "stack=other"], "other", Some(engine))]
        {
            let made = made(&folder, config);
            let (providers, others): (Vec<&Value>, Vec<&Value>) =
                made.iter().partition(|resource| resource["type"] == "pulumi:providers:aws");
            let inputs = &providers[0]["inputs"];
            assert_eq!((providers.len(), &inputs["region"]), (1, &"us-east-1".into()));
            let endpoints = inputs["endpoints"].as_str().map(|text| serde_json::from_str::<Value>(text).unwrap());
            assert_eq!(endpoints.is_some(), wanted.is_some(), "{inputs}");
            for service in ["apigateway", "cloudwatch", "ec2", "events", "iam", "lambda", "logs", "ssm", "sts"] {
                let led = endpoints.as_ref().map(|endpoints| endpoints[0][service].as_str().unwrap_or_default());
                assert_eq!(led, wanted, "{service}");
            }
            for resource in &others {
                let by = resource["provider"].as_str().unwrap();
                assert!(by.contains("pulumi:providers:aws::aws::"), "not where the provider leads: {resource}");
            }
            let role = others.iter().find(|resource| resource["type"] == "aws:iam/role:Role").unwrap();
            assert_eq!(role["inputs"]["tags"]["atelier:stack"], stack);
        }
    }
}
