//! Errors for people: what they say, and the exit code.

use crate::support::Project;

/// The error as the user sees it, and the exit code under it.
fn shown(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    assert_eq!(output.stdout, "", "an error is not a result");
    let stderr = output.stderr.replace(project.path().to_str().unwrap(), "<project>");
    format!("$ atelier {}\n{stderr}exit {}\n", args.join(" "), output.code.unwrap())
}

#[test]
fn errors_look_like_this() {
    let project = Project::new();
    let mut all = String::new();
    for lang in ["en", "fr"] {
        for args in [
            &["stauts"][..],
            &["status", "--chek"],
            &["up", "--port", "http"],
            &["up", "--engine", "embeded"],
            &["up", "--engine"],
            &["up", "-q", "-v"],
            &["completions"],
            &["logs", "--since", "yesterday"],
            &["version", "--region", "somewhere nice"],
            &["version", "--endpoint", "127.0.0.1:4566"],
            &["version", "--folder", "no-such-folder"],
            &["man", "nothing"],
            &["env"],
        ] {
            all += &shown(&project, &[args, &["--lang", lang]].concat());
            all.push('\n');
        }
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("errors", all);
    });
}

#[test]
fn a_key_of_the_file_that_is_no_setting_names_the_nearest_one() {
    let project = Project::new();
    project.write("atelier.toml", "regoin = 'eu-west-3'\n");
    let output = project.run(&["version"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("did you mean `region`?"), "{}", output.stderr);
}

#[test]
fn a_file_that_cannot_be_read_is_a_sentence_and_exit_4() {
    let project = Project::new();
    std::fs::create_dir(project.path().join("atelier.toml")).unwrap();
    let output = project.run(&["version"]);
    assert_eq!(output.code, Some(4));
    assert!(output.stderr.contains("not a regular file"), "{}", output.stderr);
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    let secret = "s3cr3tpw";
    let url = format!("http://user:{secret}@127.0.0.1:4566");
    let project = Project::new().with("AWS_ENDPOINT_PUBLIC", &url);
    for args in [&["status", "--endpoint", &url][..], &["open", "--url"], &["status", "--endpoint", &url[7..]]] {
        for format in [&[][..], &["--json"]] {
            let output = project.run(&[args, format].concat());
            assert_eq!(output.code, Some(2), "{output:?}");
            assert!(!format!("{output:?}").contains(secret), "{output:?}");
        }
    }
    let elsewhere = || Project::new().with("DOCKER_HOST", &format!("tcp://a:{secret}@host:1"));
    let running = elsewhere().with("AWS_ENDPOINT_URL", &format!("http://a:{secret}@127.0.0.1:1")).up();
    for (project, args, told) in [
        (&elsewhere(), &["up", "--engine", "localstack"][..], "`tcp://…@host:1`"),
        (&elsewhere(), &["doctor"], "`tcp://…@host:1`"),
        (&elsewhere(), &["doctor", "--report"], "host:1`"),
        (&running, &["doctor"], "`http://…@127.0.0.1:1`"),
    ] {
        for format in [&[][..], &["--json"]] {
            let output = project.run(&[args, format].concat());
            let seen = format!("{}{}", output.stdout, output.stderr);
            assert!(seen.contains(told) && !seen.contains(secret), "{args:?}: {output:?}");
        }
    }
}

#[test]
fn a_link_local_endpoint_is_a_usage_error() {
    let project = Project::new();
    let output = project.run(&["status", "--endpoint", "http://169.254.169.254"]);
    assert!(output.code == Some(2) && output.stderr.contains("link-local"), "{output:?}");
}
