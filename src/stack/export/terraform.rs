//! A stack as a Terraform module: files by concern, the archive and the document beside them.

use super::{
    document,
    folder::File,
    hcl::{address, aligned, indent, quoted, symbol, text, value},
    provider::{Field, Provided, SERVICES, document_names, provided},
    resource::{Concern, Default, Description, Image, Resource, Variable},
    value::{Attribute, Entry, Symbol, Text, Thing, Value},
};
use crate::{
    marks::{LAST_CALL_TAG, MANAGER_TAG, MODIFY_TAG, STAGE, STOPS_AT_TAG},
    schedule::EDGE_TAG,
};

const PROVIDERS: &str = r#"# Written by `atelier export terraform`. From here on these files are yours: they need nothing of atelier's.
#
#   terraform init
#   terraform apply
#
# For an engine on this machine (`eval "$(atelier env)"` sets what it needs) nothing else has to be said.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  # What the function notes on instances: when to stop one, and what it has done about that.
  ignore_tags {
    keys         = [NOTED]
    key_prefixes = [UNTIL]
  }

  # An engine on this machine answers for every service. Nothing is set for AWS itself, and AWS_ENDPOINT_URL does the
  # same without a variable.
  dynamic "endpoints" {
    for_each = var.endpoint == null ? [] : [var.endpoint]

    content {
ENDPOINTS    }
  }
}
"#;

const IGNORED: &str = "# State holds what is secret; it belongs where only those may read who may deploy.\n*.tfstate\n*.tfstate.*\n*.tfvars\n/.terraform/\n";

const IMPORTS: &str = "# Takes over the stack that runs, and changes nothing in it. When `terraform apply` has done that, delete this file and\n# imports_override.tf, and apply again: that brings the archive and the document from here, deploys the API once more, makes\n# what is not there yet (a rule that sleeps), and writes the tags that say that Terraform looks after the stack, so that `atelier deploy`\n# leaves it alone.\n";

const OVERRIDE: &str = "# What Terraform cannot read from what is there (an archive, a document) stays as it is during the import. Terraform\n# merges this file into the others; delete it with imports.tf.\n\nvariable \"managed_by\" {\n  default = null\n}\n";

const IMPORTS_FILE: &str = "imports.tf";
const OVERRIDE_FILE: &str = "imports_override.tf";

/// The file of a concern.
fn file(concern: Concern) -> String {
    format!("{}.tf", concern.file())
}

/// The names of the files that not every module has.
pub(super) fn sometimes() -> Vec<String> {
    let imports = [IMPORTS_FILE, OVERRIDE_FILE].map(ToOwned::to_owned);
    Concern::ALL.into_iter().map(file).chain(imports).collect()
}

/// Writes the module.
pub(super) fn write(description: &Description) -> Vec<File> {
    let ids = description.ids.as_ref();
    let all: Vec<(&Resource, Provided)> =
        description.resources.iter().map(|resource| (resource, provided(resource, ids))).collect();
    let endpoints = SERVICES.iter().map(|service| ((*service).to_owned(), "endpoints.value".to_owned())).collect();
    let mut files = vec![
        File::text(
            "providers.tf",
            PROVIDERS
                .replace("ENDPOINTS", &aligned(endpoints, 3))
                .replace("NOTED", &noted())
                .replace("UNTIL", &quoted(STOPS_AT_TAG)),
        ),
        File::text("variables.tf", variables(description)),
    ];
    for concern in Concern::ALL {
        let mut blocks = match concern {
            Concern::Compute => data(description),
            Concern::Api => vec![filled(description)],
            _ => Vec::new(),
        };
        let here = all.iter().filter(|(resource, _)| resource.concern == concern);
        blocks.extend(here.map(|(resource, provided)| block(description, resource, provided)));
        if !blocks.is_empty() {
            files.push(File::text(file(concern), blocks.join("\n")));
        }
    }
    files.push(File::text("outputs.tf", outputs(description)));
    files.push(File::text("openapi.json", document::template(&description.document)));
    files.push(File::text(".gitignore", IGNORED));
    if ids.is_some() {
        files.push(File::text(IMPORTS_FILE, imports(&all)));
        files.push(File::text(OVERRIDE_FILE, overrides(&all)));
    }
    files
}

/// The tags that the function writes.
fn noted() -> String {
    [EDGE_TAG, LAST_CALL_TAG, MODIFY_TAG].map(quoted).join(", ")
}

fn variables(description: &Description) -> String {
    let managed = Variable {
        name: "managed_by".to_owned(),
        why: "Tells `atelier deploy` who looks after the stack, so that it leaves it alone.".to_owned(),
        default: Default::Text("terraform".to_owned()),
        is_secret: false,
    };
    let mut blocks: Vec<String> = description.variables.iter().chain([&managed]).map(variable).collect();
    let mut locals = vec![("tags".to_owned(), {
        let managed = Entry::new(MANAGER_TAG, Value::variable("managed_by")).needing("managed_by");
        value(&Value::Map(description.tags.iter().cloned().chain([managed]).collect()), 1)
    })];
    let mut block = format!(
        "locals {{\n  # By these `atelier` finds what is the stack's.\n{}",
        aligned(std::mem::take(&mut locals), 1)
    );
    if !description.digests.is_empty() {
        let digests = description.digests.iter().map(|digest| {
            let (variable, known) = (&digest.variable, quoted(&digest.known));
            let digest_of = format!("nonsensitive(var.{variable} == null ? {known} : sha256(var.{variable}))");
            (quoted(&digest.key), digest_of)
        });
        block.push_str(&format!(
            "\n  # The function knows keys by their SHA-256 only. Those of the keys that there are stand here.\n  key_digests = {{\n{}  }}\n",
            aligned(digests.collect(), 2)
        ));
    }
    blocks.push(format!("{block}}}\n"));
    blocks.join("\n")
}

fn variable(variable: &Variable) -> String {
    let mut members = vec![("description".to_owned(), quoted(&variable.why)), ("type".to_owned(), "string".to_owned())];
    match &variable.default {
        Default::Text(text) => members.push(("default".to_owned(), quoted(text))),
        Default::Absent => members.push(("default".to_owned(), "null".to_owned())),
        Default::Required => {}
    }
    if variable.is_secret {
        members.push(("sensitive".to_owned(), "true".to_owned()));
    }
    let mut block = format!("variable {} {{\n{}", quoted(&variable.name), aligned(members, 1));
    if variable.name == "stack" {
        block.push_str(
            "\n  validation {\n    condition     = can(regex(\"^[a-z][a-z0-9-]{0,31}$\", var.stack))\n    error_message = \"1 to 32 of a-z, 0-9 and -, starting with a letter.\"\n  }\n",
        );
    }
    block.push_str("}\n");
    block
}

fn data(description: &Description) -> Vec<String> {
    let mut blocks = Vec::new();
    if description.mentions(&Symbol::Account) {
        blocks.push("data \"aws_caller_identity\" \"current\" {}\n".to_owned());
    }
    if let Image::Parameter(_) = description.image {
        blocks.push("# The newest image of its kind, in whatever region.\ndata \"aws_ssm_parameter\" \"image\" {\n  name = var.image_parameter\n}\n".to_owned());
    }
    blocks
}

fn block(description: &Description, resource: &Resource, provided: &Provided) -> String {
    let why: String = resource.why.lines().map(|line| format!("# {line}\n")).collect();
    let mut block = format!(
        "{why}resource {} {} {{\n{}",
        quoted(provided.kind),
        quoted(&provided.name),
        fields(description, provided)
    );
    if !provided.after.is_empty() {
        let after: Vec<String> = provided.after.iter().map(address).collect();
        block.push_str(&format!("\n  depends_on = [{}]\n", after.join(", ")));
    }
    if provided.is_made_first || provided.ignored.is_some() {
        block.push_str("\n  lifecycle {\n");
        if provided.is_made_first {
            block.push_str(
                "    # The stage serves the old one until the new one is there.\n    create_before_destroy = true\n",
            );
        }
        if let Some((attributes, why)) = &provided.ignored {
            block.push_str(&format!("    # {why}\n    ignore_changes = [{}]\n", attributes.join(", ")));
        }
        block.push_str("  }\n");
    }
    block.push_str("}\n");
    block
}

fn fields(description: &Description, provided: &Provided) -> String {
    let mut text = String::new();
    let mut members = Vec::new();
    for field in &provided.fields {
        match field {
            Field::Attribute(name, what) => members.push(((*name).to_owned(), value(what, 1))),
            Field::Image => members.push((
                "ami".to_owned(),
                match description.image {
                    Image::Id(_) => "var.image_id".to_owned(),
                    Image::Parameter(_) => "data.aws_ssm_parameter.image.insecure_value".to_owned(),
                },
            )),
            Field::Archive => {
                members.push(("filename".to_owned(), "\"${path.module}/function.zip\"".to_owned()));
                members.push((
                    "source_code_hash".to_owned(),
                    "filebase64sha256(\"${path.module}/function.zip\")".to_owned(),
                ));
            }
            Field::Document => members.push(("body".to_owned(), "local.document".to_owned())),
            Field::Tags(tags) => {
                text.push_str(&aligned(std::mem::take(&mut members), 1));
                let (always, needing): (Vec<Entry>, Vec<Entry>) =
                    tags.0.iter().cloned().partition(|entry| entry.needs.is_none());
                if needing.is_empty() {
                    text.push_str(&format!("\n  tags = merge(local.tags, {})\n", value(&Value::Map(always), 1)));
                    continue;
                }
                let own = value(&Value::Map(always), 2);
                text.push_str(&format!("\n  tags = merge(\n    local.tags,\n    {own},\n"));
                for entry in needing {
                    let variable = entry.needs.clone().unwrap_or_default();
                    let one = value(&Value::Map(vec![Entry { needs: None, ..entry }]), 2);
                    text.push_str(&format!("    var.{variable} == null ? {{}} : {one},\n"));
                }
                text.push_str("  )\n");
            }
            Field::Redeployment => {
                text.push_str(&aligned(std::mem::take(&mut members), 1));
                text.push_str("\n  triggers = {\n    redeployment = sha1(local.document)\n  }\n");
            }
            Field::Block(name, _, inner) => {
                text.push_str(&aligned(std::mem::take(&mut members), 1));
                let attributes = inner.iter().filter_map(|field| match field {
                    Field::Attribute(name, what) => Some(((*name).to_owned(), value(what, 2))),
                    _ => None,
                });
                text.push_str(&format!("\n  {name} {{\n{}  }}\n", aligned(attributes.collect(), 2)));
            }
        }
    }
    text.push_str(&aligned(members, 1));
    text
}

/// The document, filled in.
fn filled(description: &Description) -> String {
    let names = document_names(&Text::parse(&description.document.to_string()));
    let members = names.iter().map(|(name, reference)| (name.clone(), symbol(reference))).collect();
    format!(
        "locals {{\n  document = templatefile(\"${{path.module}}/openapi.json\", {{\n{}{}}})\n}}\n",
        aligned(members, 2),
        indent(1)
    )
}

fn outputs(description: &Description) -> String {
    let output = |name: &str, why: &str, what: &str| {
        let members = vec![("description".to_owned(), quoted(why)), ("value".to_owned(), what.to_owned())];
        format!("output {} {{\n{}}}\n", quoted(name), aligned(members, 1))
    };
    let reference = |thing, what| text(&Text::symbol(Symbol::Of(thing, what)));
    let (api, stage) = (reference(Thing::Api, Attribute::Id), address(&Thing::Stage));
    let local = "local.public_endpoint";
    let url =
        format!("{local} == null ? {stage}.invoke_url : \"${{{local}}}/restapis/${{{api}}}/{STAGE}/_user_request_\"");
    let mut blocks = vec![
        "locals {\n  # An engine on this machine serves APIs below its own address.\n  public_endpoint = var.endpoint == null ? var.public_endpoint : var.endpoint\n}\n".to_owned(),
        output("url", "Where the API is called, without a slash at the end.", &url),
        output("api_id", "The id of the API.", &api),
        output("function_name", "The name of the function.", &reference(Thing::Function, Attribute::Id)),
    ];
    for (thing, name) in description.instances() {
        let of = name.map(|name| format!(" {name}")).unwrap_or_default();
        let why = format!("The id of the instance{of}.");
        let output_name = format!("instance_id{}", of.replace([' ', '-'], "_"));
        blocks.push(output(&output_name, &why, &reference(thing.clone(), Attribute::Id)));
    }
    blocks.join("\n")
}

fn imports(all: &[(&Resource, Provided)]) -> String {
    let mut text = IMPORTS.to_owned();
    for (resource, provided) in all {
        if let Some((id, _)) = &provided.import {
            let members = vec![("to".to_owned(), address(&resource.thing)), ("id".to_owned(), quoted(id))];
            text.push_str(&format!("\nimport {{\n{}}}\n", aligned(members, 1)));
        }
    }
    text
}

fn overrides(all: &[(&Resource, Provided)]) -> String {
    let mut text = OVERRIDE.to_owned();
    let absent: Vec<&(&Resource, Provided)> = all.iter().filter(|(_, provided)| provided.import.is_none()).collect();
    if !absent.is_empty() {
        text.push_str("\n# Not there yet: an import makes nothing.\n");
    }
    for (index, (_, provided)) in absent.iter().enumerate() {
        let mut members = vec![("count".to_owned(), "0".to_owned())];
        // Of what is made of nothing, nobody may refer to anything.
        let is_of_absent = |value: &Value| {
            absent.iter().any(|(other, _)| value.mentions(&Symbol::Of(other.thing.clone(), Attribute::Id)))
        };
        members.extend(provided.fields.iter().filter_map(|field| match field {
            Field::Attribute(name, value) if is_of_absent(value) => Some(((*name).to_owned(), quoted("none"))),
            _ => None,
        }));
        let (kind, name) = (quoted(provided.kind), quoted(&provided.name));
        let gap = if index == 0 { "" } else { "\n" };
        text.push_str(&format!("{gap}resource {kind} {name} {{\n{}}}\n", aligned(members, 1)));
    }
    for (_, provided) in all {
        let Some((_, unread)) = provided.import.as_ref().filter(|(_, unread)| !unread.is_empty()) else { continue };
        let ignored = provided.ignored.iter().flat_map(|(names, _)| names);
        let ignored: Vec<&str> = ignored.chain(unread).copied().collect();
        text.push_str(&format!(
            "\nresource {} {} {{\n  lifecycle {{\n    ignore_changes = [{}]\n  }}\n}}\n",
            quoted(provided.kind),
            quoted(&provided.name),
            ignored.join(", ")
        ));
    }
    text
}
