//! What a deploy would do to one part, told by the very decisions that it would take.

use super::{
    error::Error,
    package::Package,
    part::Part,
    reconcile::{Next, Reconcile, reading},
    sighting::Sighting,
    spec::Spec,
};
use crate::text::Message;

/// What a deploy would do to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PlannedChange {
    /// Make it.
    Create,
    /// Bring it to what is wanted.
    Update,
    /// Delete it and make it anew.
    Replace,
    /// Delete it.
    Remove,
    /// Leave it alone.
    Unchanged,
}

impl PlannedChange {
    /// Returns the word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Remove => "remove",
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
    pub change: PlannedChange,
    /// Its id or name, where it is there.
    pub id: Option<String>,
    /// What differs from what is wanted, as names without values: an environment may hold secrets.
    pub differs: Vec<Message>,
    /// The name of an instance that has one, and of an alarm that is not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A change and what differs that makes it necessary.
#[derive(Debug)]
pub(super) struct Prediction {
    pub(super) change: PlannedChange,
    pub(super) differs: Vec<Message>,
}

impl Prediction {
    /// Nothing would be done.
    pub(super) const UNCHANGED: Self = Self { change: PlannedChange::Unchanged, differs: Vec::new() };
    /// The part would be made.
    pub(super) const CREATE: Self = Self { change: PlannedChange::Create, differs: Vec::new() };

    /// Returns an update for one reason, by its name in the locale files.
    pub(super) fn update(name: &str) -> Self {
        Self { change: PlannedChange::Update, differs: vec![differs(name)] }
    }

    /// Returns a change of name.
    pub(super) fn renamed(before: Option<String>) -> Self {
        let differs = match before {
            Some(before) => differs("renamed").with("name", before),
            None => differs("named"),
        };
        Self { change: PlannedChange::Update, differs: vec![differs] }
    }

    /// Returns the removal of a duplicate.
    pub(super) fn duplicate(id: &str) -> Self {
        Self { change: PlannedChange::Update, differs: vec![differs("duplicate").with("id", id)] }
    }
}

/// What differs, by its name in the locale files.
pub(super) fn differs(name: &str) -> Message {
    Message::new(format!("plan.differs.{name}"))
}

/// What the parts of a stack are made from.
pub(super) struct Wanted<'a> {
    /// Everything but the function's code.
    pub(super) spec: &'a Spec,
    /// The function's code.
    pub(super) package: &'a Package,
    /// The API that there is; empty where there is none.
    pub(super) api_id: &'a str,
}

/// What a plan must know of a part besides the loop's own decisions.
pub(super) trait Predict: Reconcile {
    /// Returns what is there of the part, in the last look.
    fn sighting(view: &Self::View) -> &Sighting;

    /// Returns what an action amounts to.
    fn prediction(&self, action: &Self::Action, view: &Self::View) -> Prediction;

    /// Returns what will be necessary once a part that is on its way has come to rest.
    fn prediction_at_rest(&self, _view: &Self::View) -> Prediction {
        Prediction::UNCHANGED
    }
}

/// Looks at a part and returns what a deploy would begin with.
pub(super) async fn predict<P: Predict>(wanted: &P, part: Part) -> Result<PlannedPart, Error> {
    let view = reading(|| wanted.look()).await?;
    let Prediction { change, differs } = match wanted.next(&view, &[])? {
        Next::Done => Prediction::UNCHANGED,
        Next::Wait(_) => wanted.prediction_at_rest(&view),
        Next::Act(action) => wanted.prediction(&action, &view),
    };
    let id = P::sighting(&view).kept().map(|found| found.id.clone());
    Ok(PlannedPart { part, change, id, differs, name: None })
}
