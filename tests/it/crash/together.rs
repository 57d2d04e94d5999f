//! Two deploys at once, from the same folder and from two: never two of anything.

use super::{lab::Lab, tell};
use crate::support::Running;
use std::{fs, path::Path};

/// Half of them in the same folder, half in two.
const ROUNDS: usize = 100;

#[test]
fn two_deploys_at_once_make_one_of_everything() {
    let lab = Lab::new();
    let second = lab.project.path().with_file_name("second");
    let twin = |folder: &Path| {
        let own = folder.join(".atelier");
        fs::create_dir_all(own.join("cache")).unwrap();
        for name in ["credentials.json", "engine.json"] {
            fs::copy(lab.project.path().join(".atelier").join(name), own.join(name)).unwrap();
        }
        for archive in fs::read_dir(lab.project.path().join(".atelier/cache")).unwrap() {
            let archive = archive.unwrap();
            fs::copy(archive.path(), own.join("cache").join(archive.file_name())).unwrap();
        }
    };
    twin(&second);
    let folders = [lab.project.path().to_str().unwrap().to_owned(), second.to_str().unwrap().to_owned()];
    let mut both_made_something = 0;
    for round in 0..ROUNDS {
        let folders = [&folders[0], &folders[round % 2]];
        let runs = folders.map(|folder| Running::start(lab.project.command(&["deploy", "--json", "--folder", folder])));
        let outputs = runs.map(Running::end);
        for output in &outputs {
            assert_eq!(output.code, Some(0), "round {round}: {output:?}");
        }
        both_made_something +=
            usize::from(outputs.iter().all(|output| output.stdout.contains(r#""outcome":"created""#)));
        assert_eq!(lab.kinds(), lab.wanted.0, "round {round}");
        let there = lab.inventory().without(&lab.before);
        let only = |kind: &str| there.of(kind).map(|(id, _)| id.to_owned()).collect::<Vec<_>>();
        let told =
            |key: &str| outputs.each_ref().map(|output| vec![output.json()["data"][key].as_str().unwrap().to_owned()]);
        // Between two folders there is no lock: who is done first may tell of an instance that is as old, to the second,
        // as the one which the other keeps. The last to look tells what is there.
        let [first, second] = told("instance_id").map(|told| told == only("instance"));
        assert!(if folders[0] == folders[1] { first && second } else { first || second }, "round {round}: {outputs:?}");
        assert_eq!(told("api_id"), [only("api"), only("api")], "round {round}");
        if folders[0] != folders[1] {
            // Nor does the first folder's file know that its instance went.
            lab.ok(&["deploy"]);
        }
        lab.good();
        lab.gone();
    }
    assert!(both_made_something > 0, "no two deploys ever met");
    tell(&format!(
        "two deploys at once: {ROUNDS} rounds, half of them in one folder and half in two; in {both_made_something} both \
         made parts; each left one of everything, and nothing after `clean`"
    ));
}
