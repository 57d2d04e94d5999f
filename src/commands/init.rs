//! `atelier init`: a small working example of a function of one's own, with its settings, a test, a workflow and a
//! devcontainer. Nothing that is there is written over unless that is asked for.

use crate::{
    cli::{self, Template},
    commands::context::Context,
    disk,
    error::{Code, Error, Result},
    settings::Origin,
    shell::word,
    text::Message,
    ui::{Page, Report},
};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// What `init` wrote.
#[derive(Debug, serde::Serialize)]
pub struct InitReport {
    /// The language.
    pub template: Template,
    /// The files, in the project folder.
    pub files: Vec<&'static str>,
    /// That folder, where it is not the current one.
    #[serde(skip)]
    elsewhere: Option<String>,
}

impl Report for InitReport {
    fn human(&self, page: &mut Page) {
        for file in &self.files {
            page.raw(format_args!("  {file}"));
        }
        page.line(Message::new("init.done"));
        let there = self.elsewhere.as_deref().map(|folder| format!("cd {} && ", word(folder))).unwrap_or_default();
        page.raw(format_args!("  {there}atelier up && atelier deploy && atelier test"));
        page.line(Message::new("init.next"));
    }
}

/// A file of the example.
struct File {
    name: &'static str,
    text: String,
    is_executable: bool,
}

const WORKFLOW: &str = include_str!("init/shared/workflow.yml");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
const DEVCONTAINER: &str = include_str!("init/shared/devcontainer.json");
const REQUESTS: &str = include_str!("init/shared/requests.http");
const IGNORED: &str = "/.atelier/\n/.api_id\n/.instance_id\n/deploy.log\n";

/// Builds the example in Rust: linked statically, it runs wherever Lambda does.
const BUILD: &str = "RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --target \"$(rustc -vV | sed -n 's/host: //p')\" \
                     && mkdir -p dist && cp target/*/release/function dist/bootstrap";

/// Writes the example.
///
/// # Errors
/// `file_exists` names what is there already; `file` what cannot be written.
pub fn run(context: &Context, args: &cli::Init) -> Result<InitReport> {
    let folder = &context.settings.folder;
    let files = files(args.template);
    let there = files.iter().map(|file| folder.join(file.name)).find(|path| fs::symlink_metadata(path).is_ok());
    if let Some(path) = there.filter(|_| !args.force) {
        return Err(Error::new(Code::FileExists).with("path", path.display()));
    }
    for file in &files {
        write(&folder.join(file.name), file)?;
    }
    let elsewhere = Some(folder.display().to_string()).filter(|_| context.settings.folder_origin != Origin::Default);
    let files = files.into_iter().map(|file| file.name).collect();
    Ok(InitReport { template: args.template, files, elsewhere })
}

/// Makes the folder of a new project, where nothing is there yet.
///
/// # Errors
/// `file` where it cannot be made.
pub fn make(folder: &Path) -> Result<()> {
    // Of what is there and is no folder, the settings tell.
    if fs::symlink_metadata(folder).is_ok() {
        return Ok(());
    }
    let failed = |source| disk::Error::Io { action: "write", path: folder.to_owned(), source };
    Ok(fs::create_dir_all(folder).map_err(failed)?)
}

fn write(path: &Path, file: &File) -> Result<()> {
    let failed = |source| disk::Error::Io { action: "write", path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mode = if file.is_executable { 0o755 } else { 0o644 };
    disk::replace(path, file.text.as_bytes(), mode)?;
    // The mode that a file is made with is cut by the mask of the process.
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?)
}

fn files(template: Template) -> Vec<File> {
    let file = |name, text: &str| File { name, text: text.to_owned(), is_executable: false };
    let function = |lines: &str| format!("# What `atelier deploy` puts behind the API.\n[function]\n{lines}");
    let (packages, mut files) = match template {
        Template::Python => (
            "python3",
            vec![
                file("atelier.toml", &function("dir = \"api\"\nruntime = \"python3.13\"\nhandler = \"app.handler\"\n")),
                file("api/app.py", include_str!("init/python/app.py")),
            ],
        ),
        Template::Node => (
            "nodejs",
            vec![
                file(
                    "atelier.toml",
                    &function("dir = \"api\"\nruntime = \"nodejs22.x\"\nhandler = \"index.handler\"\n"),
                ),
                file("api/index.mjs", include_str!("init/node/index.mjs")),
            ],
        ),
        Template::Bash => (
            "bash",
            vec![
                file("atelier.toml", &function("dir = \"api\"\nruntime = \"provided.al2023\"\n")),
                File {
                    name: "api/bootstrap",
                    text: include_str!("init/bash/bootstrap").to_owned(),
                    is_executable: true,
                },
            ],
        ),
        Template::Rust => (
            "cargo gcc libc6-dev",
            vec![
                file("atelier.toml", &function(&format!("dir = \"dist\"\nbuild = '''{BUILD}'''\n"))),
                file("Cargo.toml", include_str!("init/rust/Cargo.toml.txt")),
                file("src/main.rs", include_str!("init/rust/main.rs.txt")),
            ],
        ),
    };
    let ignored = if template == Template::Rust { format!("{IGNORED}/dist/\n/target/\n") } else { IGNORED.to_owned() };
    files.extend([
        file("tests/api.http", REQUESTS),
        file(
            ".github/workflows/test.yml",
            &WORKFLOW.replace("REPOSITORY", REPOSITORY.trim_start_matches("https://github.com/")),
        ),
        file(".devcontainer/devcontainer.json", &DEVCONTAINER.replace("PACKAGES", packages)),
        file(".gitignore", &ignored),
    ]);
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_example_is_whole() {
        for template in Template::value_variants() {
            let files = files(*template);
            let of = |name: &str| files.iter().find(|file| file.name == name).map(|file| file.text.as_str()).unwrap();
            of("atelier.toml").parse::<toml_edit::DocumentMut>().unwrap();
            let container: serde_json::Value = serde_json::from_str(of(".devcontainer/devcontainer.json")).unwrap();
            assert!(!container.to_string().contains("PACKAGES"));
            let workflow = of(".github/workflows/test.yml");
            assert!(workflow.contains("/atelier@v0\n") && !workflow.contains("REPOSITORY"), "{workflow}");
        }
    }
}
