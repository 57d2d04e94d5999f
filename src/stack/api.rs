//! The REST API, deployed from one OpenAPI document.
//!
//! `CreateRestApi` sets name and tags; `PutRestApi` brings the document, `AddPermission` lets API Gateway call the
//! function, and `CreateDeployment` makes all of it visible in one step. The rev is that deployment's description: what
//! the stage serves names its own rev, in the same call, so an interrupted update is always seen and done again. (A tag
//! would not do: LocalStack does not show tags that are written after an import.)
//!
//! The id, so the URL, is made once and survives every update.

mod by_resource;

use super::{
    client::Clients,
    error::Error,
    export::{
        resource::{Body, Concern, Resource},
        scene::Scene,
        value::{Attribute, Entry, Piece, Symbol, Text, Thing, Value},
    },
    part::Part,
    predict::{self, PlannedPart, Predict, Prediction, Wanted},
    reconcile::{Next, Reconcile},
    sighting::{Foreign, Found, Ownership, Sighting, Tags, manager, ownership},
    spec::{Names, Spec, rev},
};
use crate::{
    marks::{PART_TAG, STACK_TAG, STAGE},
    names::StackName,
    text::Message,
};
use aws_sdk_apigateway::{
    primitives::Blob,
    types::{PutMode, RestApi},
};
use std::collections::BTreeSet;

/// The most that one page of `GetRestApis` may hold.
const PAGE: i32 = 500;

pub(super) struct Api<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
    document: serde_json::Value,
    rev: String,
    /// Whether it is to serve, for which the function must be there.
    is_deployed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create,
    /// Removes a duplicate.
    Remove(String),
    Put,
    Permit,
    Deploy,
}

/// The API, and whether API Gateway may call the function for it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) sighting: Sighting,
    is_permitted: bool,
}

impl<'a> Api<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec) -> Self {
        let document = document(spec);
        let rev = rev(&document);
        Self { clients, spec, document, rev, is_deployed: true }
    }

    /// The same API as far as it goes without the function that it calls: it has its document, and serves what it
    /// served before.
    pub(super) fn undeployed(clients: &'a Clients, spec: &'a Spec) -> Self {
        Self { is_deployed: false, ..Self::new(clients, spec) }
    }

    async fn create(&self) -> Result<(), Error> {
        let tags = self.spec.names.tags(Part::Api, None).into_iter();
        let pinned = self.spec.pinned_api.clone().map(|(tag, id)| (tag.to_owned(), id));
        let call = self.clients.api.create_rest_api().name(&self.spec.names.api);
        let answer = call.set_tags(Some(tags.chain(pinned).collect())).send().await;
        answer.map(drop).map_err(|error| Error::call("CreateRestApi", &error))
    }

    async fn put(&self, id: &str) -> Result<(), Error> {
        // Of the user's own API Gateway may leave out what it has no use for.
        let is_strict = self.spec.document.is_none();
        let call = self.clients.api.put_rest_api().rest_api_id(id).mode(PutMode::Overwrite).fail_on_warnings(is_strict);
        let answer = call.body(Blob::new(self.document.to_string())).send().await;
        match answer.map(drop).map_err(|error| Error::call("PutRestApi", &error)) {
            // The API was seen a moment ago: what is not found is the operation, so the engine cannot read documents.
            Err(error) if error.is_not_found() => by_resource::put(self.clients, id, &self.document).await,
            answer => answer,
        }
    }

    async fn permit(&self, id: &str) -> Result<(), Error> {
        let (region, account) = (&self.spec.region, &self.spec.account);
        let call = self.clients.lambda.add_permission().function_name(&self.spec.names.function);
        let call = call.statement_id(statement(id)).action(INVOKE).principal(PRINCIPAL);
        let call = call.source_arn(format!("arn:aws:execute-api:{region}:{account}:{id}{EVERY_METHOD}"));
        call.send().await.map(drop).map_err(|error| Error::call("AddPermission", &error))
    }

    async fn deploy(&self, id: &str) -> Result<(), Error> {
        let call = self.clients.api.create_deployment().rest_api_id(id).stage_name(STAGE).description(&self.rev);
        call.send().await.map(drop).map_err(|error| Error::call("CreateDeployment", &error))
    }
}

/// What API Gateway may do.
const INVOKE: &str = "lambda:InvokeFunction";
/// Who may do it.
const PRINCIPAL: &str = "apigateway.amazonaws.com";
/// Every stage, method and path of an API, after its ARN.
const EVERY_METHOD: &str = "/*/*/*";

/// The document that the API is deployed from.
pub(super) fn document(spec: &Spec) -> serde_json::Value {
    spec.document.clone().unwrap_or_else(|| crate::openapi::document(&spec.api()))
}

/// Describes the API for other tools.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let resource = |thing, why, body| Resource { part: Part::Api, thing, concern: Concern::Api, why, body };
    let pinned =
        scene.spec.pinned_api.iter().map(|(tag, _)| Entry::new(tag, Value::variable("api_id")).needing("api_id"));
    let tags = scene.tags(Part::Api, None, pinned.collect());
    let api = Body::Api { name: scene.text(&scene.marked().names.api), is_strict: scene.spec.document.is_none(), tags };
    let id = Text::symbol(Symbol::Of(Thing::Api, Attribute::Id));
    let methods = Text::symbol(Symbol::Of(Thing::Api, Attribute::ExecutionArn));
    let permission = Body::Permission {
        sid: Value::Text(Text(vec![Piece::Literal(statement(""))]).then(id)),
        action: INVOKE.to_owned(),
        principal: PRINCIPAL.to_owned(),
        source: Value::Text(methods.then(Text::parse(EVERY_METHOD))),
    };
    vec![
        resource(Thing::Api, "The API, deployed from the document beside this file.", api),
        resource(
            Thing::Permission,
            "Lets this API call the function, and no other; without it every call is a 500.",
            permission,
        ),
        resource(
            Thing::Deployment,
            "What is served is a copy of the document as it was when this was made. The description is atelier's hash\nof the document: by it `atelier plan` knows what is served.",
            Body::Deployment { description: rev(&document(scene.spec)) },
        ),
        resource(
            Thing::Stage,
            "Where that copy is served; the name is part of the URL.",
            Body::Stage { name: STAGE.to_owned() },
        ),
    ]
}

/// The id of the statement in the function's policy; it names the API, so that another API's is not taken for it.
pub(super) fn statement(api: &str) -> String {
    format!("atelier-{api}")
}

impl Reconcile for Api<'_> {
    type View = View;
    type Action = Action;

    fn step(&self) -> &'static str {
        Part::Api.as_str()
    }

    fn begun(&self, _first: &Action) -> Option<Message> {
        // Made beside the instance and long before its turn in what the user reads.
        self.is_deployed.then(|| Message::new("deploy.api.begin"))
    }

    async fn look(&self) -> Result<View, Error> {
        let sighting = discover(self.clients, &self.spec.names).await?;
        let is_permitted = match sighting.kept() {
            Some(found) if self.is_deployed => is_permitted(self.clients, &self.spec.names, &found.id).await?,
            _ => false,
        };
        Ok(View { sighting, is_permitted })
    }

    fn next(&self, view: &View, done: &[Action]) -> Result<Next<Action>, Error> {
        view.sighting.refuse_foreign()?;
        if let Some(duplicate) = view.sighting.duplicates().first() {
            return Ok(Next::Act(Action::Remove(duplicate.id.clone())));
        }
        let Some(found) = view.sighting.kept() else { return Ok(Next::Act(Action::Create)) };
        let is_served = found.rev.as_ref() == Some(&self.rev);
        Ok(match (is_served, view.is_permitted) {
            (true, true) => Next::Done,
            (false, _) if !done.contains(&Action::Put) => Next::Act(Action::Put),
            _ if !self.is_deployed => Next::Done,
            (_, false) => Next::Act(Action::Permit),
            (false, true) => Next::Act(Action::Deploy),
        })
    }

    async fn act(&self, action: &Action, view: &View) -> Result<(), Error> {
        let id = view.sighting.kept().map(|found| found.id.as_str()).unwrap_or_default();
        match action {
            Action::Create => self.create().await,
            Action::Remove(id) => delete(self.clients, id).await,
            Action::Put => self.put(id).await,
            Action::Permit => self.permit(id).await,
            Action::Deploy => self.deploy(id).await,
        }
    }
}

impl Predict for Api<'_> {
    fn sighting(view: &View) -> &Sighting {
        &view.sighting
    }

    fn prediction(&self, action: &Action, _view: &View) -> Prediction {
        match action {
            Action::Create => Prediction::CREATE,
            Action::Remove(id) => Prediction::duplicate(id),
            Action::Permit => Prediction::update("permission"),
            Action::Put | Action::Deploy => Prediction::update("document"),
        }
    }
}

/// Predicts what a deploy would do to the API.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Option<PlannedPart>, Error> {
    predict::predict(&Api::new(clients, wanted.spec), Part::Api).await.map(Some)
}

/// Finds the stack's APIs, and one of its name that is not its own.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    let mut sighting = Sighting::default();
    for api in list(clients).await? {
        let (tags, name) = (tags(&api), api.name.unwrap_or_default());
        let Some(id) = api.id else { continue };
        match ownership(names, Part::Api, &tags) {
            Ownership::Ours => {
                sighting.manager = sighting.manager.take().or_else(|| manager(&tags));
                sighting.ours.push(Found {
                    part: Part::Api,
                    id,
                    rev: None,
                    state: None,
                    reason: None,
                    created: api.created_date.map_or(0, |time| time.secs()),
                    changed: None,
                    instance: None,
                });
            }
            Ownership::Theirs(owner) if name == names.api => {
                let owner = owner.unwrap_or_else(|| Message::new("stack.nobody").with("id", &id));
                sighting.foreign = Some(Foreign { part: Part::Api, name, owner, is_stand_in: false });
            }
            Ownership::Theirs(_) => {}
        }
    }
    sighting.sort();
    if let Some(kept) = sighting.ours.first_mut() {
        kept.rev = served_rev(clients, &kept.id).await?;
    }
    Ok(sighting)
}

/// The id of the deployment that the stage serves.
pub(super) async fn deployment(clients: &Clients, id: &str) -> Result<Option<String>, Error> {
    let answer = clients.api.get_stage().rest_api_id(id).stage_name(STAGE).send().await;
    match answer.map_err(|error| Error::call("GetStage", &error)) {
        Err(error) if error.is_not_found() => Ok(None),
        answer => Ok(answer?.deployment_id),
    }
}

/// The rev of what the stage serves.
async fn served_rev(clients: &Clients, id: &str) -> Result<Option<String>, Error> {
    let Some(deployment) = deployment(clients, id).await? else { return Ok(None) };
    let answer = clients.api.get_deployment().rest_api_id(id).deployment_id(deployment).send().await;
    match answer.map_err(|error| Error::call("GetDeployment", &error)) {
        Err(error) if error.is_not_found() => Ok(None),
        answer => Ok(answer?.description),
    }
}

async fn is_permitted(clients: &Clients, names: &Names, id: &str) -> Result<bool, Error> {
    let answer = clients.lambda.get_policy().function_name(&names.function).send().await;
    let policy = match answer.map_err(|error| Error::call("GetPolicy", &error)) {
        Err(error) if error.is_not_found() => return Ok(false),
        answer => answer?.policy.unwrap_or_default(),
    };
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap_or_default();
    let statements = policy["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(statements.iter().any(|candidate| candidate["Sid"] == statement(id).as_str()))
}

/// Returns the stacks that have an API.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let apis = list(clients).await?;
    let ours = apis.iter().map(tags).filter(|tags| tags.get(PART_TAG).is_some_and(|part| part == Part::Api.as_str()));
    Ok(ours.filter_map(|tags| tags.get(STACK_TAG)?.parse().ok()).collect())
}

fn tags(api: &RestApi) -> Tags {
    api.tags().cloned().unwrap_or_default().into_iter().collect()
}

async fn list(clients: &Clients) -> Result<Vec<RestApi>, Error> {
    let mut apis = Vec::new();
    let mut position = None;
    loop {
        let call = clients.api.get_rest_apis().limit(PAGE).set_position(position);
        let page = call.send().await.map_err(|error| Error::call("GetRestApis", &error))?;
        apis.extend(page.items.unwrap_or_default());
        match page.position.filter(|position| !position.is_empty()) {
            Some(next) => position = Some(next),
            None => return Ok(apis),
        }
    }
}

/// Deletes the API with its stages and deployments.
pub(super) async fn delete(clients: &Clients, id: &str) -> Result<(), Error> {
    let answer = clients.api.delete_rest_api().rest_api_id(id).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteRestApi", &error))
}
