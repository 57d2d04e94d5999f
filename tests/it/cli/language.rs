//! The language of texts.

use crate::support::Project;

fn language(variables: &[(&str, &str)], args: &[&str]) -> &'static str {
    let project = variables.iter().fold(Project::new(), |project, (name, value)| project.with(name, value));
    let stderr = project.run(&[&["stauts"], args].concat()).stderr;
    if stderr.starts_with("erreur :") {
        "fr"
    } else {
        assert!(stderr.starts_with("error:"), "{stderr}");
        "en"
    }
}

#[test]
fn the_flag_wins_over_the_variables_and_they_have_an_order() {
    assert_eq!(language(&[], &[]), "en");
    assert_eq!(language(&[("LANG", "fr_FR.UTF-8")], &[]), "fr");
    assert_eq!(language(&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "C.UTF-8")], &[]), "en");
    assert_eq!(language(&[("LC_MESSAGES", "fr_CA"), ("LANG", "en_US")], &[]), "fr");
    assert_eq!(language(&[("ATELIER_LANG", "fr"), ("LC_ALL", "en_US")], &[]), "fr");
    assert_eq!(language(&[("ATELIER_LANG", "fr")], &["--lang", "en"]), "en");
    assert_eq!(language(&[("ATELIER_LANG", "fr")], &["--lang=en"]), "en");
}

#[test]
fn accents_are_right_in_every_locale() {
    for locale in ["C", "POSIX", "fr_FR.ISO-8859-1"] {
        let project = Project::new().with("LANG", locale).with("LC_ALL", locale);
        let output = project.run(&["deploy", "--help", "--lang", "fr"]);
        assert!(output.stdout.contains("Créer ou mettre à jour"), "{locale}: {}", output.stdout);
    }
}
