//! What a deploy would do, told by the very decisions that it would take; changes nothing.

use super::{
    Run,
    api::{self, Api},
    client::Clients,
    deploy::{packed, refuse_foreign, spec},
    discover::{Sighting, discover_with},
    error::Error,
    function::{self, Function},
    instance::{self, Instance},
    log_group::{self, LogGroup},
    reconcile::{Next, Reconcile, reading},
    role::{self, Role},
    spec::Part,
    usage_plan::{self, UsagePlan},
};
use crate::text::Message;

/// What a deploy would do to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Make it.
    Create,
    /// Bring it to what is wanted.
    Update,
    /// Delete it and make it anew.
    Replace,
    /// Leave it alone.
    Unchanged,
}

impl Change {
    /// The word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What a deploy would do to a part, and why.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PlannedPart {
    /// Which part.
    pub part: Part,
    /// What would happen to it.
    pub change: Change,
    /// Its id or name, where it is there.
    pub id: Option<String>,
    /// What differs from what is wanted, as names without values: an environment may hold secrets.
    pub differs: Vec<Message>,
}

/// What a deploy would do.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PlanReport {
    /// The stack.
    pub stack: crate::names::StackName,
    /// `false` when no part needs anything.
    pub changes: bool,
    /// Every part but the keys, in the order of [`Part::EVERY`].
    pub parts: Vec<PlannedPart>,
}

/// Looks at every part and tells what a deploy would begin with.
///
/// # Errors
/// Returns what a deploy would be refused for, or the look that failed.
pub async fn plan(run: &Run<'_>) -> Result<PlanReport, Error> {
    Box::pin(foretell(run)).await.map_err(|error| error.at(run.engine))
}

async fn foretell(run: &Run<'_>) -> Result<PlanReport, Error> {
    let clients = Clients::new(run.engine);
    let stack = &run.settings.stack.value;
    let account = reading(|| clients.account()).await?;
    let before = discover_with(&clients, stack, &account).await?;
    refuse_foreign(&before)?;
    let spec = spec(run, &clients, &account).await?;
    let package = packed(run).await?;
    let instance = Instance::new(&clients, &spec)?;
    let (role, log_group) = (Role::new(&clients, &spec), LogGroup::new(&clients, &spec));
    let (function, api) = (Function::new(&clients, &spec, &package), Api::new(&clients, &spec));
    let (instance, role, log_group, function, api) = tokio::join!(
        foresee(&instance, Part::Instance),
        foresee(&role, Part::Role),
        foresee(&log_group, Part::LogGroup),
        foresee(&function, Part::Function),
        foresee(&api, Part::Api),
    );
    let mut parts = vec![instance?, role?, log_group?, function?, api?];
    if spec.keys.is_some() {
        // Which API the plan opens is known once there is one.
        let api = before.api_id().map(|id| id.to_string()).unwrap_or_default();
        parts.push(foresee(&UsagePlan::new(&clients, &spec, &api), Part::UsagePlan).await?);
    }
    let changes = parts.iter().any(|part| part.change != Change::Unchanged);
    Ok(PlanReport { stack: stack.clone(), changes, parts })
}

/// What a plan must know of a part besides the loop's own decisions.
trait Foresee: Reconcile {
    /// What is there of the part, in the last look.
    fn sighting(view: &Self::View) -> &Sighting;

    /// Tells what an action amounts to, and what differs that makes it necessary.
    fn change(&self, action: &Self::Action, view: &Self::View) -> (Change, Vec<Message>);

    /// Tells what will be necessary once a part that is on its way has come to rest.
    fn ahead(&self, _view: &Self::View) -> (Change, Vec<Message>) {
        (Change::Unchanged, Vec::new())
    }
}

async fn foresee<P: Foresee>(reconciled: &P, part: Part) -> Result<PlannedPart, Error> {
    let view = reading(|| reconciled.look()).await?;
    let (change, differs) = match reconciled.next(&view, &[])? {
        Next::Done => (Change::Unchanged, Vec::new()),
        Next::Wait(_) => reconciled.ahead(&view),
        Next::Act(action) => reconciled.change(&action, &view),
    };
    let id = P::sighting(&view).kept().map(|found| found.id.clone());
    Ok(PlannedPart { part, change, id, differs })
}

/// What differs, by its name in the locale files.
pub(super) fn differs(name: &str) -> Message {
    Message::new(format!("plan.differs.{name}"))
}

/// An update for one reason.
fn update(name: &str) -> (Change, Vec<Message>) {
    (Change::Update, vec![differs(name)])
}

fn duplicate(id: &str) -> (Change, Vec<Message>) {
    (Change::Update, vec![differs("duplicate").with("id", id)])
}

const CREATE: (Change, Vec<Message>) = (Change::Create, Vec::new());

impl Foresee for Instance<'_> {
    fn sighting(view: &Sighting) -> &Sighting {
        view
    }

    fn change(&self, action: &instance::Action, _view: &Sighting) -> (Change, Vec<Message>) {
        match action {
            instance::Action::Create => CREATE,
            instance::Action::Remove(id) => duplicate(id),
            instance::Action::Tag(_) => update("tags"),
        }
    }
}

impl Foresee for Role<'_> {
    fn sighting(view: &role::View) -> &Sighting {
        &view.sighting
    }

    fn change(&self, action: &role::Action, _view: &role::View) -> (Change, Vec<Message>) {
        match action {
            role::Action::Create => CREATE,
            role::Action::Trust => update("trust"),
            _ => update("policy"),
        }
    }
}

impl Foresee for LogGroup<'_> {
    fn sighting(view: &log_group::View) -> &Sighting {
        &view.sighting
    }

    fn change(&self, action: &log_group::Action, _view: &log_group::View) -> (Change, Vec<Message>) {
        match action {
            log_group::Action::Create => CREATE,
            _ => update("retention"),
        }
    }
}

impl Foresee for Function<'_> {
    fn sighting(view: &function::View) -> &Sighting {
        &view.sighting
    }

    fn change(&self, action: &function::Action, view: &function::View) -> (Change, Vec<Message>) {
        match action {
            function::Action::Create => CREATE,
            function::Action::Delete => (Change::Replace, vec![differs("failed")]),
            _ => (Change::Update, self.differences(view)),
        }
    }

    /// Lambda tells of an update what it will lead to while it is still in progress.
    fn ahead(&self, view: &function::View) -> (Change, Vec<Message>) {
        let differs = self.differences(view);
        (if differs.is_empty() { Change::Unchanged } else { Change::Update }, differs)
    }
}

impl Foresee for UsagePlan<'_> {
    fn sighting(view: &usage_plan::View) -> &Sighting {
        &view.sighting
    }

    fn change(&self, action: &usage_plan::Action, _view: &usage_plan::View) -> (Change, Vec<Message>) {
        match action {
            usage_plan::Action::Create => CREATE,
            usage_plan::Action::Remove(id) => duplicate(id),
            usage_plan::Action::Open => update("stage"),
            usage_plan::Action::Attach(_) => update("keys"),
        }
    }
}

impl Foresee for Api<'_> {
    fn sighting(view: &api::View) -> &Sighting {
        &view.sighting
    }

    fn change(&self, action: &api::Action, _view: &api::View) -> (Change, Vec<Message>) {
        match action {
            api::Action::Create => CREATE,
            api::Action::Remove(id) => duplicate(id),
            api::Action::Permit => update("permission"),
            api::Action::Put | api::Action::Deploy => update("document"),
        }
    }
}
