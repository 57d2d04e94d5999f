//! `atelier plan`: what a deploy would do, part by part; changes nothing.

use crate::{
    cli,
    commands::context::Context,
    engine::{
        self,
        target::{Declared, Need},
    },
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
    /// The containers of `[containers]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    containers: Vec<Declared>,
    #[serde(skip)]
    check: bool,
}

impl Report for PlanReport {
    fn human(&self, page: &mut Page) {
        for part in &self.plan.parts {
            line(part, page);
        }
        for container in &self.containers {
            let (sign, tone) = match container.change {
                Need::Create => ("+", Tone::Good),
                Need::Replace => ("±", Tone::Bad),
                Need::Remove => ("-", Tone::Bad),
                Need::Unchanged => ("=", Tone::Dim),
            };
            let label = Message::new("part.container").render(page.lang());
            let part = Message::literal(format!("{label} {}", container.name));
            let text = Message::new(format!("plan.{}", container.change.as_str())).with_message("part", part);
            let text = text.render(page.lang());
            let start = format!("{} ", page.paint(tone, sign));
            page.folded(&start, 2, &format!("{text}  {}", container.image));
        }
        if let Some(tool) = &self.plan.managed_by {
            page.line(Message::new("plan.managed").with("manager", tool));
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
        let of_containers = |need| self.containers.iter().filter(|container| container.change == need).count();
        let count = |change| {
            let needed = match change {
                PlannedChange::Create => of_containers(Need::Create),
                PlannedChange::Replace => of_containers(Need::Replace),
                PlannedChange::Remove => of_containers(Need::Remove),
                PlannedChange::Update | PlannedChange::Unchanged => 0,
            };
            self.plan.parts.iter().filter(|part| part.change == change).count() + needed
        };
        page.line(if self.plan.changes {
            // Nothing is removed without being asked for, so mostly there is nothing to say of it.
            let key = if count(PlannedChange::Remove) > 0 { "plan.pending_remove" } else { "plan.pending" };
            Message::new(key)
                .with("create", count(PlannedChange::Create))
                .with("update", count(PlannedChange::Update))
                .with("replace", count(PlannedChange::Replace))
                .with("remove", count(PlannedChange::Remove))
        } else {
            Message::new("plan.nothing")
        });
    }

    fn exit(&self) -> Option<Exit> {
        (self.check && self.plan.changes).then_some(Exit::Failed)
    }

    fn error(&self) -> Option<Error> {
        self.exit()?;
        let error = Error::new(Code::Pending);
        let manager = self.difference.as_ref().map(|_| "terraform").or(self.plan.managed_by.as_deref());
        Some(match manager {
            // A deploy is refused there.
            Some(tool) => {
                let hint = Message::new(format!("hint.managed_by.{tool}"));
                error.hint(if hint.exists() { hint } else { Message::new("hint.managed_by.other") })
            }
            None => error,
        })
    }

    fn quiet(&self, _page: &mut Page) {}
}

/// Writes a part's line: a sign that needs no colour, what would happen, and what for.
fn line(part: &PlannedPart, page: &mut Page) {
    let (sign, tone) = match part.change {
        PlannedChange::Create => ("+", Tone::Good),
        PlannedChange::Update => ("~", Tone::Warn),
        PlannedChange::Replace => ("±", Tone::Bad),
        PlannedChange::Remove => ("-", Tone::Bad),
        PlannedChange::Unchanged => ("=", Tone::Dim),
    };
    let change = Message::new(format!("plan.{}", part.change.as_str()));
    let label = match &part.name {
        Some(name) => Message::literal(format!("{} {name}", part.part.message().render(page.lang()))),
        None => part.part.message(),
    };
    let text = change.with_message("part", label).render(page.lang());
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
    Ok(PlanReport { plan, difference: Some(difference), containers: Vec::new(), check })
}

/// The same for `deploy --dry-run`.
pub(super) async fn plan(context: &Context, check: bool) -> Result<PlanReport> {
    let engine = engine::connect(&context.settings).await?;
    context.progress.wait("plan", Message::new("plan.looking"));
    let plan = stack::plan(&context.run(&engine)).await;
    context.progress.done("plan");
    let mut plan = plan?;
    let containers = Box::pin(engine::target::declared(&context.settings)).await?;
    plan.changes |= containers.iter().any(|container| container.change != Need::Unchanged);
    Ok(PlanReport { plan, difference: None, containers, check })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_tool_looks_after_is_changed_by_that_tool() {
        let hint = |managed_by: Option<&str>| {
            let (stack, managed_by) = ("atelier".parse().unwrap(), managed_by.map(str::to_owned));
            let plan = Plan { stack, changes: true, managed_by, parts: Vec::new() };
            let report = PlanReport { plan, difference: None, containers: Vec::new(), check: true };
            report.error().unwrap().hints_or_default()[0].to_string()
        };
        assert_eq!(hint(None), "`atelier deploy`");
        assert!(hint(Some("terraform")).contains("`terraform apply`"));
        assert!(hint(Some("somebody")).contains("with that tool"));
    }
}
