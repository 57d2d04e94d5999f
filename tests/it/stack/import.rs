//! What an import of CloudFormation's is given: the template and its list by AWS's schemas, and as the AWS CLI sends it.

use super::{
    Workshop,
    export::{has, lint},
};
use crate::support::tool;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::mpsc::{Receiver, channel},
    thread,
};

/// A stack that has all that an import may be given, exported for one, and what the export said.
fn exported() -> (Workshop, String) {
    let workshop = Workshop::new();
    workshop.up();
    workshop.ok(&["deploy", "--auth", "api-key"]);
    workshop.ok(&["key", "create", "--scope", "control", "--name", "mine"]);
    // What wakes the function is there only where something depends on the time.
    workshop.ok(&["schedule", "set", "--stop", "18:30"]);
    let said = workshop.ok(&["export", "cloudformation", "--import"]).stdout;
    (workshop, said)
}

#[test]
fn cloudformation_can_import_what_an_export_says() {
    if !has("ATELIER_CFN_LINT", "cfn-lint", &["--version"], "scripts/cfn-lint.sh") {
        return;
    }
    let (workshop, _) = exported();
    let folder = workshop.project.path().join("cloudformation");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stack/rules").display().to_string();
    let asked = || lint(&folder, &["--append-rules", &rules]);
    let (is_clean, said) = asked();
    assert!(is_clean, "{said}");
    assert!(workshop.file("cloudformation/template.yaml").contains("AWS::Events::Rule"));
    // The rule finds what CloudFormation would refuse.
    let list = "resources-to-import.json";
    for (file, from, to, words) in [
        (list, r#""DeploymentId""#, r#""Id""#, "is told by"),
        (list, "AWS::IAM::Role", "AWS::IAM::User", "is listed as"),
        (list, r#""LogicalResourceId": "Function""#, r#""LogicalResourceId": "Other""#, "Function is not listed"),
        ("template.yaml", "\nResources:\n", "\nOutputs:\n  Url:\n    Value: x\nResources:\n", "cannot add outputs"),
    ] {
        let text = workshop.file(&format!("cloudformation/{file}"));
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        fs::write(folder.join(file), changed).unwrap();
        let (is_clean, said) = asked();
        assert!(!is_clean && said.contains(words), "{words}: {said}");
        fs::write(folder.join(file), text).unwrap();
    }
}

/// Takes one call of the query protocol. Gives the URL, and later the call's body.
fn taking() -> (String, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let _ = sender.send(answered(&stream));
    });
    (url, receiver)
}

fn answered(mut stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = "<CreateChangeSetResponse xmlns='http://cloudformation.amazonaws.com/doc/2010-05-15/'>\
                  <CreateChangeSetResult><Id>import</Id><StackId>atelier</StackId></CreateChangeSetResult>\
                  </CreateChangeSetResponse>";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n", answer.len());
    write!(stream, "{head}connection: close\r\n\r\n{answer}").unwrap();
    String::from_utf8(body).unwrap()
}

#[test]
fn the_aws_cli_takes_the_command_that_an_export_prints() {
    if !has("ATELIER_AWS_CLI", "aws", &["--version"], "scripts/aws-cli.sh") {
        return;
    }
    let (workshop, said) = exported();
    let command = said.lines().find_map(|line| line.trim().strip_prefix("aws cloudformation create-change-set "));
    let words: Vec<&str> = command.unwrap_or_else(|| panic!("{said}")).split(' ').collect();
    let (url, body) = taking();
    let mut aws = tool("ATELIER_AWS_CLI", "aws", &workshop.project.path(), workshop.project.environment());
    aws.args(["--endpoint-url", &url, "cloudformation", "create-change-set"]).args(words);
    let output = aws.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let body = body.recv().unwrap();
    assert!(body.contains("ChangeSetType=IMPORT"), "{body}");
    let listed: Value = serde_json::from_str(&workshop.file("cloudformation/resources-to-import.json")).unwrap();
    for (index, one) in listed.as_array().unwrap().iter().enumerate() {
        let member = format!("ResourcesToImport.member.{}.", index + 1);
        let id = one["LogicalResourceId"].as_str().unwrap();
        assert!(body.contains(&format!("{member}LogicalResourceId={id}")), "{id}: {body}");
        let keys = one["ResourceIdentifier"].as_object().unwrap();
        assert_eq!(body.matches(&format!("{member}ResourceIdentifier.entry.")).count(), 2 * keys.len(), "{id}: {body}");
    }
}
