//! The languages that functions can be written in.

use super::{Finding, Verdict, late, limited, scene::Scene};
use crate::{
    runtimes::{
        Language, Runtime,
        interpreter::Finder,
        packages::{Packages, Shelf},
    },
    settings::Settings,
    text::Message,
};

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let (python, node) = tokio::join!(
        limited(late("python", Verdict::Ok), of("python", Language::Python, scene.settings)),
        limited(late("node", Verdict::Ok), of("node", Language::Node, scene.settings)),
    );
    [python, node].concat()
}

/// Looks at a language's newest interpreter. That one is missing is a fault only in the eyes of who wants to use it.
async fn of(check: &'static str, language: Language, settings: &Settings) -> Vec<Finding> {
    let finder = Finder::new(&settings.machine);
    let mut newest = None;
    for runtime in Runtime::all().filter(|runtime| runtime.language() == language) {
        newest = finder.find(runtime).await.ok().filter(|found| found.is_exact() || newest.is_none()).or(newest);
    }
    let Some(interpreter) = newest else {
        return vec![Finding::ok(check, Message::new("doctor.runtime.none").with("language", language))];
    };
    let packages = match &settings.machine.cache {
        Some(cache) => Shelf::new(cache).find(&interpreter).await,
        None => Packages::Nowhere,
    };
    let said = |key: &str| {
        let message = Message::new(key).with("language", language).with("version", interpreter.version);
        message.with("packages", language.sdk())
    };
    vec![match packages {
        Packages::Nowhere if settings.machine.installs => Finding::ok(check, said("doctor.runtime.later"))
            .run(format_args!("atelier runtimes install {}", interpreter.runtime)),
        Packages::Nowhere => Finding::ok(check, said("doctor.runtime.without"))
            .run(format_args!("atelier runtimes install {}", interpreter.runtime)),
        _ => Finding::ok(check, said("doctor.runtime.ok")),
    }]
}
