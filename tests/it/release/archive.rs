//! The archive: what is in it, that it is the same each time, and what the release makes of it.

use super::{VERSION, pack, repository, run, target};
use crate::support::Project;
use serde_json::{Value, json};
use std::{fs, process::Command};

#[test]
fn the_archive_holds_binary_licences_completions_and_a_page_for_every_verb() {
    let project = Project::new();
    let archive = pack(&project.path().join("dist"));
    let (listed, names) = run(Command::new("tar").arg("-tzf").arg(&archive));
    assert!(listed, "{names}");
    let root = format!("atelier-v{VERSION}-{}/", target());
    let names: Vec<&str> = names.lines().filter_map(|name| name.strip_prefix(&root)).collect();
    for wanted in [
        "atelier",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "share/bash-completion/completions/atelier",
        "share/zsh/site-functions/_atelier",
        "share/fish/vendor_completions.d/atelier.fish",
        "share/man/man1/atelier.1",
    ] {
        assert!(names.contains(&wanted), "{wanted}: {names:?}");
    }
    for verb in
        atelier::cli::help::command(atelier::text::Lang::En).get_subcommands().filter(|verb| !verb.is_hide_set())
    {
        let page = format!("share/man/man1/atelier-{}.1", verb.get_name());
        assert!(names.contains(&page.as_str()), "{page}: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("..") || name.starts_with('/')), "{names:?}");
}

#[test]
fn the_same_binary_gives_the_same_archive_and_its_checksum_is_beside_it() {
    let project = Project::new();
    let (first, second) = (project.path().join("first/dist"), project.path().join("second/dist"));
    for dist in [&first, &second] {
        fs::create_dir_all(dist.parent().unwrap()).unwrap();
        pack(dist);
    }
    let of =
        |dist: &std::path::Path, end: &str| fs::read(dist.join(format!("atelier-{}.tar.gz{end}", target()))).unwrap();
    assert!(of(&first, "") == of(&second, ""), "two archives of one binary differ");
    assert_eq!(of(&first, ".sha256"), of(&second, ".sha256"));
    let sum = format!("atelier-{}.tar.gz.sha256", target());
    let (verified, told) = run(Command::new("sha256sum").arg("-c").arg(sum).current_dir(&first));
    assert!(verified, "{told}");
}

#[test]
fn a_release_has_a_formula_with_its_checksums_and_a_folder_for_its_image() {
    let project = Project::new();
    let dist = project.path().join("dist");
    pack(&dist);
    // The other architecture's archive has the same layout; here it is the same file under its name.
    for arch in ["x86_64", "aarch64"] {
        for end in ["", ".sha256"] {
            let name = format!("atelier-{arch}-unknown-linux-gnu.tar.gz{end}");
            if !dist.join(&name).exists() {
                fs::copy(dist.join(format!("atelier-{}.tar.gz{end}", target())), dist.join(name)).unwrap();
            }
        }
    }
    let mut assets = Command::new(repository().join("scripts/assets.sh"));
    let (made, told) = run(assets.arg(&dist).args(["somebody/atelier", &format!("v{VERSION}")]));
    assert!(made, "{told}");
    let formula = fs::read_to_string(dist.join("atelier.rb")).unwrap();
    let sum = fs::read_to_string(dist.join(format!("atelier-{}.tar.gz.sha256", target()))).unwrap();
    assert!(formula.contains(sum.split(' ').next().unwrap()), "{formula}");
    assert!(
        formula.contains(&format!("https://github.com/somebody/atelier/releases/download/v{VERSION}/")),
        "{formula}"
    );
    assert!(!formula.contains('@') && !formula.contains("OWNER"), "nothing is left to be filled in: {formula}");
    let script = fs::read_to_string(dist.join("install.sh")).unwrap();
    assert!(script.contains("https://github.com/somebody/atelier/releases") && !script.contains("OWNER"), "{script}");
    for platform in ["amd64", "arm64"] {
        assert!(dist.join("image").join(platform).join("atelier").is_file(), "{platform}");
    }
}

#[test]
fn a_tag_of_another_version_publishes_nothing() {
    let project = Project::new();
    let copy = project.path().join("copy");
    fs::create_dir_all(copy.join("scripts")).unwrap();
    fs::create_dir_all(copy.join("packaging/homebrew")).unwrap();
    fs::create_dir_all(copy.join("examples/github-actions")).unwrap();
    let files = [
        "Cargo.toml",
        "install.sh",
        "flake.nix",
        "packaging/homebrew/atelier.rb",
        "README.md",
        "README.fr.md",
        "examples/compose.yaml",
        "examples/github-actions/test.yml",
        "scripts/publish.sh",
    ];
    for file in files {
        fs::copy(repository().join(file), copy.join(file)).unwrap();
    }
    let publish =
        |repository: &str, tag: &str| run(Command::new(copy.join("scripts/publish.sh")).args([repository, tag]));
    let own = format!("v{VERSION}");
    for (repository, tag) in [("somebody/atelier", "v9.9.9"), ("not a name", own.as_str()), ("a/b/c", own.as_str())] {
        let (done, told) = publish(repository, tag);
        assert!(!done && told.contains("error: "), "{repository} {tag}: {told}");
    }
    assert!(fs::read_to_string(copy.join("install.sh")).unwrap().contains("OWNER/atelier"), "nothing was written");
    let (done, told) = publish("somebody/atelier", &format!("v{VERSION}"));
    assert!(done, "{told}");
    for file in files.iter().filter(|file| !file.starts_with("scripts")) {
        let text = fs::read_to_string(copy.join(file)).unwrap();
        assert!(text.contains("somebody/atelier") && !text.contains("OWNER/atelier"), "{file}");
    }
}

#[test]
fn workflows_name_the_tag_that_a_release_moves() {
    let major = format!("@v{}", VERSION.split('.').next().unwrap());
    for file in
        ["README.md", "README.fr.md", "examples/github-actions/test.yml", "src/commands/init/shared/workflow.yml"]
    {
        let text = fs::read_to_string(repository().join(file)).unwrap();
        let used: Vec<&str> =
            text.lines().filter(|line| line.contains("uses: OWNER/") || line.contains("uses: REPOSITORY")).collect();
        assert!(!used.is_empty() && used.iter().all(|line| line.ends_with(&major)), "{file}: {used:?}");
    }
    let release = fs::read_to_string(repository().join(".github/workflows/release.yml")).unwrap();
    assert!(release.contains("tag=${GITHUB_REF_NAME%%.*}") && release.contains("refs/tags/$tag"), "{release}");
}

#[test]
fn what_users_copy_checks_out_with_the_version_that_our_own_workflows_have() {
    let read = |file: &str| fs::read_to_string(repository().join(file)).unwrap();
    let own = read(".github/workflows/ci.yml");
    let (_, own) = own.split_once("uses: actions/checkout@").unwrap();
    let own = own.lines().next().unwrap().split_once("# v").unwrap().1.split('.').next().unwrap();
    for file in ["examples/github-actions/test.yml", "src/commands/init/shared/workflow.yml"] {
        let text = read(file);
        let used: Vec<&str> = text.split("uses: actions/checkout@v").skip(1).collect();
        let is_own = |rest: &&str| rest.lines().next() == Some(own);
        assert!(!used.is_empty() && used.iter().all(is_own), "{file}: not v{own}: {text}");
    }
}

#[test]
fn what_others_wrote_is_pinned_in_the_workflows_and_what_it_builds_may_only_read() {
    for file in ["ci.yml", "release.yml"] {
        let text = fs::read_to_string(repository().join(".github/workflows").join(file)).unwrap();
        let workflow: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(workflow["permissions"], json!({ "contents": "read" }), "{file}");
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            let steps = job["steps"].as_array().unwrap();
            for used in steps.iter().filter_map(|step| step["uses"].as_str()) {
                let commit = used.split('@').next_back().unwrap_or_default();
                let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(is_commit, "{file}, {name}: a tag can be moved: {used}");
            }
            let builds = |step: &Value| step["run"].as_str().is_some_and(|run| run.contains("cargo install"));
            let may_write = job.get("permissions").is_some();
            assert!(
                !may_write || !steps.iter().any(builds),
                "{file}, {name}: build scripts run beside a token that writes"
            );
        }
    }
}
