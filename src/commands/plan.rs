//! `atelier plan`: what a deploy would do, part by part; changes nothing.

use crate::{
    cli,
    commands::context::Context,
    engine,
    error::{Code, Error, Exit, Result},
    stack::{self, Plan, PlannedChange, PlannedPart},
    text::Message,
    ui::{Page, Report, Tone},
};
use unicode_width::UnicodeWidthStr;

/// What a deploy would do.
#[derive(Debug, serde::Serialize)]
pub struct PlanReport {
    #[serde(flatten)]
    pub(crate) plan: Plan,
    #[serde(skip)]
    check: bool,
}

impl Report for PlanReport {
    fn human(&self, page: &mut Page) {
        for part in &self.plan.parts {
            line(part, page);
        }
        page.raw("");
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
    plan(context, args.check).await
}

/// The same for `deploy --dry-run`.
pub(super) async fn plan(context: &Context, check: bool) -> Result<PlanReport> {
    let engine = engine::connect(&context.settings).await?;
    context.progress.wait("plan", Message::new("plan.looking"));
    let plan = stack::plan(&context.run(&engine)).await;
    context.progress.done("plan");
    Ok(PlanReport { plan: plan?, check })
}
