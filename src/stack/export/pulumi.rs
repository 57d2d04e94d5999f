//! A stack as a Pulumi program in Python: modules by concern, the archive and the document beside them.

use super::{
    document,
    folder::File,
    provider::{self, Field, Provided, SERVICES, document_names, in_pulumi, provided},
    python::{quoted, symbol, text, value, variable},
    resource::{Concern, Default, Description, Image, Resource},
    value::{Attribute, Entry, Piece, Symbol, Text, Thing, Value},
    yaml::scalar,
};
use crate::marks::{MANAGER_TAG, STAGE};
use std::collections::BTreeSet;

const HEAD: &str = "\"\"\"Written by `atelier export pulumi`. From here on these files are yours: they need nothing of atelier's.\n\n    python -m venv venv && venv/bin/pip install -r requirements.txt\n    pulumi stack init dev\n    pulumi up\n\nFor an engine on this machine (`eval \"$(atelier env)\"` sets what it needs) nothing else has to be said.\n\"\"\"\n";

const REQUIREMENTS: &str = "pulumi>=3.0.0,<4.0.0\npulumi-aws>=6.30.0,<8.0.0\n";

const IGNORED: &str = "/venv/\n__pycache__/\n";

const IMPORTS: &str = "\"\"\"Takes over the stack that runs, and changes nothing in it; a rule that sleeps is made, where there is none.\n\nWhen `pulumi up` has done that, set IDS and UNREAD to {} and run it again: the tags then say that Pulumi looks after the\nstack, so that `atelier deploy` leaves it alone.\n\"\"\"\n\nimport pulumi\n\nfrom config import provider\n\n";

const ADOPTED: &str = "\n\ndef adopted(name, ignored=(), **options):\n    \"\"\"The options of a resource that is there already.\"\"\"\n    ignored = [*ignored, *UNREAD.get(name, [])]\n    return pulumi.ResourceOptions(provider=provider, import_=IDS.get(name), ignore_changes=ignored, **options)\n";

const IMPORTS_FILE: &str = "imports.py";

const PROVIDER: &str = "
# What makes every resource. An engine on this machine answers for every service; nothing is set for AWS itself.
SERVICES = [NAMES]
provider = aws.Provider(
    \"aws\",
    region=region,
    endpoints=[aws.ProviderEndpointArgs(**dict.fromkeys(SERVICES, endpoint))] if endpoint else None,
)
";

/// The file of a concern.
fn file(concern: Concern) -> String {
    format!("{}.py", module(concern))
}

/// The names of the files that not every program has.
pub(super) fn sometimes() -> Vec<String> {
    Concern::ALL.into_iter().map(file).chain([IMPORTS_FILE.to_owned()]).collect()
}

/// Writes the program.
pub(super) fn write(description: &Description) -> Vec<File> {
    let ids = description.ids.as_ref();
    let all: Vec<(&Resource, Provided)> =
        description.resources.iter().map(|resource| (resource, provided(resource, ids))).collect();
    let mut files = vec![
        File::text("Pulumi.yaml", project(description)),
        File::text("requirements.txt", REQUIREMENTS),
        File::text("config.py", config(description)),
    ];
    let mut modules = Vec::new();
    for concern in Concern::ALL {
        let here: Vec<&(&Resource, Provided)> =
            all.iter().filter(|(resource, _)| resource.concern == concern).collect();
        if !here.is_empty() {
            modules.push(module(concern));
            files.push(File::text(file(concern), concern_file(description, concern, &here)));
        }
    }
    files.push(File::text("__main__.py", main(description)));
    files.push(File::text("openapi.json", document::plain(&description.document)));
    files.push(File::text(".gitignore", IGNORED));
    if ids.is_some() {
        files.push(File::text(IMPORTS_FILE, imports(&all)));
    }
    files
}

/// The module of a concern; `main` is the program's own.
fn module(concern: Concern) -> &'static str {
    match concern {
        Concern::Compute => "compute",
        other => other.file(),
    }
}

fn project(description: &Description) -> String {
    let region = description.variables.iter().find(|variable| variable.name == "region");
    let region = match region.map(|region| &region.default) {
        Some(Default::Text(region)) => region.as_str(),
        _ => crate::marks::DEFAULT_REGION,
    };
    // A stack may be called `no`, which is none to a reader of YAML.
    let (stack, region) = (scalar(&description.stack), scalar(region));
    format!(
        "name: {stack}\ndescription: What `atelier deploy` makes, as a Pulumi program.\nruntime:\n  name: python\n  options:\n    virtualenv: venv\nconfig:\n  aws:region:\n    value: {region}\n"
    )
}

fn config(description: &Description) -> String {
    let mut file = "\"\"\"What differs from one place to another: `pulumi config set NAME VALUE`.\"\"\"\n\n".to_owned();
    if !description.digests.is_empty() {
        file.push_str("import hashlib\n\n");
    }
    file.push_str("import pulumi\nimport pulumi_aws as aws\n\nconfig = pulumi.Config()\n");
    for variable in &description.variables {
        let name = &variable.name;
        let what = match (&variable.default, variable.is_secret) {
            _ if name == "region" => "pulumi.Config(\"aws\").require(\"region\")".to_owned(),
            (Default::Required, true) => format!("config.require_secret({})", quoted(name)),
            (Default::Required, false) => format!("config.require({})", quoted(name)),
            (Default::Absent, true) => format!("config.get_secret({})", quoted(name)),
            (Default::Absent, false) => format!("config.get({})", quoted(name)),
            (Default::Text(text), _) => format!("config.get({}, {})", quoted(name), quoted(text)),
        };
        file.push_str(&format!("\n# {}\n{name} = {what}\n", variable.why));
    }
    // Python keeps `lambda` for itself.
    let service = |name: &&str| quoted(if *name == "lambda" { "lambda_" } else { name });
    file.push_str(&PROVIDER.replace("NAMES", &SERVICES.iter().map(service).collect::<Vec<_>>().join(", ")));
    let asked = "opts=pulumi.InvokeOptions(provider=provider)";
    if let Image::Parameter(_) = description.image {
        file.push_str(&format!("\nimage_id = aws.ssm.get_parameter(name=image_parameter, {asked}).insecure_value\n"));
    }
    if description.mentions(&Symbol::Account) {
        file.push_str(&format!("\naccount = aws.get_caller_identity({asked}).account_id\n"));
    }
    let managed = Entry::new(MANAGER_TAG, Value::text("pulumi"));
    let tags = Value::Map(description.tags.iter().cloned().chain([managed]).collect());
    file.push_str(&format!(
        "\n# By these `atelier` finds what is the stack's, and leaves it alone.\ntags = {}\n",
        value(&tags, 0)
    ));
    if !description.digests.is_empty() {
        file.push_str(
            "\n\ndef digest(name, known):\n    \"\"\"The SHA-256 of a key that is configured, else of the one that there is.\"\"\"\n    key = config.get(name)\n    return hashlib.sha256(key.encode()).hexdigest() if key else known\n\n\n# The function knows keys by their SHA-256 only.\nKEY_DIGESTS = {\n",
        );
        for digest in &description.digests {
            let (key, variable, known) = (quoted(&digest.key), quoted(&digest.variable), quoted(&digest.known));
            file.push_str(&format!("    {key}: digest({variable}, {known}),\n"));
        }
        file.push_str("}\n");
    }
    file
}

fn concern_file(description: &Description, concern: Concern, all: &[&(&Resource, Provided)]) -> String {
    let body: Vec<String> = all.iter().map(|(resource, provided)| block(description, resource, provided)).collect();
    let body = body.join("\n");
    let mut imports: BTreeSet<String> = BTreeSet::new();
    let names = description.variables.iter().map(|variable| variable.name.as_str());
    let names: Vec<&str> = names.chain(["account", "tags", "KEY_DIGESTS", "image_id", "provider"]).collect();
    let used: BTreeSet<&str> = names.into_iter().filter(|name| mentions_word(&body, name)).collect();
    if !used.is_empty() {
        imports.insert(format!("from config import {}", used.into_iter().collect::<Vec<_>>().join(", ")));
    }
    for other in Concern::ALL.into_iter().filter(|other| *other != concern) {
        let things = description.resources.iter().filter(|resource| resource.concern == other);
        let used: BTreeSet<String> =
            things.map(|resource| variable(&resource.thing)).filter(|name| mentions_word(&body, name)).collect();
        if !used.is_empty() {
            let used: Vec<String> = used.into_iter().collect();
            imports.insert(format!("from {} import {}", module(other), used.join(", ")));
        }
    }
    if mentions_word(&body, "adopted") {
        imports.insert("from imports import adopted".to_owned());
    }
    let mut head = String::new();
    if body.contains("hashlib.") {
        head.push_str("import hashlib\n");
    }
    if body.contains("pathlib.") {
        head.push_str("import pathlib\nimport re\n");
    }
    if !head.is_empty() {
        head.push('\n');
    }
    if mentions_word(&body, "pulumi") {
        head.push_str("import pulumi\n");
    }
    head.push_str("import pulumi_aws as aws\n");
    let imports: Vec<String> = imports.into_iter().collect();
    if !imports.is_empty() {
        head.push_str(&format!("\n{}\n", imports.join("\n")));
    }
    format!("{head}\n{body}")
}

/// A program without its comments and without what it quotes; what an f-string puts in stays.
fn code_of(program: &str) -> String {
    let mut code = String::new();
    for line in program.lines().filter(|line| !line.starts_with('#')) {
        let (mut is_quoted, mut is_formatted, mut is_put_in) = (false, false, false);
        let mut characters = line.chars();
        let mut last = None;
        while let Some(character) = characters.next() {
            match character {
                '"' if !is_put_in => {
                    is_formatted = !is_quoted && last == Some('f');
                    is_quoted = !is_quoted;
                    code.push('"');
                }
                '\\' if is_quoted && !is_put_in => drop(characters.next()),
                '{' if is_formatted && is_quoted => {
                    is_put_in = true;
                    code.push('{');
                }
                '}' if is_put_in => {
                    is_put_in = false;
                    code.push('}');
                }
                _ if is_quoted && !is_put_in => {}
                other => code.push(other),
            }
            last = Some(character);
        }
        code.push('\n');
    }
    code
}

/// Whether a name stands in a program as a word of its own, and not as a member or in quotes.
fn mentions_word(program: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let code = code_of(program);
    code.match_indices(name).any(|(at, _)| {
        let (before, mut after) = (code[..at].chars().next_back(), code[at + name.len()..].chars());
        let (next, second) = (after.next(), after.next());
        let is_argument = next == Some('=') && second != Some('=');
        !before.is_some_and(|c| is_part(c) || c == '.') && !next.is_some_and(is_part) && !is_argument
    })
}

fn block(description: &Description, resource: &Resource, provided: &Provided) -> String {
    let mut lines: String = resource.why.lines().map(|line| format!("# {line}\n")).collect();
    let mut arguments = Vec::new();
    for field in &provided.fields {
        arguments.extend(match field {
            Field::Attribute(name, what) => {
                vec![format!("{}={}", in_pulumi(&resource.thing, name), value(what, 1))]
            }
            Field::Image => vec!["ami=image_id".to_owned()],
            Field::Archive => vec!["code=pulumi.FileArchive(\"function.zip\")".to_owned()],
            Field::Document => {
                lines = format!("{}\n{lines}", body(description));
                vec!["body=document".to_owned()]
            }
            Field::Tags(tags) => vec![format!("tags={}", tagged(&tags.0))],
            Field::Redeployment => {
                vec!["triggers={\"redeployment\": document.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())}".to_owned()]
            }
            Field::Block(name, is_many, inner) => {
                let members = inner.iter().filter_map(|field| match field {
                    Field::Attribute(name, what) => Some(Entry::new(name, what.clone())),
                    _ => None,
                });
                let map = Value::Map(members.collect());
                let map = if *is_many { Value::List(vec![map]) } else { map };
                vec![format!("{name}={}", value(&map, 1))]
            }
        });
    }
    arguments.push(options(provided, &resource.thing));
    let name = urn(&resource.thing);
    let arguments: String = arguments.iter().map(|argument| format!("    {argument},\n")).collect();
    let kind = provider::kind(&resource.thing).pulumi;
    format!("{lines}{} = {kind}(\n    {},\n{arguments})\n", variable(&resource.thing), quoted(&name))
}

/// The name by which Pulumi knows a resource, unique among all.
fn urn(thing: &Thing) -> String {
    variable(thing).replace('_', "-")
}

fn tagged(tags: &[Entry]) -> String {
    let pair = |entry: &Entry| format!("{}: {}", text(&entry.name), value(&entry.value, 2));
    let members: Vec<String> = std::iter::once("**tags".to_owned())
        .chain(tags.iter().map(|entry| match &entry.needs {
            None => pair(entry),
            Some(variable) => format!("**({{{}}} if {variable} else {{}})", pair(entry)),
        }))
        .collect();
    super::python::bracketed(('{', '}'), members, 1)
}

fn options(provided: &Provided, thing: &Thing) -> String {
    let mut options = Vec::new();
    if !provided.after.is_empty() {
        let after: Vec<String> = provided.after.iter().map(variable).collect();
        options.push(format!("depends_on=[{}]", after.join(", ")));
    }
    let quote = |names: &Vec<&'static str>| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let ignored = provided.ignored.as_ref().map(|(names, _)| quote(names));
    if provided.import.is_some() {
        let ignored = ignored.map(|name| format!("ignored=[{name}]"));
        let all: Vec<String> = std::iter::once(quoted(&urn(thing))).chain(ignored).chain(options).collect();
        return format!("opts=adopted({})", all.join(", "));
    }
    options.insert(0, "provider=provider".to_owned());
    options.extend(ignored.map(|name| format!("ignore_changes=[{name}]")));
    format!("opts=pulumi.ResourceOptions({})", options.join(", "))
}

/// The document, filled in.
fn body(description: &Description) -> String {
    let names = document_names(&Text::parse(&description.document.to_string()));
    let known: Vec<String> = names
        .iter()
        .map(|(name, reference)| {
            let (written, _) = symbol(reference);
            format!("    {}: {written},\n", quoted(name))
        })
        .collect();
    format!(
        "\ndef filled(values):\n    \"\"\"The API's document, with values in the place of its placeholders; `$${{` in it is `${{`.\"\"\"\n    text = pathlib.Path(__file__).with_name(\"openapi.json\").read_text(encoding=\"utf-8\")\n    return re.sub(r\"\\$\\$\\{{|\\$\\{{(\\w+)\\}}\", lambda found: values[found[1]] if found[1] else \"${{\", text)\n\n\ndocument = pulumi.Output.all(**{{\n{}}}).apply(filled)\n",
        known.concat()
    )
}

fn main(description: &Description) -> String {
    let mut file = format!("{HEAD}\nimport pulumi\n\n");
    let instances: Vec<String> = description.instances().map(|(thing, _)| variable(thing)).collect();
    let (api, stage) = (variable(&Thing::Api), variable(&Thing::Stage));
    file.push_str(&format!("from api import {api}, {stage}\n"));
    if !instances.is_empty() {
        file.push_str(&format!("from compute import {}\n", instances.join(", ")));
    }
    file.push_str(&format!(
        "from config import endpoint, public_endpoint\nfrom function import {}\n",
        variable(&Thing::Function)
    ));
    let is_there = |concern: &Concern| description.resources.iter().any(|resource| resource.concern == *concern);
    let is_named = |concern: &Concern| matches!(concern, Concern::Compute | Concern::Function | Concern::Api);
    let others: Vec<Concern> = Concern::ALL.into_iter().filter(|other| is_there(other) && !is_named(other)).collect();
    if !others.is_empty() {
        file.push_str("\n# What nothing here refers to is made by being read.\n");
        others.iter().for_each(|other| file.push_str(&format!("import {}  # noqa: F401\n", module(*other))));
    }
    let local = Text(vec![
        Piece::Symbol(Symbol::Variable("public_endpoint".to_owned())),
        Piece::Literal("/restapis/".to_owned()),
        Piece::Symbol(Symbol::Of(Thing::Api, Attribute::Id)),
        Piece::Literal(format!("/{STAGE}/_user_request_")),
    ]);
    file.push_str(&format!(
        "\n# An engine on this machine serves APIs below its own address.\npublic_endpoint = endpoint or public_endpoint\nurl = {stage}.invoke_url\nif public_endpoint:\n    url = {}\n\npulumi.export(\"url\", url)\npulumi.export(\"api_id\", {api}.id)\npulumi.export(\"function_name\", {}.name)\n",
        text(&local),
        variable(&Thing::Function)
    ));
    for (thing, name) in description.instances() {
        let output =
            name.map_or_else(|| "instance_id".to_owned(), |name| format!("instance_id_{}", name.replace('-', "_")));
        file.push_str(&format!("pulumi.export({}, {}.id)\n", quoted(&output), variable(thing)));
    }
    file
}

fn imports(all: &[(&Resource, Provided)]) -> String {
    let mut file = format!("{IMPORTS}# The ids of what is there.\nIDS = {{\n");
    let mut unread = "}\n\n# What Pulumi cannot read from what is there (an archive, a document, a tag) stays as it is.\nUNREAD = {\n".to_owned();
    for (resource, provided) in all {
        let Some((id, names)) = &provided.import else { continue };
        let name = quoted(&urn(&resource.thing));
        file.push_str(&format!("    {name}: {},\n", quoted(id)));
        let has_tags = provided.fields.iter().any(|field| matches!(field, Field::Tags(_)));
        let translated = names.iter().filter_map(|name| match *name {
            // Pulumi neither has them as defaults nor compares them.
            "put_rest_api_mode" | "source_code_hash" => None,
            other => Some(in_pulumi(&resource.thing, other)),
        });
        let ignored: Vec<String> = translated.chain(has_tags.then_some("tags")).map(quoted).collect();
        if !ignored.is_empty() {
            unread.push_str(&format!("    {name}: [{}],\n", ignored.join(", ")));
        }
    }
    format!("{file}{unread}}}\n{ADOPTED}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_where_the_program_uses_it() {
        for (line, uses) in [
            ("role=role.arn,", true),
            ("depends_on=[role]", true),
            (r#"f"arn:{role}:x""#, true),
            (r#"f"{x}{role}""#, true),
            (r#"f"{KEYS["a"]}:role""#, false),
            (r#""arn:role:x""#, false),
            (r#"f"arn:role:{x}""#, false),
            (r#""a \" role""#, false),
            ("role=1", false),
            ("x.role", false),
            ("role_policy", false),
            ("# role", false),
        ] {
            assert_eq!(mentions_word(line, "role"), uses, "{line}");
        }
    }
}
