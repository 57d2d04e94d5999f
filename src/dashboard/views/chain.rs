//! The chain: an ordered list of the stations that a request passes, which the style sheet draws as a line.

use super::{
    calls::{answer, link, medians},
    outcome::{Outcome, Undo, change},
    parts::anchor,
    sign::Sign,
};
use crate::{
    api_key::Scope,
    commands::{
        call_line::age,
        status::{Chain, OverallState, PartStatus, Station, StatusReport},
    },
    contract::{Change, Target},
    dashboard::{
        layout::Frame,
        shown::{Shown, command, rich, say},
    },
    engine::Component,
    stack::Part,
    text::Message,
    trace::{Call, Place},
    ui::{Tone, millis},
};
use maud::{Markup, html};
use time::OffsetDateTime;

/// Writes the view.
pub(in crate::dashboard) fn body(
    frame: &Frame<'_>,
    status: Option<&StatusReport>,
    calls: &[Call],
    outcome: Option<&Outcome>,
) -> Markup {
    let Some(status) = status else {
        return html! { p.lead { (frame.say("board.looking")) } };
    };
    let lang = frame.lang();
    let (sign, summary) = summary(status);
    html! {
        @if let Some(outcome) = outcome { (outcome.show(frame)) }
        section #picture data-live data-summary=(summary.render(lang)) {
            p.lead.(sign.class()) { (sign.draw()) span { (rich(lang, &summary)) } }
            (map(frame, status, calls))
            (last_call(frame, status, calls))
            (problems(frame, status))
        }
        @if frame.may(Scope::Control) && !frame.board.stance.is_own_function() {
            div #drive data-live data-summary=(frame.say("board.controls")) { (controls(frame, status)) }
        }
    }
}

/// How the whole is, in one sentence.
fn summary(status: &StatusReport) -> (Sign, Message) {
    if let Some(problem) = &status.problem {
        return (Sign::Bad, problem.clone());
    }
    let is_deployed = status.chain.is_some();
    match status.state {
        OverallState::Healthy => (Sign::Good, Message::new("board.chain.healthy")),
        OverallState::Stopped => (Sign::None, Message::new("board.chain.stopped")),
        OverallState::Unknown => (Sign::Warn, Message::new("board.chain.unknown")),
        OverallState::Degraded if !is_deployed => (Sign::None, Message::new("board.chain.nothing")),
        OverallState::Degraded => (Sign::Bad, Message::new("board.chain.degraded")),
    }
}

/// One station as it is drawn.
struct Stop {
    name: String,
    sign: Sign,
    state: String,
    facts: Vec<String>,
    /// What half of the last calls took here at most, what is behind it included, in milliseconds.
    pace: Option<f64>,
    why: Option<String>,
    /// The part whose row tells more.
    part: Option<String>,
}

fn map(frame: &Frame<'_>, status: &StatusReport, calls: &[Call]) -> Markup {
    let (stem, branches) = stops(frame, status, calls);
    html! {
        div.map {
            ol.line aria-label=(frame.say("board.chain.stem")) { @for stop in &stem { (station(frame, stop)) } }
            div.branches {
                @for branch in &branches {
                    @match branch.as_slice() {
                        // Each is behind the first, and none behind another.
                        [first, rest @ ..] if rest.len() > 1 => {
                            div.fork {
                                (way(frame, std::slice::from_ref(first)))
                                div.branches { @for stop in rest { (way(frame, std::slice::from_ref(stop))) } }
                            }
                        }
                        branch => (way(frame, branch)),
                    }
                }
            }
        }
    }
}

fn way(frame: &Frame<'_>, stops: &[Stop]) -> Markup {
    html! { ol.line.branch aria-label=(frame.say("board.chain.branch")) { @for stop in stops { (station(frame, stop)) } } }
}

fn station(frame: &Frame<'_>, stop: &Stop) -> Markup {
    let pace = stop
        .pace
        .map(|ms| Message::new("board.chain.pace").with("time", millis(frame.lang(), ms)).render(frame.lang()));
    let inside = html! {
        (stop.sign.draw())
        @if let Some(pace) = pace { span.pace { (pace) } }
        span.name { (Shown(&stop.name)) }
        span.state.(stop.sign.class()) { (Shown(&stop.state)) }
        @for fact in &stop.facts { span.fact { (Shown(fact)) } }
        @if let Some(why) = &stop.why { span.why { (Shown(why)) } }
    };
    html! {
        li.station {
            @match &stop.part {
                Some(part) => a href={ "/parts#" (part) } { (inside) },
                None => div { (inside) },
            }
        }
    }
}

/// The stations; where nothing is deployed, what a deploy would make, as rings.
fn stops(frame: &Frame<'_>, status: &StatusReport, calls: &[Call]) -> (Vec<Stop>, Vec<Vec<Stop>>) {
    let lang = frame.lang();
    let of = |station: &Station| {
        let is_meant =
            |part: &&PartStatus| part.part.as_str() == station.name && (station.id.is_none() || part.id == station.id);
        let mut meant = status.parts.iter().filter(is_meant);
        // A station that counts many is none of them.
        let part = meant.next().filter(|_| meant.next().is_none());
        Stop {
            name: station.label.render(lang),
            sign: Sign::of(station.tone, &station.state),
            state: station.state.render(lang),
            facts: part.map(|part| facts(part, frame)).unwrap_or_default(),
            pace: place(&station.name).and_then(|place| medians(calls, place)),
            why: station.why.as_ref().map(|why| why.render(lang)),
            part: part.map(anchor),
        }
    };
    if let Some(Chain { stem, branches }) = &status.chain {
        let first = public_url(frame, status).filter(|_| !stem.iter().any(|station| station.name == "public-url"));
        let stem = first.into_iter().chain(stem.iter().map(of)).collect();
        (stem, branches.iter().map(|branch| branch.iter().map(of).collect()).collect())
    } else {
        let ghost = |part: Part| Stop {
            name: part.message().render(lang),
            sign: Sign::None,
            state: frame.say("board.chain.absent"),
            facts: Vec::new(),
            pace: None,
            why: None,
            part: None,
        };
        (vec![ghost(Part::Api), ghost(Part::Function)], vec![vec![ghost(Part::Instance)]])
    }
}

/// The public URL, where there is one besides this machine's.
fn public_url(frame: &Frame<'_>, status: &StatusReport) -> Option<Stop> {
    let lang = frame.lang();
    let found: &Component = status.components.iter().find(|component| component.kind == "url")?;
    let is_well = found.health.is_well();
    Some(Stop {
        name: found.label().render(lang),
        sign: if is_well { Sign::Good } else { Sign::Bad },
        state: found.detail.render(lang),
        facts: found.url.iter().cloned().collect(),
        pace: None,
        why: None,
        part: None,
    })
}

fn facts(part: &PartStatus, frame: &Frame<'_>) -> Vec<String> {
    let age = part
        .age_seconds
        .map(|seconds| Message::new("board.since").with_message("age", age(seconds)).render(frame.lang()));
    let times = part.times().into_iter().map(|time| time.render(frame.lang()));
    part.id.iter().cloned().chain(age).chain(times).collect()
}

/// Which place of a call's way a station is.
fn place(station: &str) -> Option<Place> {
    match station {
        "edge" => Some(Place::Edge),
        "api" => Some(Place::Gateway),
        "function" => Some(Place::Function),
        "instance" => Some(Place::Ec2),
        "docker-proxy" => Some(Place::Docker),
        _ => None,
    }
}

fn last_call(frame: &Frame<'_>, status: &StatusReport, calls: &[Call]) -> Markup {
    let lang = frame.lang();
    let now = OffsetDateTime::now_utc();
    html! {
        @if let Some(call) = calls.iter().find(|call| call.is_of_api()) {
            p.last {
                (frame.say("board.chain.last")) " " a href={ "/calls/" (link(&call.request_id)) } { code { (Shown(&call.asked())) } }
                " " (answer(frame, call)) " " span.fact { (ago(frame, call)) }
            }
        } @else if let Some(call) = &status.last_call {
            @let (tone, line) = call.line(now);
            p.last.(if tone == Tone::Bad { "bad" } else { "plain" }) { (rich(lang, &line)) }
        }
        @if let Some(url) = &status.url {
            p.url { span { (frame.say("board.url")) } " " (command(lang, url)) }
        }
    }
}

fn ago(frame: &Frame<'_>, call: &Call) -> String {
    let seconds = (OffsetDateTime::now_utc() - call.end).whole_seconds().max(0);
    Message::new("board.ago").with_message("age", age(seconds)).render(frame.lang())
}

/// What is not as it should be, why, and what mends it.
fn problems(frame: &Frame<'_>, status: &StatusReport) -> Markup {
    let lang = frame.lang();
    let stations = status.chain.iter().flat_map(|chain| chain.stem.iter().chain(chain.branches.iter().flatten()));
    let reasons: Vec<(&Station, &Message)> =
        stations.filter_map(|station| Some((station, station.why.as_ref()?))).collect();
    let mending: Vec<&Message> = status.hints.iter().chain(&status.next).collect();
    html! {
        @if !reasons.is_empty() || !mending.is_empty() {
            section.problems aria-labelledby="problems" {
                h2 #problems { (say(lang, "board.chain.problems")) }
                ul {
                    @for (station, why) in reasons {
                        li { strong { (Shown(&station.label.render(lang))) } " – " (rich(lang, why)) }
                    }
                    @for message in mending { li.mend { (rich(lang, message)) } }
                }
                @if !status.healthy { p { a href="/doctor" { (say(lang, "board.chain.doctor")) } } }
            }
        }
    }
}

/// The buttons of what can be started and stopped.
fn controls(frame: &Frame<'_>, status: &StatusReport) -> Markup {
    let lang = frame.lang();
    let is_there = |part: &&PartStatus| part.part == Part::Instance && part.id.is_some() && part.finished;
    let instances: Vec<&PartStatus> = status.parts.iter().filter(is_there).collect();
    let containers = status
        .chain
        .iter()
        .flat_map(|chain| &chain.branches)
        .filter(|branch| branch.first().is_some_and(|first| first.name != Part::Instance.as_str()));
    let containers: Vec<&Station> = containers.flat_map(|branch| branch.iter().skip(1)).collect();
    html! {
        @if !instances.is_empty() || !containers.is_empty() {
            section.controls aria-labelledby="controls" {
                h2 #controls { (say(lang, "board.controls")) }
                @for instance in &instances {
                    @let name = instance.name.as_deref().or(instance.id.as_deref()).unwrap_or_default();
                    @let label = format!("{} {name}", say(lang, "part.instance"));
                    (control(frame, &label, Target::Ec2, instance.name.as_deref().filter(|_| instances.len() > 1)))
                }
                @for container in containers {
                    (control(frame, &container.label.render(lang), Target::Docker, Some(&container.name)))
                }
            }
        }
    }
}

fn control(frame: &Frame<'_>, label: &str, target: Target, name: Option<&str>) -> Markup {
    let of = |change| Undo { change, target, name: name.map(ToOwned::to_owned) };
    html! {
        div.control role="group" aria-label=(Shown(label)) {
            span.name { (Shown(label)) }
            (change(frame, &of(Change::Start), "primary", &frame.say("board.start")))
            (change(frame, &of(Change::Stop), "plain", &frame.say("board.stop")))
        }
    }
}
