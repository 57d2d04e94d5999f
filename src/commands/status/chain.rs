//! The chain that a request goes through, as data: the edge, the API, the function, and what the function drives.

use super::parts::named;
use crate::{
    engine::{self, Component, Health},
    stack::{Discovery, Found, Part},
    text::{Message, in_words},
    ui::Tone,
};
use std::collections::BTreeMap;

/// Into how many ways to instances the picture forks at most.
const MOST_WAYS: usize = 4;

/// One station of the chain.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// Its id, where it is one of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What people call it.
    #[serde(skip)]
    pub(crate) label: Message,
    /// How it is, in a word.
    pub state: Message,
    #[serde(skip)]
    pub(crate) tone: Tone,
    /// Why it is not as it should be, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Message>,
}

/// How the deployed API answers.
#[derive(Debug, Clone)]
pub(super) struct ApiHealth {
    pub(super) health: Health,
    /// What is wrong with it.
    pub(super) why: Option<Message>,
}

/// The stations in the order in which a request passes them.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Chain {
    /// From the public door to the function.
    pub stem: Vec<Station>,
    /// Where the function goes from there, each a way of its own, whose first station leads to each of its others: containers
    /// are behind the docker proxy, not behind each other.
    pub branches: Vec<Vec<Station>>,
}

impl Chain {
    /// Puts the chain together.
    pub(super) fn of(
        components: &[Component],
        stack: &Discovery,
        api: Option<&ApiHealth>,
        targets: &[Component],
    ) -> Self {
        let named = |start: &str| components.iter().find(|component| component.name.starts_with(start));
        let mut stem = Vec::new();
        // An engine of one process is its own edge.
        if let Some(edge) = named("atelier-edge").or_else(|| named(engine::OUTSIDE_CONTAINERS)) {
            stem.push(station("edge", edge));
        }
        stem.push(match api {
            Some(api) if api.health != Health::Healthy => {
                let (state, tone) = health(api.health);
                Station { state, tone, why: api.why.clone(), ..part(Part::Api, stack) }
            }
            _ => part(Part::Api, stack),
        });
        stem.push(part(Part::Function, stack));
        let mut branches = instances(stack);
        if let Some(proxy) = named("docker-proxy") {
            let mut way = vec![station("docker-proxy", proxy)];
            way.extend(targets.iter().map(|target| station(&target.name, target)));
            branches.push(way);
        }
        Self { stem, branches }
    }

    /// The stations that are not as they should be, and of which is known why.
    pub(super) fn reasons(&self) -> impl Iterator<Item = (&Station, &Message)> {
        let stations = self.stem.iter().chain(self.branches.iter().flatten());
        stations.filter_map(|station| Some((station, station.why.as_ref()?)))
    }
}

fn station(name: &str, component: &Component) -> Station {
    let (state, tone) = health(component.health);
    let why = (tone == Tone::Bad).then(|| component.detail.clone());
    Station { name: name.to_owned(), id: None, label: Message::literal(name), state, tone, why }
}

/// The word and the tone of a component's health.
pub(super) fn health(health: Health) -> (Message, Tone) {
    let (key, tone) = match health {
        Health::Healthy => ("status.healthy", Tone::Good),
        Health::Unhealthy => ("status.unhealthy", Tone::Bad),
        Health::Stopped => ("status.stopped", Tone::Warn),
        Health::Limited => ("status.limited", Tone::Warn),
        Health::Unknown => ("status.unknown", Tone::Warn),
    };
    (Message::new(key), tone)
}

fn part(part: Part, stack: &Discovery) -> Station {
    let (state, tone) = match stack.part(part) {
        None => (Message::new("status.missing"), Tone::Bad),
        Some(Found { rev: None, .. }) => (Message::new("status.half"), Tone::Warn),
        Some(Found { state: Some(state), .. }) => (in_words(state), tone_of(state)),
        Some(_) => health(Health::Healthy),
    };
    let why = stack.part(part).and_then(|found| found.reason.as_deref()).map(Message::literal);
    Station { name: part.as_str().to_owned(), id: None, label: part.message(), state, tone, why }
}

/// The instances: a way for each as long as they can be told apart at a glance, else one that counts them.
fn instances(stack: &Discovery) -> Vec<Vec<Station>> {
    let found = stack.instances_by_name();
    let one = part(Part::Instance, stack);
    match found.len() {
        0 | 1 => vec![vec![one]],
        2..=MOST_WAYS => found.iter().map(|found| vec![instance(found)]).collect(),
        count => {
            let mut states: BTreeMap<&str, usize> = BTreeMap::new();
            for found in &found {
                *states.entry(found.state.as_deref().unwrap_or("-")).or_default() += 1;
            }
            let tones = found.iter().map(|found| tone_of(found.state.as_deref().unwrap_or_default()));
            let tone = if tones.into_iter().all(|tone| tone == Tone::Good) { Tone::Good } else { Tone::Warn };
            let state = states.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ");
            let label = Message::new("status.instances").with("count", count);
            vec![vec![Station { label, state: Message::literal(state), tone, why: None, ..one }]]
        }
    }
}

/// One of several instances.
fn instance(found: &Found) -> Station {
    let (state, tone) = match (&found.rev, &found.state) {
        (None, _) => (Message::new("status.half"), Tone::Warn),
        (_, Some(state)) => (in_words(state), tone_of(state)),
        (_, None) => health(Health::Unknown),
    };
    let name = found.instance.as_ref().and_then(|facts| facts.name.as_deref()).unwrap_or(&found.id);
    let label = named(Part::Instance, name);
    let why = found.reason.as_deref().map(Message::literal);
    Station { name: Part::Instance.as_str().to_owned(), id: Some(found.id.clone()), label, state, tone, why }
}

/// How an API is whose function is the user's own and must not be called to find out: as its deployment is.
pub(super) fn served(stack: &Discovery) -> Health {
    let is_served = stack.part(Part::Api).is_some_and(|api| api.rev.is_some());
    if is_served { Health::Healthy } else { Health::Unhealthy }
}

/// The tone of a service's own word. A stopped instance is as it should be: the API stops it.
fn tone_of(state: &str) -> Tone {
    match state {
        "Active" | "Inactive" | "running" | "stopped" => Tone::Good,
        "Failed" | "terminated" => Tone::Bad,
        _ => Tone::Warn,
    }
}
