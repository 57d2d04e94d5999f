//! `version --check`: looks for a newer release, and only then.

use super::{VERSION, releases};
use crate::support::Project;

#[test]
fn it_says_whether_there_is_a_newer_one() {
    let project = Project::new();
    let url = releases(project.path());
    let project = project.with("ATELIER_RELEASES", &url);
    let checked = project.run(&["version", "--check", "--json"]);
    let data = &checked.json()["data"];
    assert_eq!((&data["newest"], &data["newer"]), (&VERSION.into(), &false.into()), "{checked:?}");
    let told = project.run(&["version", "--check"]);
    assert!(told.stdout.contains(&format!("{VERSION} is the newest release")), "{told:?}");

    let newer = crate::cli::door("302 Found\r\nlocation: https://example.com/releases/tag/v99.0.1", "");
    let told = project.with("ATELIER_RELEASES", &newer).run(&["version", "--check"]);
    assert!(told.stdout.contains("99.0.1") && told.stdout.contains("install.sh | sh"), "{told:?}");
}

#[test]
fn what_it_cannot_find_out_it_says_and_without_the_flag_it_asks_nobody() {
    let project = Project::new().with("ATELIER_RELEASES", "http://127.0.0.1:1/releases");
    let refused = project.run(&["version", "--check", "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!(refused.json()["error"]["code"], "releases_unavailable");
    assert_eq!(project.run(&["version"]).code, Some(0));
    for head in ["404 Not Found", "302 Found\r\nlocation: /login", "302 Found\r\nlocation: /tag/v1.2.3;rm -rf"] {
        let strange = Project::new().with("ATELIER_RELEASES", &crate::cli::door(head, ""));
        assert_eq!(strange.run(&["version", "--check"]).code, Some(1), "{head}");
    }
    let unpublished = Project::new().run(&["version", "--check"]);
    assert!(unpublished.stderr.contains("ATELIER_RELEASES"), "{unpublished:?}");
}
