//! The ids of a stack that runs, in the forms in which tools that take it over want them.

use super::{Error, resource::Ids, value::Thing};
use crate::{
    marks::{CLOCK_TARGET, STAGE},
    stack::{
        alarm, api, client::Clients, clock, discover::Discovery, error::Error as StackError, key::Key, part::Part,
        reconcile::reading, role, sighting::Found, spec::Spec,
    },
};

/// Finds the ids of everything that is there.
///
/// # Errors
/// Names the first part of the stack that is not there, or the call that failed.
pub(super) async fn find(clients: &Clients, spec: &Spec, found: &Discovery, keys: &[Key]) -> Result<Ids, Error> {
    let id = |part| found.part(part).map(|found| found.id.clone()).ok_or(Error::NotDeployed { part });
    let mut ids = Vec::new();
    for part in Part::EVERY {
        if found.stand_in(*part).is_some() {
            continue;
        }
        match part {
            Part::Instance => {
                for wanted in &spec.instances {
                    let name = wanted.name.as_ref().map(ToString::to_string);
                    let is_it = |found: &&Found| {
                        found.part == *part && found.instance.as_ref().is_some_and(|facts| facts.name == name)
                    };
                    let one = found.found.iter().find(is_it).ok_or(Error::NotDeployed { part: *part })?;
                    let known = vec![("terraform", one.id.clone()), ("InstanceId", one.id.clone())];
                    ids.push((Thing::of_instance(wanted.name.as_ref()), known));
                }
            }
            Part::Role => {
                let id = id(*part)?;
                ids.push((Thing::Role, vec![("terraform", id.clone()), ("RoleName", id.clone())]));
                ids.push((Thing::RolePolicy, vec![("terraform", format!("{id}:{}", role::POLICY))]));
            }
            Part::LogGroup => {
                let id = id(*part)?;
                ids.push((Thing::LogGroup, vec![("terraform", id.clone()), ("LogGroupName", id)]));
            }
            Part::Function => {
                let id = id(*part)?;
                ids.push((Thing::Function, vec![("terraform", id.clone()), ("FunctionName", id)]));
            }
            Part::Api => {
                let id = id(*part)?;
                let function = &spec.names.function;
                let deployment = reading(|| api::deployment(clients, &id)).await?;
                let deployment = deployment.ok_or(Error::NotDeployed { part: *part })?;
                let sid = api::statement(&id);
                ids.push((Thing::Api, vec![("terraform", id.clone()), ("RestApiId", id.clone())]));
                ids.push((
                    Thing::Permission,
                    vec![("terraform", format!("{function}/{sid}")), ("FunctionName", function.clone()), ("Id", sid)],
                ));
                ids.push((
                    Thing::Deployment,
                    vec![
                        ("terraform", format!("{id}/{deployment}")),
                        ("DeploymentId", deployment),
                        ("RestApiId", id.clone()),
                    ],
                ));
                ids.push((
                    Thing::Stage,
                    vec![("terraform", format!("{id}/{STAGE}")), ("RestApiId", id), ("StageName", STAGE.to_owned())],
                ));
            }
            Part::UsagePlan if spec.keys.is_some() => {
                let id = id(*part)?;
                ids.push((Thing::UsagePlan, vec![("terraform", id.clone()), ("Id", id)]));
            }
            Part::Key if spec.keys.is_some() => {
                let plan = id(Part::UsagePlan)?;
                for key in keys {
                    let (name, key) = (key.name.to_string(), key.id.clone());
                    ids.push((Thing::Key(name.clone()), vec![("terraform", key.clone()), ("APIKeyId", key.clone())]));
                    ids.push((
                        Thing::PlanKey(name),
                        vec![("terraform", format!("{plan}/{key}")), ("Id", format!("{key}:{plan}"))],
                    ));
                }
            }
            Part::Alarm => {
                for (suffix, name) in alarm::names(spec) {
                    if !found.found.iter().any(|found| found.part == *part && found.id == name) {
                        return Err(Error::NotDeployed { part: *part });
                    }
                    let known = vec![("terraform", name.clone()), ("AlarmName", name)];
                    ids.push((Thing::Alarm(suffix.to_owned()), known));
                }
            }
            Part::Clock if !spec.is_own => {
                let (function, sid) = (spec.names.function.clone(), clock::STATEMENT.to_owned());
                let known = vec![("terraform", format!("{function}/{sid}")), ("FunctionName", function), ("Id", sid)];
                ids.push((Thing::ClockPermission, known));
                // Without times there may be none: the function makes it, too.
                if spec.is_timed || found.part(*part).is_some() {
                    let rule = id(*part)?;
                    let arn = format!("arn:aws:events:{}:{}:rule/{rule}", spec.region, spec.account);
                    ids.push((Thing::ClockRule, vec![("terraform", rule.clone()), ("Arn", arn)]));
                    ids.push((Thing::ClockTarget, vec![("terraform", format!("{rule}/{CLOCK_TARGET}"))]));
                }
            }
            Part::UsagePlan | Part::Key | Part::Clock => {}
        }
    }
    Ok(Ids(ids))
}

impl From<StackError> for Error {
    fn from(error: StackError) -> Self {
        Self::Stack(Box::new(error))
    }
}
