//! The public URL: whether there is one, and whether it can be called from outside; what is known of the Codespace.

use super::{Finding, Verdict, late, limited, scene::Scene};
use crate::{
    engine::{
        self, codespace,
        reach::{self, Reach},
    },
    settings::Settings,
    text::Message,
};
use std::process::Stdio;
use tokio::process::Command;

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let (mut findings, url) = tokio::join!(
        limited(late("codespace", Verdict::Warn), async {
            codespace_facts(scene.settings).await.into_iter().collect()
        }),
        limited(late("public-url", Verdict::Fail), async { vec![public(scene).await] }),
    );
    findings.extend(url);
    findings
}

async fn codespace_facts(settings: &Settings) -> Option<Finding> {
    let name = settings.codespace.as_ref()?;
    let has_gh = gh_is_there().await;
    let said = |case: &str| Message::new(format!("doctor.codespace.{case}")).with("name", name);
    Some(if settings.public_endpoint.value.is_none() {
        let fix = Message::new("doctor.codespace.export");
        Finding::warn("codespace", said("no_domain")).fix(fix)
    } else if has_gh {
        Finding::ok("codespace", said("ok"))
    } else {
        Finding::warn("codespace", said("no_gh")).fix(codespace::manual_step(engine::meant_port(settings).value))
    })
}

async fn gh_is_there() -> bool {
    let mut gh = Command::new("gh");
    gh.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    gh.status().await.is_ok_and(|status| status.success())
}

async fn public(scene: &Scene<'_>) -> Finding {
    let settings = scene.settings;
    let port = scene.running().map_or_else(|| engine::meant_port(settings).value, |record| record.port);
    let Some(url) = settings.public_endpoint_at(port).value else {
        return Finding::ok("public-url", Message::new("doctor.public.none"));
    };
    let said = |case: &str| Message::new(format!("doctor.public.{case}")).with("url", &url);
    if scene.running().is_none() {
        return Finding::ok("public-url", said("idle"));
    }
    let look_yourself = || format!("curl -i {url}/healthz; echo \"$AWS_ENDPOINT_PUBLIC\"");
    match reach::look(settings, &url).await {
        Reach::Ours if engine::is_loopback_url(&url) => Finding::ok("public-url", said("here")),
        Reach::Ours => Finding::ok("public-url", said("ok")),
        Reach::Limited => Finding::ok("public-url", said("limited")),
        Reach::Private => Finding::of("public-url", Verdict::Fail, &codespace::private_port(settings, &url)),
        Reach::Another => Finding::fail("public-url", said("another")).run(look_yourself()),
        Reach::Strange(status) => Finding::fail("public-url", said("strange").with("status", status))
            .run(format_args!("curl -i {url}/healthz")),
        Reach::NoRoots(error) => Finding::fail("public-url", said("no_roots").with("reason", error))
            .run("sudo apt-get install -y ca-certificates"),
        Reach::Nowhere(reason) => {
            Finding::fail("public-url", said("unreachable").with_message("reason", reason)).run(look_yourself())
        }
    }
}
