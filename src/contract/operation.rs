//! Which combinations of target, action and parameters are legal.

use super::{
    action::{Action, Change, Target},
    parameter::{Parameter, Values},
};
use std::fmt;

/// Whether a request has a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It may.
    Optional,
    /// It must not.
    Refused(Contradiction),
}

/// Why a parameter does not go with the rest of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A name, and everything is to be listed.
    #[error("Parameter `name` does not go with `action=list`")]
    ListTakesNoName,
    /// A name, and all are meant.
    #[error("Parameter `name` does not go with `all=1`")]
    AllTakesNoName,
    /// All are meant, and the action has to do with one.
    #[error("Parameter `all` goes with `action=start`, `stop`, `restart` or `status`")]
    AllNeedsMany,
    /// A type, and the action changes none.
    #[error("Parameter `type` goes with `action=modify`")]
    TypeNeedsModify,
    /// Leave to restart, and the action changes no type.
    #[error("Parameter `restart` goes with `action=modify`")]
    RestartNeedsModify,
    /// How long it may run, and the action starts nothing.
    #[error("Parameter `for` goes with `action=start`")]
    ForNeedsStart,
    /// A container's type.
    #[error("`action=modify` goes with `target=ec2`: a container has no type")]
    ModifyNeedsInstance,
}

impl Contradiction {
    /// Its name in the locale files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ListTakesNoName => "list_takes_no_name",
            Self::AllTakesNoName => "all_takes_no_name",
            Self::AllNeedsMany => "all_needs_many",
            Self::TypeNeedsModify => "type_needs_modify",
            Self::RestartNeedsModify => "restart_needs_modify",
            Self::ForNeedsStart => "for_needs_start",
            Self::ModifyNeedsInstance => "modify_needs_instance",
        }
    }
}

/// How many of its target a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One, or what the action itself says.
    One,
    /// All, as `all=1` says.
    All,
}

impl Reach {
    /// The value of `all`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "0",
            Self::All => "1",
        }
    }
}

/// One thing that the API does: an action on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// What is acted on.
    pub target: Target,
    /// What is done.
    pub action: Action,
}

impl Operation {
    /// Every operation, in the order of the documents.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |target| Action::ALL.into_iter().map(move |action| Self { target, action });
        Target::ALL.into_iter().flat_map(of).filter(|operation| operation.check().is_ok())
    }

    /// Whether there is such an operation.
    ///
    /// # Errors
    /// Returns why not.
    pub const fn check(self) -> Result<(), Contradiction> {
        match (self.target, self.action) {
            (Target::Docker, Action::Modify) => Err(Contradiction::ModifyNeedsInstance),
            _ => Ok(()),
        }
    }

    /// Whether one request can be about all of the target.
    #[must_use]
    pub const fn takes_all(self) -> bool {
        matches!(self.action, Action::Change(_) | Action::Status)
    }

    /// Whether a request for this operation has `parameter`: the one place that says which combinations are legal.
    #[must_use]
    pub const fn presence(self, parameter: Parameter, reach: Reach) -> Presence {
        match (parameter, self.target, self.action) {
            (Parameter::Action, ..) | (Parameter::Target, Target::Docker, _) => Presence::Required,
            // The workshop's first URLs have no target.
            (Parameter::Target, Target::Ec2, _) | (Parameter::Wait, ..) => Presence::Optional,
            (Parameter::Name, _, Action::List) => Presence::Refused(Contradiction::ListTakesNoName),
            (Parameter::Name, ..) if matches!(reach, Reach::All) => Presence::Refused(Contradiction::AllTakesNoName),
            (Parameter::Name, Target::Docker, _) => Presence::Required,
            (Parameter::Name, Target::Ec2, _) => Presence::Optional,
            (Parameter::All, ..) if !self.takes_all() => Presence::Refused(Contradiction::AllNeedsMany),
            (Parameter::All, ..) if matches!(reach, Reach::All) => Presence::Required,
            (Parameter::All, ..) => Presence::Optional,
            (Parameter::For, _, Action::Change(Change::Start)) => Presence::Optional,
            (Parameter::For, ..) => Presence::Refused(Contradiction::ForNeedsStart),
            (Parameter::Type, _, Action::Modify) => Presence::Required,
            (Parameter::Type, ..) => Presence::Refused(Contradiction::TypeNeedsModify),
            (Parameter::Restart, _, Action::Modify) => Presence::Optional,
            (Parameter::Restart, ..) => Presence::Refused(Contradiction::RestartNeedsModify),
        }
    }
}

/// The actions on one target whose requests have the same parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    target: Target,
    reach: Reach,
    actions: Vec<Action>,
    presence: [Presence; Parameter::ALL.len()],
}

impl Form {
    /// Every form that a request can have; no request has two.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut forms: Vec<Self> = Vec::new();
        for operation in Operation::all() {
            let Operation { target, action } = operation;
            let reaches: &[Reach] = if operation.takes_all() { &[Reach::One, Reach::All] } else { &[Reach::One] };
            for &reach in reaches {
                let presence = Parameter::ALL.map(|parameter| operation.presence(parameter, reach));
                let is_same = |form: &&mut Self| (form.target, form.reach) == (target, reach) && form.takes(&presence);
                match forms.iter_mut().find(is_same) {
                    Some(form) => form.actions.push(action),
                    None => forms.push(Self { target, reach, actions: vec![action], presence }),
                }
            }
        }
        forms
    }

    /// Whether this form has the same parameters; why it lacks the others does not matter.
    fn takes(&self, presence: &[Presence]) -> bool {
        let is_refused = |presence: &Presence| matches!(presence, Presence::Refused(_));
        self.presence.iter().zip(presence).all(|(a, b)| a == b || is_refused(a) && is_refused(b))
    }

    /// The parameters that such a request may have; of each, whether it must, and what it may be.
    pub fn parameters(&self) -> impl Iterator<Item = (Parameter, bool, Values)> {
        let legal = |(parameter, presence)| match presence {
            Presence::Required => Some((parameter, true)),
            Presence::Optional => Some((parameter, false)),
            Presence::Refused(_) => None,
        };
        let parameters = Parameter::ALL.into_iter().zip(self.presence).filter_map(legal);
        parameters.map(|(parameter, required)| (parameter, required, self.values(parameter)))
    }

    fn values(&self, parameter: Parameter) -> Values {
        match parameter {
            Parameter::Action => Values::OneOf(self.actions.iter().map(|action| action.as_str()).collect()),
            Parameter::Target => Values::OneOf(vec![self.target.as_str()]),
            Parameter::All => Values::OneOf(vec![self.reach.as_str()]),
            _ => parameter.values(),
        }
    }
}

/// Writes a form as `action=start|stop name=NAME [wait=0|1]`, what may be left out in brackets.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (parameter, required, values)) in self.parameters().enumerate() {
            let values = match values {
                Values::OneOf(words) => words.join("|"),
                Values::Named { .. } => parameter.as_str().to_ascii_uppercase(),
            };
            let (open, close) = if required { ("", "") } else { ("[", "]") };
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{open}{}={values}{close}", parameter.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_form_and_where_it_can_reach_all_another() {
        let forms = Form::all();
        for operation in Operation::all() {
            let of = |reach: Reach| {
                let is_its = |form: &&Form| {
                    (form.target, form.reach) == (operation.target, reach) && form.actions.contains(&operation.action)
                };
                forms.iter().filter(is_its).count()
            };
            assert_eq!((of(Reach::One), of(Reach::All)), (1, usize::from(operation.takes_all())), "{operation:?}");
        }
        assert_eq!(Operation::all().count(), 11);
    }

    #[test]
    fn forms_are_written_as_the_tables_rows() {
        let written: Vec<String> = Form::all().iter().map(Form::to_string).collect();
        assert_eq!(
            written,
            [
                "action=start [target=ec2] [name=NAME] [wait=0|1] [all=0] [for=FOR]",
                "action=start [target=ec2] [wait=0|1] all=1 [for=FOR]",
                "action=stop|restart|status [target=ec2] [name=NAME] [wait=0|1] [all=0]",
                "action=stop|restart|status [target=ec2] [wait=0|1] all=1",
                "action=modify [target=ec2] [name=NAME] [wait=0|1] type=TYPE [restart=0|1]",
                "action=list [target=ec2] [wait=0|1]",
                "action=start target=docker name=NAME [wait=0|1] [all=0] [for=FOR]",
                "action=start target=docker [wait=0|1] all=1 [for=FOR]",
                "action=stop|restart|status target=docker name=NAME [wait=0|1] [all=0]",
                "action=stop|restart|status target=docker [wait=0|1] all=1",
                "action=list target=docker [wait=0|1]",
            ]
        );
    }
}
