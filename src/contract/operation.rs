//! Which combinations of target, action and parameters are legal.

use super::{
    action::{Action, Target},
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
    /// A name, and the target is the instance.
    #[error("Parameter `name` needs `target=docker`: EC2 has one instance")]
    NameNeedsDocker,
    /// A name, and everything is to be listed.
    #[error("Parameter `name` does not go with `action=list`")]
    ListTakesNoName,
}

impl Contradiction {
    /// Its name in the locale files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NameNeedsDocker => "name_needs_docker",
            Self::ListTakesNoName => "list_takes_no_name",
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
        Target::ALL.into_iter().flat_map(of)
    }

    /// Whether a request for this operation has `parameter`: the one place that says which combinations are legal.
    #[must_use]
    pub const fn presence(self, parameter: Parameter) -> Presence {
        match (parameter, self.target, self.action) {
            (Parameter::Action, ..)
            | (Parameter::Target, Target::Docker, _)
            | (Parameter::Name, Target::Docker, Action::Change(_) | Action::Status) => Presence::Required,
            // The workshop's first URLs have no target.
            (Parameter::Target, Target::Ec2, _) | (Parameter::Wait, ..) => Presence::Optional,
            (Parameter::Name, Target::Ec2, _) => Presence::Refused(Contradiction::NameNeedsDocker),
            (Parameter::Name, Target::Docker, Action::List) => Presence::Refused(Contradiction::ListTakesNoName),
        }
    }
}

/// The actions on one target whose requests have the same parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    target: Target,
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
            let presence = Parameter::ALL.map(|parameter| operation.presence(parameter));
            match forms.iter_mut().find(|form| form.target == target && form.presence == presence) {
                Some(form) => form.actions.push(action),
                None => forms.push(Self { target, actions: vec![action], presence }),
            }
        }
        forms
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
            Parameter::Name | Parameter::Wait => parameter.values(),
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
    fn every_operation_has_one_form() {
        let of_forms: Vec<Operation> = Form::all()
            .iter()
            .flat_map(|form| form.actions.iter().map(|action| Operation { target: form.target, action: *action }))
            .collect();
        assert_eq!(of_forms.len(), Operation::all().count());
        assert!(Operation::all().all(|operation| of_forms.contains(&operation)));
    }

    #[test]
    fn forms_are_written_as_the_tables_rows() {
        let written: Vec<String> = Form::all().iter().map(Form::to_string).collect();
        assert_eq!(
            written,
            [
                "action=start|stop|status|list [target=ec2] [wait=0|1]",
                "action=start|stop|status target=docker name=NAME [wait=0|1]",
                "action=list target=docker [wait=0|1]",
            ]
        );
    }
}
