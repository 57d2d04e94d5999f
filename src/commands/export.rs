//! `atelier export`: the stack as code for Terraform, CloudFormation or Pulumi, in a folder of its own.

use crate::{
    cli,
    commands::context::Context,
    engine,
    error::Result,
    export_format::Format,
    names::{ContainerName, StackName},
    shell,
    stack::{self, Exported, LeftOut, Order},
    text::Message,
    ui::{Page, Report},
};

/// What was written.
#[derive(Debug, serde::Serialize)]
#[serde(transparent)]
pub struct ExportReport {
    exported: Exported,
}

impl Report for ExportReport {
    fn human(&self, page: &mut Page) {
        let Exported { folder, files, resources, imports, is_deployed, needed, left_out, format, stack } =
            &self.exported;
        for file in files {
            page.raw(format_args!("  {}", folder.join(file).display()));
        }
        if *is_deployed && *imports == 0 {
            page.line(Message::new("export.deployed").with("stack", stack));
        }
        for left_out in left_out {
            page.line(told(left_out));
        }
        page.line(Message::new("export.done").with("resources", *resources).with("format", format));
        if !needed.is_empty() {
            page.line(Message::new("export.needed").with("names", needed.join(", ")));
        }
        for line in next(*format, stack, &shell::word(&folder.display().to_string()), *imports > 0) {
            page.raw(format_args!("  {line}"));
        }
        if *imports > 0 {
            page.line(Message::new("export.imports").with("imports", *imports));
        }
    }

    fn quiet(&self, page: &mut Page) {
        page.raw(self.exported.folder.display());
    }
}

/// What is said of something that is not in it.
fn told(left_out: &LeftOut) -> Message {
    match left_out {
        LeftOut::Containers { names } => {
            let names: Vec<&str> = names.iter().map(ContainerName::as_str).collect();
            Message::new("export.left_out.containers").with("names", names.join(", "))
        }
        LeftOut::Rule { name } => Message::new("export.left_out.rule").with("name", name),
    }
}

/// The commands that go on from here.
fn next(format: Format, stack: &StackName, folder: &str, is_import: bool) -> Vec<String> {
    match format {
        Format::Terraform => {
            vec![format!("terraform -chdir={folder} init"), format!("terraform -chdir={folder} apply")]
        }
        Format::CloudFormation => stack::cloudformation_commands(stack.as_str(), &format!("{folder}/"), is_import),
        Format::Pulumi => vec![format!("pulumi -C {folder} stack init dev"), format!("pulumi -C {folder} up")],
    }
}

/// Writes the stack. Needs no lock: of the engine and the project nothing is changed.
///
/// # Errors
/// That no engine runs, that the folder holds something, or what cannot be written; then nothing is.
pub async fn run(context: &Context, args: &cli::Export) -> Result<ExportReport> {
    let settings = &context.settings;
    let folder = settings.folder.join(args.out.clone().unwrap_or_else(|| args.format.as_str().into()));
    let engine = engine::connect(settings).await?;
    context.progress.wait("export", Message::new("plan.looking"));
    let order = Order { format: args.format, folder: &folder, is_forced: args.force, is_import: args.import };
    let exported = stack::export(&context.run(&engine), &order).await;
    context.progress.done("export");
    Ok(ExportReport { exported: exported? })
}
