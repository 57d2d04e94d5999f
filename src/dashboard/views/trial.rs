//! Try it: a form that calls the API, the answer, and the lines that do the same from a shell.

use super::{outcome::Outcome, sign::Sign};
use crate::{
    commands::status::StatusReport,
    contract::{Action, Target},
    dashboard::{
        calling::{Answered, Invocation},
        layout::Frame,
        shown::{Shown, ShownLines, command, rich},
    },
    shell::quoted,
    stack::Discovery,
    text::Message,
    ui::Tone,
};
use maud::{Markup, html};

/// What was asked for, so that the form shows it again.
#[derive(Debug, Clone)]
pub(in crate::dashboard) struct Form {
    pub(in crate::dashboard) action: String,
    pub(in crate::dashboard) target: String,
    pub(in crate::dashboard) name: String,
    pub(in crate::dashboard) kind: String,
    pub(in crate::dashboard) lifetime: String,
    pub(in crate::dashboard) all: bool,
    pub(in crate::dashboard) restart: bool,
    /// Of a call that is made once more; else the contract's own.
    pub(in crate::dashboard) wait: String,
    pub(in crate::dashboard) with_key: bool,
    pub(in crate::dashboard) method: String,
    pub(in crate::dashboard) path: String,
    pub(in crate::dashboard) body: String,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            action: Action::Status.as_str().to_owned(),
            target: Target::Ec2.as_str().to_owned(),
            name: String::new(),
            kind: String::new(),
            lifetime: String::new(),
            all: false,
            restart: false,
            wait: String::new(),
            with_key: true,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            body: String::new(),
        }
    }
}

/// The methods that the form offers.
pub(in crate::dashboard) const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// Writes the view.
pub(in crate::dashboard) fn body(
    frame: &Frame<'_>,
    status: Option<&StatusReport>,
    form: &Form,
    answer: Option<(&Invocation, &Answered)>,
    outcome: Option<&Outcome>,
) -> Markup {
    html! {
        @if let Some(outcome) = outcome { (outcome.show(frame)) }
        @if status.and_then(|status| status.url.as_ref()).is_none() {
            p.note { (frame.say("board.try.nothing")) }
        }
        form.try method="post" action="/try" data-busy=(frame.say("board.busy")) {
            (frame.proof())
            @if frame.board.stance.is_own_function() { (path_fields(frame, form)) } @else { (action_fields(frame, form)) }
            p.check {
                label {
                    input type="checkbox" name="key" value="kept" checked[form.with_key];
                    " " (frame.say("board.try.key"))
                }
            }
            p { button.primary { (frame.say("board.try.call")) } }
        }
        @if let Some((invocation, answer)) = answer { (answered(frame, status, invocation, answer)) }
    }
}

fn action_fields(frame: &Frame<'_>, form: &Form) -> Markup {
    let hint = |name: &str| rich(frame.lang(), &Message::new(format!("board.try.{name}")));
    let text = |name: &str, value: &str| {
        html! {
            p {
                label for=(name) { (name) }
                input id=(name) name=(name) value=(Shown(value)) maxlength="128" autocomplete="off" aria-describedby={ (name) "-hint" };
                span.hint id={ (name) "-hint" } { (hint(name)) }
            }
        }
    };
    let flag = |name: &str, is_on: bool| {
        html! { p.check { label { input type="checkbox" name=(name) value="1" checked[is_on]; " " (hint(name)) } } }
    };
    html! {
        p {
            label for="action" { "action" }
            select #action name="action" {
                @for action in Action::ALL {
                    option value=(action.as_str()) selected[form.action == action.as_str()] { (action.as_str()) }
                }
            }
        }
        p {
            label for="target" { "target" }
            select #target name="target" {
                @for target in Target::ALL {
                    option value=(target.as_str()) selected[form.target == target.as_str()] { (target.as_str()) }
                }
            }
        }
        (text("name", &form.name))
        (text("type", &form.kind))
        (text("for", &form.lifetime))
        (flag("all", form.all))
        (flag("restart", form.restart))
    }
}

fn path_fields(frame: &Frame<'_>, form: &Form) -> Markup {
    html! {
        p {
            label for="method" { (frame.say("board.try.method")) }
            select #method name="method" {
                @for method in METHODS { option selected[form.method == method] { (method) } }
            }
        }
        p {
            label for="path" { (frame.say("board.try.path")) }
            input #path name="path" value=(Shown(&form.path)) maxlength="2048" autocomplete="off" required;
        }
        p.whole {
            label for="body" { (frame.say("board.try.body")) }
            textarea #body name="body" rows="4" { (ShownLines(&form.body)) }
        }
    }
}

fn answered(frame: &Frame<'_>, status: Option<&StatusReport>, invocation: &Invocation, answer: &Answered) -> Markup {
    let lang = frame.lang();
    let word = Message::new("board.try.answer").with("status", answer.status).with("millis", answer.millis);
    let sign = Sign::of(if answer.is_success() { Tone::Good } else { Tone::Bad }, &word);
    let stack = status.and_then(|status| status.stack.as_ref());
    html! {
        section #answer.answer aria-labelledby="answered" {
            h2 #answered tabindex="-1" { (sign.draw()) " " (word.render(lang)) }
            p { code.id { (Shown(&answer.id)) } }
            pre tabindex="0" aria-label=(frame.say("board.try.body_of")) { (ShownLines(&pretty(&answer.body))) }
            details {
                summary { (frame.say("board.try.headers")) }
                dl.headers { @for (name, value) in &answer.headers { dt { (Shown(name)) } dd { (Shown(value)) } } }
            }
            h3 { (frame.say("board.try.lines")) }
            ul.lines { @for line in lines(frame, invocation, answer, stack) { li { (command(lang, &line)) } } }
        }
    }
}

/// Writes JSON so that it can be read; what is none stays as it is.
fn pretty(body: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(body);
    value.ok().and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| body.to_owned())
}

/// The same from a shell. A key comes from the file that `atelier env` names, never from a command line.
fn lines(frame: &Frame<'_>, invocation: &Invocation, answer: &Answered, stack: Option<&Discovery>) -> Vec<String> {
    let stance = &frame.board.stance;
    let key = "${ATELIER_API_KEY_HEADER:+-H \"$ATELIER_API_KEY_HEADER\"}";
    match invocation {
        Invocation::Contract(request) => {
            let pairs: Vec<(String, String)> =
                form_urlencoded::parse(request.query().as_bytes()).into_owned().collect();
            let of = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            let mut call = format!("atelier call {}", of("action").unwrap_or_default());
            if let Some(target) = of("target").filter(|target| *target != Target::Ec2.as_str()) {
                call = format!("{call} --target {target}");
            }
            for option in ["name", "type", "for"] {
                if let Some(value) = of(option) {
                    call = format!("{call} --{option} {}", quoted(value));
                }
            }
            for flag in ["all", "restart"].into_iter().filter(|flag| of(flag).is_some()) {
                call = format!("{call} --{flag}");
            }
            // What does not wait has no flag.
            let call = of("wait").is_none().then(|| stance.command(&call));
            let payload: serde_json::Map<String, serde_json::Value> =
                pairs.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
            let payload = serde_json::Value::Object(payload).to_string();
            let function = stack.and_then(Discovery::function_name);
            let invoke = function.map(|function| {
                let (function, payload) = (quoted(function), quoted(&payload));
                format!("atelier aws lambda invoke --function-name {function} --payload {payload} /dev/stdout")
            });
            [Some(format!("curl {key} {}", quoted(&answer.url))), invoke, call].into_iter().flatten().collect()
        }
        Invocation::Path { method, path, body } => {
            let data = if body.is_empty() { String::new() } else { format!(" -d {}", quoted(body)) };
            let curl = format!("curl -X {method} {key}{data} {}", quoted(&answer.url));
            vec![curl, stance.command(&format!("atelier call -X {method}{data} {}", quoted(path)))]
        }
    }
}
