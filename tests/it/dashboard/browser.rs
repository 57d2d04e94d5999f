//! The pages in a real browser: Chromium without a window, driven through chromedriver.
//!
//! `scripts/chromedriver.sh` installs both where the machine lacks them and names the driver in `ATELIER_CHROMEDRIVER`;
//! `scripts/axe.sh` does so with the rules that pages are judged by, in `ATELIER_AXE`. With `ATELIER_SCREENSHOTS` the
//! pictures stay in that folder (`scripts/screenshots.sh`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::served::{Served, raw};
use crate::{
    cli::journey::{deployed, succeeds},
    support::{Project, Running, engine_port, eventually, skipped},
};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    key::Key,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

/// Nothing here takes longer unless something hangs.
const DEADLINE: Duration = Duration::from_mins(1);
/// The views.
const PAGES: [&str; 8] = ["/", "/calls", "/try", "/logs", "/parts", "/numbers", "/class", "/doctor"];

/// A browser, and the process that drives it.
struct Browser {
    client: Client,
    driver_port: u16,
    _driver: Running,
    _profile: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The driver that the environment names, else the one of the system.
fn driver() -> Option<String> {
    let usual = || Some("/usr/bin/chromedriver".to_owned()).filter(|path| std::path::Path::new(path).exists());
    named("ATELIER_CHROMEDRIVER").or_else(usual)
}

impl Browser {
    /// Starts one; `None`, said aloud, where the machine has none.
    async fn start() -> Option<Self> {
        let Some(driver) = driver() else {
            skipped("no chromedriver here (scripts/chromedriver.sh)");
            return None;
        };
        let driver_port = engine_port();
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(&driver);
        command.arg(format!("--port={driver_port}")).env("HOME", profile.path());
        let running = Running::start(command);
        running.says("successfully");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--lang=en",
            &format!("--user-data-dir={}", profile.path().join("chromium").display()),
            "--window-size=1280,900",
        ];
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments }, "goog:loggingPrefs": { "browser": "ALL" },
        });
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().unwrap().clone());
        let client = builder.connect(&format!("http://127.0.0.1:{driver_port}")).await.unwrap();
        Some(Self { client, driver_port, _driver: running, _profile: profile })
    }

    /// Asks the driver for something that is only of this browser.
    async fn own(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.unwrap().unwrap();
        let host = format!("127.0.0.1:{}", self.driver_port);
        let answer =
            raw(self.driver_port, &format!("POST /session/{session}/{path}"), &[("host", &host)], &body.to_string());
        serde_json::from_str::<Value>(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))["value"].clone()
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        self.own("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await;
    }

    /// The window's width, and whether it is dark.
    async fn looks(&self, width: u32, is_dark: bool) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }, { "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// What the console said since the last time: errors of scripts, what was not loaded, what the page may not do.
    async fn console(&self) -> Vec<String> {
        let entries = self.own("se/log", &json!({ "type": "browser" })).await;
        entries.as_array().unwrap().iter().map(ToString::to_string).collect()
    }

    async fn opens(&self, url: &str) {
        self.client.goto(url).await.unwrap();
        self.sees("document.querySelector('h1') && document.readyState === 'complete'").await;
    }

    /// Lets the browser in.
    async fn enters(&self, served: &Served) {
        self.client.goto(&served.url).await.unwrap();
        self.sees("location.pathname === '/' && document.querySelector('.map')").await;
    }

    async fn asks(&self, expression: &str) -> Value {
        self.client.execute(&format!("return ({expression})"), Vec::new()).await.unwrap_or(Value::Null)
    }

    /// Waits until an expression is true; tells how long that took.
    async fn sees(&self, expression: &str) -> Duration {
        let began = Instant::now();
        loop {
            if self.asks(&format!("Boolean({expression})")).await == true {
                return began.elapsed();
            }
            let page = || self.client.source();
            assert!(began.elapsed() < DEADLINE, "never `{expression}`: {}", page().await.unwrap());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses a key where the reader is, also while what is there is put in anew.
    async fn types(&self, key: impl Into<char>) {
        let value = key.into();
        let keys = KeyActions::new("keys".to_owned());
        let press = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.client.perform_actions(press).await.unwrap();
    }

    async fn ends(self) {
        self.client.close().await.unwrap();
    }
}

/// The way in the URL, below the dashboard's own address.
fn at(served: &Served, path: &str) -> String {
    format!("{}{path}", served.origin())
}

#[tokio::test]
async fn every_view_loads_without_an_error_fits_any_screen_and_keeps_the_rules() {
    let Some(browser) = Browser::start().await else { return };
    let project = deployed();
    succeeds(&project.run(&["key", "create", "--scope", "status", "--name", "bob"]));
    let served = Served::start(&project, &["--lang", "en"]);
    browser.enters(&served).await;
    assert_eq!(browser.asks("location.hash").await, "", "the token is not left in the history");
    assert_eq!(browser.asks("document.cookie").await, "", "no script sees the cookie");
    let rules = named("ATELIER_AXE").map(|path| std::fs::read_to_string(path).unwrap());
    if rules.is_none() {
        skipped("no rules to judge pages by (scripts/axe.sh)");
    }
    for (width, is_dark) in [(1280, false), (1280, true), (320, false), (640, true)] {
        browser.looks(width, is_dark).await;
        for path in PAGES {
            browser.opens(&at(&served, path)).await;
            let what = format!("{path} at {width} px, dark: {is_dark}");
            let widths = browser.asks("[document.documentElement.scrollWidth, innerWidth]").await;
            assert!(widths[0].as_u64() <= widths[1].as_u64(), "{what} scrolls sideways: {widths}");
            if let Some(rules) = &rules {
                obeys(&browser, rules, &what).await;
            }
            assert_eq!(browser.console().await, Vec::<String>::new(), "{what}");
        }
    }
    // What can be seen can be read aloud: the view's words are in its text, not in its drawing alone.
    browser.opens(&at(&served, "/")).await;
    let text = browser.asks("document.querySelector('main').innerText").await;
    for word in ["API", "function", "instance", "running", "Everything answers"] {
        assert!(text.as_str().unwrap().contains(word), "{word}: {text}");
    }
    browser.ends().await;
}

/// Judges the page that is open by axe-core's rules.
async fn obeys(browser: &Browser, rules: &str, what: &str) {
    browser.client.execute(rules, Vec::new()).await.unwrap();
    let judge = "const done = arguments[arguments.length - 1]; \
                 axe.run().then((found) => done(found.violations.map((rule) => \
                 `${rule.id}: ${rule.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`)), (error) => done([String(error)]))";
    let broken = browser.client.execute_async(judge, Vec::new()).await.unwrap();
    assert_eq!(broken, json!([]), "{what}");
}

#[tokio::test]
async fn a_change_is_shown_without_a_reload_and_said_aloud() {
    let Some(browser) = Browser::start().await else { return };
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    browser.enters(&served).await;
    browser.asks("window.stays = true").await;
    browser.sees("document.querySelector('.map').innerText.includes('running')").await;
    succeeds(&project.run(&["call", "stop"]));
    browser.sees("document.querySelector('.map').innerText.includes('stopped')").await;
    succeeds(&project.run(&["down"]));
    browser.sees("document.querySelector('#picture').innerText.includes('No engine is running')").await;
    browser.sees("document.querySelector('#said').textContent.includes('No engine is running')").await;
    assert_eq!(browser.asks("window.stays").await, true, "the page was not loaded again");
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.ends().await;
}

#[tokio::test]
async fn everything_can_be_done_with_keys() {
    let Some(browser) = Browser::start().await else { return };
    let project = deployed();
    let served = Served::start(&project, &["--lang", "en"]);
    browser.enters(&served).await;
    browser.sees("document.querySelector('.controls')").await;
    browser.types('x').await;
    browser.sees("document.querySelector('#outcome')?.innerText.includes('stopped, in')").await;
    assert_eq!(browser.asks("document.activeElement.id").await, "outcome", "what came of it is where the reader is");
    assert_eq!(state(&project), "stopped");
    browser.types('s').await;
    browser.sees("document.querySelector('#outcome')?.innerText.includes('started, in')").await;
    assert_eq!(state(&project), "running");
    browser.types('?').await;
    browser.sees("document.querySelector('#keys').open").await;
    browser.types(Key::Escape).await;
    browser.sees("!document.querySelector('#keys').open").await;
    // By way of every stop between here and there.
    let stop = "document.activeElement.dataset.press === 'stop' && document.activeElement.closest('.control')";
    for _ in 0..60 {
        if browser.asks(&format!("Boolean({stop})")).await == true {
            break;
        }
        browser.types(Key::Tab).await;
    }
    browser.sees(stop).await;
    browser.types(Key::Enter).await;
    browser.sees("document.querySelector('#outcome')?.innerText.includes('stopped, in')").await;
    assert_eq!(state(&project), "stopped");
    browser.types('p').await;
    browser.sees("document.querySelector('#pause').getAttribute('aria-pressed') === 'true'").await;
    browser.types('3').await;
    browser.sees("location.pathname === '/try' && document.querySelector('form.try')").await;
    browser.client.find(Locator::Css(".try button")).await.unwrap().click().await.unwrap();
    browser.sees("document.querySelector('#answered')?.innerText.includes('200 in')").await;
    assert_eq!(browser.asks("location.pathname").await, "/try", "its answer is put into the page");
    browser.types('8').await;
    browser.sees("location.pathname === '/doctor' && document.querySelector('.findings')").await;
    // Where there are several, a key means the one where the reader is, and none where that is nowhere.
    succeeds(&project.run(&["deploy", "--instance", "web=t2.micro", "--instance", "db=t2.micro"]));
    succeeds(&project.run(&["call", "start", "--all"]));
    browser.opens(&at(&served, "/")).await;
    browser.sees("document.querySelectorAll('.control').length === 2").await;
    browser.types('x').await;
    browser.asks("document.querySelectorAll('.control')[1].querySelector('button').focus()").await;
    browser.types('x').await;
    browser.sees("document.querySelector('#outcome')?.innerText.includes('stopped, in')").await;
    let seen = project.run(&["call", "status", "--all", "--json"]).json()["data"]["answer"]["results"].clone();
    let seen = seen.as_array().unwrap().iter().map(|one| (one["name"].clone(), one["state"].clone()));
    let seen: std::collections::BTreeMap<String, Value> =
        seen.map(|(name, state)| (name.as_str().unwrap().to_owned(), state)).collect();
    assert_eq!((&seen["db"], &seen["web"]), (&json!("running"), &json!("stopped")), "{seen:?}");
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.ends().await;
}

#[tokio::test]
async fn the_bars_of_a_way_are_as_long_as_what_they_stand_for() {
    let Some(browser) = Browser::start().await else { return };
    let project = deployed();
    succeeds(&project.run(&["call", "stop"]));
    let served = Served::start(&project, &["--lang", "en"]);
    browser.enters(&served).await;
    browser.opens(&at(&served, "/calls")).await;
    browser.sees("document.querySelector('.calls tbody a')").await;
    let lines =
        "Math.max(...[...document.querySelectorAll('.calls time')].map((time) => time.getClientRects().length))";
    assert_eq!(browser.asks(lines).await, 1, "no time is broken in two");
    browser.asks("document.querySelector('.calls tbody a').click()").await;
    browser.sees("document.querySelectorAll('.way rect').length > 2").await;
    // Of each bar what is drawn, and what its row says of it, both as a part of the longest.
    let bars = "(() => { const bars = [...document.querySelectorAll('.way rect')].map((bar) => \
                [bar.getBoundingClientRect().width, Number(bar.getAttribute('width'))]); \
                const most = bars.reduce((a, b) => a[1] > b[1] ? a : b); \
                return bars.every((bar) => Math.abs(bar[0] / most[0] - bar[1] / most[1]) < 0.02) && most[0] > 50; })()";
    assert_eq!(browser.asks(bars).await, true, "{}", browser.client.source().await.unwrap());
    browser.ends().await;
}

fn state(project: &Project) -> Value {
    project.run(&["call", "status", "--json"]).json()["data"]["answer"]["state"].clone()
}

#[tokio::test]
async fn it_speaks_french_and_works_without_a_script() {
    let Some(browser) = Browser::start().await else { return };
    let project = deployed();
    let served = Served::start(&project, &["--lang", "fr"]);
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.client.goto(&at(&served, "/enter")).await.unwrap();
    let client = &browser.client;
    let field = client.find(Locator::Id("token")).await.unwrap();
    field.send_keys(Served::token(&served.url)).await.unwrap();
    client.find(Locator::Css(".door button")).await.unwrap().click().await.unwrap();
    // The page may be on its way to the next one, which takes away what was found on the old one.
    let shows = async |css: &str, wanted: &str| {
        let end = Instant::now() + DEADLINE;
        loop {
            let read = async { client.find(Locator::Css(css)).await?.text().await };
            match read.await {
                Ok(text) if text.contains(wanted) => break,
                other => assert!(Instant::now() < end, "{css}: {other:?}, not {wanted}"),
            }
        }
    };
    shows("h1", "Chaîne").await;
    shows("#picture", "Tout répond comme il faut.").await;
    client.find(Locator::Css(".control button[data-press=stop]")).await.unwrap().click().await.unwrap();
    shows("#outcome", "arrêtée, en").await;
    assert_eq!(state(&project), "stopped");
    client.find(Locator::Css("button[value=en]")).await.unwrap().click().await.unwrap();
    shows("nav a[aria-current]", "Chain").await;
    browser.ends().await;
}

#[tokio::test]
async fn pictures_of_every_view_are_taken() {
    let Some(browser) = Browser::start().await else { return };
    let project = deployed();
    succeeds(&project.run(&["deploy", "--stack", "bob"]));
    let kept = named("ATELIER_SCREENSHOTS").map(PathBuf::from);
    let served = Served::start(&project, &["--lang", "en"]);
    browser.enters(&served).await;
    for (width, is_dark, name) in [(1080, false, "light"), (1080, true, "dark"), (320, false, "narrow")] {
        browser.looks(width, is_dark).await;
        for path in PAGES {
            browser.opens(&at(&served, path)).await;
            browser.sees("!document.querySelector('main').innerText.includes('Looking…')").await;
            let height = browser.asks("Math.ceil(document.body.getBoundingClientRect().bottom)").await;
            let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
            browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
            let picture = browser.client.screenshot().await.unwrap();
            assert!(picture.starts_with(b"\x89PNG") && picture.len() > 2_000, "{path}: {}", picture.len());
            if let Some(folder) = &kept {
                let view = path.trim_start_matches('/');
                let view = if view.is_empty() { "chain" } else { view };
                std::fs::write(folder.join(format!("{view}-{name}.png")), &picture).unwrap();
            }
        }
    }
    browser.ends().await;
    assert!(eventually(DEADLINE, || served.said().contains("/enter#")));
}
