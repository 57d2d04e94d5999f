//! `atelier plan`: what a deploy would do, part by part; changes nothing.

use crate::{
    cli,
    commands::context::Context,
    engine,
    error::{Code, Error, Exit, Result},
    stack::{self, Difference, Plan, PlannedChange, PlannedPart},
    text::Message,
    ui::{Page, Report, Tone},
};
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// What a deploy would do.
#[derive(Debug, serde::Serialize)]
pub struct PlanReport {
    #[serde(flatten)]
    pub(crate) plan: Plan,
    /// What it was compared with instead of what is deployed.
    #[serde(flatten)]
    difference: Option<Difference>,
    #[serde(skip)]
    check: bool,
}

impl Report for PlanReport {
    fn human(&self, page: &mut Page) {
        for part in &self.plan.parts {
            line(part, page);
        }
        if let Some(tool) = &self.plan.managed_by {
            page.line(Message::new("plan.managed").with("tool", tool));
        }
        for address in self.difference.iter().flat_map(|difference| &difference.others) {
            page.line(Message::new("plan.other").with("address", address));
        }
        page.raw("");
        if self.difference.is_some() {
            let differing = self.plan.parts.iter().filter(|part| part.change != PlannedChange::Unchanged).count();
            page.line(match differing {
                0 => Message::new("plan.same"),
                _ => Message::new("plan.differing").with("count", differing),
            });
            return;
        }
        let count = |change| self.plan.parts.iter().filter(|part| part.change == change).count();
        page.line(if self.plan.changes {
            Message::new("plan.pending")
                .with("create", count(PlannedChange::Create))
                .with("update", count(PlannedChange::Update))
                .with("replace", count(PlannedChange::Replace))
        } else {
            Message::new("plan.nothing")
        });
    }

    fn exit(&self) -> Option<Exit> {
        (self.check && self.plan.changes).then_some(Exit::Failed)
    }

    fn error(&self) -> Option<Error> {
        self.exit().map(|_| Error::new(Code::Pending))
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// Writes a part's line: a sign that needs no colour, what would happen, and what for.
fn line(part: &PlannedPart, page: &mut Page) {
    let (sign, tone) = match part.change {
        PlannedChange::Create => ("+", Tone::Good),
        PlannedChange::Update => ("~", Tone::Warn),
        PlannedChange::Replace => ("±", Tone::Bad),
        PlannedChange::Unchanged => ("=", Tone::Dim),
    };
    let change = Message::new(format!("plan.{}", part.change.as_str()));
    let text = change.with_message("part", part.part.message()).render(page.lang());
    let differs = part.differs.iter().map(|name| name.render(page.lang()));
    let facts: Vec<String> = part.id.iter().cloned().chain(differs).collect();
    let start = format!("{sign} {text}");
    let indent = start.width() + 2;
    let facts = page.paint(Tone::Dim, &facts.join(", "));
    page.folded(&format!("{}  ", page.paint(tone, &start)), indent, &facts);
}

/// Looks at every part. Needs no lock: nothing is changed.
///
/// # Errors
/// That no engine runs, or what a deploy would be refused for.
pub async fn run(context: &Context, args: &cli::Plan) -> Result<PlanReport> {
    match &args.against {
        None => plan(context, args.check).await,
        Some(file) => compared(context, args.check, &context.settings.folder.join(file)).await,
    }
}

/// Compares with a stack that Terraform made.
async fn compared(context: &Context, check: bool, file: &Path) -> Result<PlanReport> {
    let engine = engine::connect(&context.settings).await?;
    context.progress.wait("plan", Message::new("plan.looking"));
    let difference = stack::compare(&context.run(&engine), file).await;
    context.progress.done("plan");
    let mut difference = difference?;
    let parts = std::mem::take(&mut difference.parts);
    let changes = parts.iter().any(|part| part.change != PlannedChange::Unchanged);
    let plan = Plan { stack: context.settings.stack.value.clone(), changes, managed_by: None, parts };
    Ok(PlanReport { plan, difference: Some(difference), check })
}

/// The same for `deploy --dry-run`.
pub(super) async fn plan(context: &Context, check: bool) -> Result<PlanReport> {
    let engine = engine::connect(&context.settings).await?;
    context.progress.wait("plan", Message::new("plan.looking"));
    let plan = stack::plan(&context.run(&engine)).await;
    context.progress.done("plan");
    Ok(PlanReport { plan: plan?, difference: None, check })
}
