//! What the user reads, scene by scene and in both languages, as one snapshot.

use crate::support::{Output, Running};
use std::{fmt::Write as _, process::Command, time::Duration};

/// No fault keeps anybody waiting for longer.
const PROMISED: Duration = Duration::from_secs(30);

/// The scenes, each told in both languages.
#[derive(Default)]
pub(super) struct Told(String);

impl Told {
    /// Plays a scene in each language, and hides what differs from run to run.
    pub(super) fn scene(&mut self, title: &str, run: impl Fn(&str) -> Output, hide: &[(String, &str)]) {
        for lang in ["en", "fr"] {
            let output = run(lang);
            let mut text = output.stderr;
            for (what, mark) in hide {
                text = text.replace(what, mark);
            }
            let code = output.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
            write!(self.0, "# {title}\n{text}exit {code}\n\n").unwrap();
        }
    }

    /// Plays scenes at once, each of which takes its time, and tells them in their order.
    pub(super) fn at_once<S: Send>(&mut self, scenes: impl IntoIterator<Item = S>, play: impl Fn(S, &mut Self) + Sync) {
        std::thread::scope(|scope| {
            let play = &play;
            let playing: Vec<_> = scenes
                .into_iter()
                .map(|scene| {
                    scope.spawn(move || {
                        let mut told = Self::default();
                        play(scene, &mut told);
                        told.0
                    })
                })
                .collect();
            self.0.extend(playing.into_iter().map(|scene| scene.join().unwrap()));
        });
    }

    /// Compares them with what they were.
    pub(super) fn are(self, name: &str) {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, self.0);
        });
    }
}

/// Runs a prepared command to its end, which comes as soon as promised.
pub(super) fn promptly(command: Command) -> Output {
    Running::start(command).end_within(PROMISED)
}

/// The error alone, without the steps before it.
pub(super) fn errors(mut output: Output) -> Output {
    let labels = ["error: ", "erreur : "];
    let from = labels.iter().filter_map(|label| output.stderr.find(label)).min();
    output.stderr.drain(..from.unwrap_or_else(|| panic!("no error: {output:?}")));
    output
}

/// The first line alone, which comes before anything is done.
pub(super) fn first_line(mut output: Output) -> Output {
    output.stderr.truncate(output.stderr.find('\n').unwrap() + 1);
    output
}
