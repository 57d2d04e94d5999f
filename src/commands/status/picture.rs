//! The chain as a picture: boxes and arrows where they fit, else an indented list that any terminal can show.

use super::chain::{Chain, Station};
use crate::{
    text::{Lang, Message},
    ui::{Page, columns, padded},
};
use std::slice::from_ref;

/// Between two boxes.
const ARROW: &str = "───▶";
/// From the last box of the stem to the first branch, when there are more.
const FORK: &str = "─┬─▶";
/// From the fork to a branch that is not the last.
const NEXT: &str = " ├─▶";
/// From the fork to the last branch.
const LAST: &str = " └─▶";

/// Draws the chain, as well as the page allows.
pub(super) fn draw(chain: &Chain, page: &mut Page) {
    let lines = boxes(chain, page);
    // What goes to no terminal is read by a program, a screen reader or a later editor: a list suits them all.
    let fits = |lines: &[String]| page.width().is_some_and(|room| lines.iter().all(|line| columns(line) <= room));
    match lines {
        Some(lines) if !page.is_plain() && fits(&lines) => {
            for line in lines {
                page.raw(line.trim_end());
            }
        }
        _ => list(chain, page),
    }
}

/// Draws the stem, and beside it the branches, one below the other.
fn boxes(chain: &Chain, page: &Page) -> Option<Vec<String>> {
    let ways: Vec<Vec<String>> = chain.branches.iter().map(|branch| way(branch, page)).collect();
    (!ways.is_empty()).then(|| fork(&row(&chain.stem, page), &ways))
}

/// Draws a branch: its first station, and beside it all that are behind it.
fn way(branch: &[Station], page: &Page) -> Vec<String> {
    let Some((first, others)) = branch.split_first() else { return Vec::new() };
    let others: Vec<Vec<String>> = others.iter().map(|other| row(from_ref(other), page).into()).collect();
    fork(&row(from_ref(first), page), &others)
}

/// Joins what is drawn with the ways that go on from there; each way is some lines, the arrow leads to its second.
fn fork(stem: &[String; 4], ways: &[Vec<String>]) -> Vec<String> {
    if ways.is_empty() {
        return stem.to_vec();
    }
    let indent = " ".repeat(columns(&stem[0]));
    let mut lines = Vec::new();
    for (number, way) in ways.iter().enumerate() {
        let (is_first, is_last) = (number == 0, number + 1 == ways.len());
        let above = if is_first { "    " } else { " │  " };
        let below = if is_last { "    " } else { " │  " };
        let arrow = match (is_first, is_last) {
            (true, true) => ARROW,
            (true, false) => FORK,
            (false, false) => NEXT,
            (false, true) => LAST,
        };
        for (place, line) in way.iter().enumerate() {
            let before = stem.get(place).filter(|_| is_first).unwrap_or(&indent);
            let joint = [above, arrow].get(place).copied().unwrap_or(below);
            lines.push(format!("{before}{joint}{line}"));
        }
    }
    lines
}

fn join(rows: &mut [String; 4], pieces: [&str; 4]) {
    for (line, piece) in rows.iter_mut().zip(pieces) {
        line.push_str(piece);
    }
}

/// Draws boxes side by side, with arrows between them, in four lines.
fn row(stations: &[Station], page: &Page) -> [String; 4] {
    let mut rows: [String; 4] = Default::default();
    for (number, station) in stations.iter().enumerate() {
        if number > 0 {
            join(&mut rows, ["    ", ARROW, "    ", "    "]);
        }
        let word = station.state.render(page.lang());
        let name = station.label.render(page.lang());
        let inner = columns(&name).max(columns(&word));
        let edge = "─".repeat(inner + 2);
        let (name, word) = (padded(&name, inner), padded(&page.paint(station.tone, &word), inner));
        let lines = [format!("┌{edge}┐"), format!("│ {name} │"), format!("│ {word} │"), format!("└{edge}┘")];
        join(&mut rows, lines.each_ref().map(String::as_str));
    }
    rows
}

/// Writes one station a line, ASCII only but for the words themselves.
fn list(chain: &Chain, page: &mut Page) {
    let lang = page.lang();
    for (depth, station) in chain.stem.iter().enumerate() {
        page.raw(listed(station, depth, lang));
    }
    for branch in &chain.branches {
        for (number, station) in branch.iter().enumerate() {
            // All that are behind the first are equally far.
            page.raw(listed(station, chain.stem.len() + number.min(1), lang));
        }
    }
}

fn listed(station: &Station, depth: usize, lang: Lang) -> String {
    let arrow = if depth == 0 { String::new() } else { format!("{}-> ", "  ".repeat(depth - 1)) };
    let said = Message::new("status.station").with_message("name", station.label.clone());
    format!("{arrow}{}", said.with_message("state", station.state.clone()).render(lang))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Tone;

    fn station(name: &str, state: &str) -> Station {
        Station {
            name: name.to_owned(),
            id: None,
            label: Message::literal(name),
            state: Message::literal(state),
            tone: Tone::Good,
            why: None,
        }
    }

    fn chain() -> Chain {
        Chain {
            stem: vec![station("edge", "healthy"), station("api", "healthy"), station("function", "Active")],
            branches: vec![
                vec![station("instance", "running")],
                vec![station("docker-proxy", "healthy"), station("web", "arrêté")],
            ],
        }
    }

    fn drawn(width: Option<usize>, plain: bool, color: bool) -> String {
        let mut page = Page::new(Lang::En, color, width, plain);
        draw(&chain(), &mut page);
        page.text().to_owned()
    }

    #[test]
    fn the_picture_has_a_box_for_each_station_and_an_arrow_for_each_step() {
        let picture = "\
┌─────────┐    ┌─────────┐    ┌──────────┐    ┌──────────┐
│ edge    │───▶│ api     │───▶│ function │─┬─▶│ instance │
│ healthy │    │ healthy │    │ Active   │ │  │ running  │
└─────────┘    └─────────┘    └──────────┘ │  └──────────┘
                                           │  ┌──────────────┐    ┌────────┐
                                           └─▶│ docker-proxy │───▶│ web    │
                                              │ healthy      │    │ arrêté │
                                              └──────────────┘    └────────┘
";
        assert_eq!(drawn(Some(80), false, false), picture);
    }

    #[test]
    fn each_of_several_instances_has_a_way() {
        let branches = ["instance db", "instance web", "docker-proxy"].map(|name| vec![station(name, "running")]);
        let chain = Chain { stem: vec![station("function", "Active")], branches: branches.to_vec() };
        let mut page = Page::new(Lang::En, false, Some(80), false);
        draw(&chain, &mut page);
        let picture = "\
┌──────────┐    ┌─────────────┐
│ function │─┬─▶│ instance db │
│ Active   │ │  │ running     │
└──────────┘ │  └─────────────┘
             │  ┌──────────────┐
             ├─▶│ instance web │
             │  │ running      │
             │  └──────────────┘
             │  ┌──────────────┐
             └─▶│ docker-proxy │
                │ running      │
                └──────────────┘
";
        assert_eq!(page.text(), picture);
    }

    #[test]
    fn containers_are_behind_the_proxy_and_not_behind_each_other() {
        let behind = ["docker-proxy", "cache", "web"].map(|name| station(name, "running"));
        let branches = vec![behind.to_vec(), vec![station("instance", "running")]];
        let chain = Chain { stem: vec![station("function", "Active")], branches };
        let drawn = |width| {
            let mut page = Page::new(Lang::En, false, width, false);
            draw(&chain, &mut page);
            page.text().to_owned()
        };
        let picture = "\
┌──────────┐    ┌──────────────┐    ┌─────────┐
│ function │─┬─▶│ docker-proxy │─┬─▶│ cache   │
│ Active   │ │  │ running      │ │  │ running │
└──────────┘ │  └──────────────┘ │  └─────────┘
             │                   │  ┌─────────┐
             │                   └─▶│ web     │
             │                      │ running │
             │                      └─────────┘
             │  ┌──────────┐
             └─▶│ instance │
                │ running  │
                └──────────┘
";
        assert_eq!(drawn(Some(80)), picture);
        let list = "function: Active\n-> docker-proxy: running\n  -> cache: running\n  -> web: running\n-> instance: \
                    running\n";
        assert_eq!(drawn(None), list);
    }

    #[test]
    fn colour_takes_no_columns() {
        assert!(drawn(Some(80), false, true).contains('┌'));
    }

    #[test]
    fn what_is_narrow_or_plain_or_no_terminal_gets_a_list() {
        let list = "edge: healthy\n-> api: healthy\n  -> function: Active\n    -> instance: running\n    -> docker-proxy: \
                    healthy\n      -> web: arrêté\n";
        assert_eq!(drawn(Some(40), false, false), list);
        assert_eq!(drawn(Some(200), true, false), list);
        assert_eq!(drawn(None, false, false), list);
    }
}
