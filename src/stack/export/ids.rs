//! The ids of a stack that runs, in the forms in which tools that take it over want them.

use super::{Error, resource::Ids, value::Thing};
use crate::{
    marks::STAGE,
    stack::{
        api, client::Clients, discover::Discovery, error::Error as StackError, key::Key, part::Part,
        reconcile::reading, role, spec::Spec,
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
                let id = id(*part)?;
                ids.push((Thing::Instance, vec![("terraform", id.clone()), ("InstanceId", id)]));
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
            Part::UsagePlan | Part::Key => {}
        }
    }
    Ok(Ids(ids))
}

impl From<StackError> for Error {
    fn from(error: StackError) -> Self {
        Self::Stack(Box::new(error))
    }
}
