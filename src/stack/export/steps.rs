//! What a person types to go on with a CloudFormation template: printed after an export, and written at the template's head.

const HEAD: &str = "# Written by `atelier export cloudformation`. From here on this file is yours: it needs nothing of atelier's.\n#\n";

const BUCKET: &str = "#
# The template goes through the bucket as well: a call holds 51,200 bytes, and an API's document may have more.
";

const IMPORT: &str = "#
# That takes over the stack that runs. An import makes and changes nothing, may have no outputs, and demands that every
# resource outlives the stack. The next export without `--import` is this template with all that it lacks.
";

/// The commands that make the stack, or take over the one that runs, one after another; `folder` has the files, as a shell
/// reads its name, with a slash at the end unless it is the current one.
#[must_use]
pub fn cloudformation(stack: &str, folder: &str, is_import: bool) -> Vec<String> {
    let archive = format!("aws s3 cp {folder}function.zip s3://BUCKET/function.zip");
    let leave = "--capabilities CAPABILITY_NAMED_IAM";
    if !is_import {
        return vec![
            archive,
            format!(
                "aws cloudformation deploy --stack-name {stack} --template-file {folder}template.yaml --s3-bucket BUCKET {leave} --parameter-overrides CodeBucket=BUCKET"
            ),
        ];
    }
    let of = format!("--change-set-name import --stack-name {stack}");
    vec![
        archive,
        format!("aws s3 cp {folder}template.yaml s3://BUCKET/template.yaml"),
        format!(
            "aws cloudformation create-change-set --change-set-type IMPORT {of} --template-url https://BUCKET.s3.amazonaws.com/template.yaml --resources-to-import file://{folder}resources-to-import.json {leave} --parameters ParameterKey=CodeBucket,ParameterValue=BUCKET"
        ),
        format!("aws cloudformation wait change-set-create-complete {of}"),
        format!("aws cloudformation execute-change-set {of}"),
        format!("aws cloudformation wait stack-import-complete --stack-name {stack}"),
    ]
}

/// The same as comments at the head of a template, broken where they are long.
pub(super) fn head(stack: &str, is_import: bool) -> String {
    let mut head = HEAD.to_owned();
    for command in cloudformation(stack, "", is_import) {
        let mut lines = command;
        for option in ["--template", "--capabilities", "--resources-to-import"] {
            lines = lines.replace(&format!(" {option}"), &format!(" \\\n#     {option}"));
        }
        head.push_str(&format!("#   {lines}\n"));
    }
    head.push_str(if is_import { IMPORT } else { "" });
    head.push_str(BUCKET);
    head
}
