//! Who makes a call, with the policies and the condition keys that he brings.

use crate::emulator::{
    context::Context,
    iam::Granted,
    policy::{Document, Keys, Layer, Policies, Principal, Source, Use},
    store::Region,
    sts::{self, Owner, Session},
};
use std::sync::Arc;

/// Somebody who is not the owner of the installation.
pub struct Caller {
    /// Who it is, to policies.
    pub principal: Principal,
    /// The ARN that refusals show.
    pub arn: String,
    /// The name of the user, where it is one.
    pub user: Option<String>,
    /// The condition keys that he brings.
    pub keys: Keys,
    policies: Policies,
    /// Policies of AWS that he has and whose documents are not known here.
    pub(super) unknown: Vec<String>,
}

impl Caller {
    /// The policies that he has: his own, what limits them.
    pub(in crate::emulator) fn policies(&self) -> Policies {
        self.policies.clone()
    }
}

/// Finds whose a key is; `None` is the owner, who may do anything.
#[must_use]
pub fn caller(context: &Context, access_key_id: &str) -> Option<Caller> {
    let caller = sts::of_key(context, access_key_id);
    if caller.is_owner {
        return None;
    }
    let session = match context.sessions.owner(access_key_id) {
        Some(Owner::Role(session)) => Some(session),
        _ => None,
    };
    let account = context.config.account.clone();
    let granted = context.store.read(&Region::global(), |state| match (&session, &caller.user) {
        (Some(session), _) => state.iam.granted_to_role(&session.role, &account),
        (None, Some(user)) => state.iam.granted_to_user(user, &account),
        (None, None) => None,
    });
    // Who was deleted has nothing left.
    let granted = granted.unwrap_or_default();
    let is_lent = context.sessions.owner(access_key_id).is_some();
    Some(assemble(&account, caller, session.as_ref(), &granted, is_lent))
}

fn assemble(account: &str, caller: sts::Caller, session: Option<&Session>, granted: &Granted, is_lent: bool) -> Caller {
    let (principal, principal_arn) = match session {
        Some(session) => {
            let role = Some(granted.arn.clone()).filter(|arn| !arn.is_empty());
            let role = role.unwrap_or_else(|| format!("arn:aws:iam::{account}:role/{}", session.role));
            let arn = caller.arn.clone();
            (Principal::Session { account: account.to_owned(), arn, role: role.clone() }, role)
        }
        None => (Principal::User { account: account.to_owned(), arn: caller.arn.clone() }, caller.arn.clone()),
    };
    let mut keys = Keys::default();
    keys.set("aws:PrincipalArn", principal_arn);
    keys.set("aws:PrincipalAccount", account);
    keys.set("aws:PrincipalType", if session.is_some() { "AssumedRole" } else { "User" });
    keys.set("aws:userid", &caller.id);
    if let Some(user) = &caller.user {
        keys.set("aws:username", user);
    }
    // Nobody has a second factor; whoever signs with a lasting key is not asked for one.
    if is_lent {
        keys.set("aws:MultiFactorAuthPresent", "false");
    }
    keys.set_tags("aws:PrincipalTag", &granted.tags);
    if let Some(session) = session {
        keys.set_tags("aws:PrincipalTag", &session.tags);
    }
    let (mut policies, mut unknown) = (Policies::default(), Vec::new());
    let mut add = |layer: Layer, name: &str, document: Option<&String>| match document
        .and_then(|text| Document::parse(text, Use::Identity).ok())
    {
        Some(document) => {
            policies.sources.push(Source { layer, name: name.to_owned(), document: Arc::new(document) });
        }
        None => unknown.push(name.to_owned()),
    };
    for (name, document) in &granted.policies {
        add(Layer::Identity, name, document.as_ref());
    }
    if let Some((name, document)) = &granted.boundary {
        add(Layer::Boundary, name, document.as_ref());
    }
    for (name, document) in session.iter().flat_map(|session| &session.policies) {
        add(Layer::Session, name, Some(document));
    }
    policies.has_boundary = granted.boundary.is_some();
    policies.has_session = session.is_some_and(|session| !session.policies.is_empty());
    Caller { principal, arn: caller.arn, user: caller.user, keys, policies, unknown }
}

/// Somebody who takes a role on for a service.
pub(super) fn of_role(context: &Context, role: &str, session: &str) -> Caller {
    let account = context.config.account.clone();
    let session = Session::of(role, session);
    let granted = context.store.read(&Region::global(), |state| state.iam.granted_to_role(&session.role, &account));
    let caller = sts::Caller {
        arn: session.arn(&account),
        id: session.role.clone(),
        user: None,
        is_owner: false,
        is_role: true,
    };
    assemble(&account, caller, Some(&session), &granted.unwrap_or_default(), true)
}

/// The user or the role of an ARN, as if it called.
pub(in crate::emulator) fn of_arn(context: &Context, arn: &str) -> Option<Caller> {
    let account = context.config.account.clone();
    let name = arn.rsplit('/').next().unwrap_or_default();
    let granted = context.store.read(&Region::global(), |state| {
        let role = state.iam.granted_to_role(name, &account).filter(|granted| granted.arn == arn);
        role.or_else(|| state.iam.granted_to_user(name, &account).filter(|granted| granted.arn == arn))
    })?;
    if granted.arn.contains(":role/") {
        return Some(of_role(context, arn, "simulated"));
    }
    let caller = sts::Caller {
        arn: arn.to_owned(),
        id: granted.id.clone(),
        user: Some(name.to_owned()),
        is_owner: false,
        is_role: false,
    };
    Some(assemble(&account, caller, None, &granted, false))
}
