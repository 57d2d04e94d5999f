//! The chain as a picture: boxes and arrows where they fit, else an indented list that any terminal can show.

use super::chain::{Chain, Station};
use crate::{
    text::{Lang, Message},
    ui::{Page, columns, padded},
};

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

/// Draws each branch in four lines, the stem before the first.
fn boxes(chain: &Chain, page: &Page) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    let mut indent = 0;
    for (number, branch) in chain.branches.iter().enumerate() {
        let mut rows: [String; 4] = Default::default();
        let more = chain.branches.len() - number - 1;
        if number == 0 {
            row(&chain.stem, &mut rows, page);
            indent = columns(&rows[0]);
            let arrow = if more > 0 { FORK } else { ARROW };
            let below = if more > 0 { " │  " } else { "    " };
            join(&mut rows, ["    ", arrow, below, below]);
        } else {
            for line in &mut rows {
                line.push_str(&" ".repeat(indent));
            }
            let (arrow, below) = if more > 0 { (NEXT, " │  ") } else { (LAST, "    ") };
            join(&mut rows, [" │  ", arrow, below, below]);
        }
        row(branch, &mut rows, page);
        lines.extend(rows);
    }
    (!lines.is_empty()).then_some(lines)
}

fn join(rows: &mut [String; 4], pieces: [&str; 4]) {
    for (line, piece) in rows.iter_mut().zip(pieces) {
        line.push_str(piece);
    }
}

/// Draws boxes side by side, with arrows between them.
fn row(stations: &[Station], rows: &mut [String; 4], page: &Page) {
    for (number, station) in stations.iter().enumerate() {
        if number > 0 {
            join(rows, ["    ", ARROW, "    ", "    "]);
        }
        let word = station.state.render(page.lang());
        let name = station.label.render(page.lang());
        let inner = columns(&name).max(columns(&word));
        let edge = "─".repeat(inner + 2);
        let (name, word) = (padded(&name, inner), padded(&page.paint(station.tone, &word), inner));
        let lines = [format!("┌{edge}┐"), format!("│ {name} │"), format!("│ {word} │"), format!("└{edge}┘")];
        join(rows, lines.each_ref().map(String::as_str));
    }
}

/// Writes one station a line, ASCII only but for the words themselves.
fn list(chain: &Chain, page: &mut Page) {
    let lang = page.lang();
    for (depth, station) in chain.stem.iter().enumerate() {
        page.raw(listed(station, depth, lang));
    }
    for branch in &chain.branches {
        for (depth, station) in branch.iter().enumerate() {
            page.raw(listed(station, chain.stem.len() + depth, lang));
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
