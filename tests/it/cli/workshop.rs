//! The French output of `deploy` and `test`, line by line beside what the workshop's instructions promise.

use crate::support::{Output, Project};

/// `deploy`, as the workshop shows it.
const DEPLOY: &str = "\
🚀 Création de l'instance EC2...
✅ Instance créée : i-abc123def456
📦 Packaging de la Lambda...
✅ Lambda déployée : infrastructure-handler
🌐 Configuration de l'API Gateway...
✅ API Gateway créée : r7zy8k1b2m
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
✨ Déploiement terminé !
API_ID: r7zy8k1b2m
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
";

/// `test`, as the workshop shows it, with the state that the API's answers tell besides.
const TEST: &str = "\
🧪 Test 1: Démarrage de l'instance EC2...
✅ Réponse : {\"status\":\"started\",\"instance_id\":\"i-abc123def456\",\"state\":\"running\"}

🧪 Test 2: Arrêt de l'instance EC2...
✅ Réponse : {\"status\":\"stopped\",\"instance_id\":\"i-abc123def456\",\"state\":\"stopped\"}

━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
✅ Tous les tests sont passés !
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
";

/// Checks that every line of `shape` is one of `output`, in this order; others may stand between them.
fn assert_shape(shape: &str, output: &str, instance: &str, api: &str) {
    let mut lines = output.lines();
    for wanted in shape.lines() {
        let wanted = wanted.replace("i-abc123def456", instance).replace("r7zy8k1b2m", api);
        assert!(lines.any(|line| line == wanted), "no `{wanted}` here, or not in this order:\n{output}");
    }
}

#[test]
fn the_french_output_is_the_workshops_in_every_locale() {
    for locale in ["fr_FR.UTF-8", "C"] {
        let project = Project::new().with("LC_ALL", locale).up();
        let run = |verb: &str| -> Output {
            let output = project.run(&[verb, "--lang", "fr"]);
            assert_eq!(output.code, Some(0), "{output:?}");
            output
        };
        let (deployed, tested) = (run("deploy"), run("test"));
        let id = |file: &str| std::fs::read_to_string(project.path().join(file)).unwrap().trim().to_owned();
        let (instance, api) = (id(".instance_id"), id(".api_id"));
        assert_shape(DEPLOY, &format!("{}{}", deployed.stderr, deployed.stdout), &instance, &api);
        assert_shape(TEST, &tested.stdout, &instance, &api);
        assert_eq!(tested.stderr, "");
    }
}
