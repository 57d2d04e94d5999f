//! Calls in numbers, what each instance ran, and what the same would cost on AWS: an estimate, which says so.

use super::parts::why;
use crate::{
    commands::{call_line::counted_as, metrics::MetricsReport},
    dashboard::{
        facts::{Counted, Footprint, Minute},
        layout::Frame,
        shown::{Shown, rich},
    },
    text::{Message, in_words},
    trace::Numbers,
    ui::{decimal, hours, millis},
};
use maud::{Markup, html};

/// Writes the view.
pub(in crate::dashboard) fn body(frame: &Frame<'_>, counted: Option<&Counted>) -> Markup {
    let Some(counted) = counted else {
        return html! { p.lead { (frame.say("board.looking")) } };
    };
    let metrics = match &counted.metrics {
        Ok(metrics) => metrics,
        Err(error) => return why(frame, error),
    };
    let Numbers { calls, errors, cold_starts, .. } = &metrics.numbers;
    let summary = Message::new("board.numbers.sum").with("calls", calls).with("errors", errors);
    let summary = summary.with("cold", cold_starts);
    html! {
        section #numbers data-live data-summary=(summary.render(frame.lang())) {
            p.lead { (rich(frame.lang(), &summary)) }
            @if let Some(problem) = &metrics.problem { p.why { (rich(frame.lang(), problem)) } }
            (picture(frame, &counted.minutes))
            (actions(frame, &metrics.numbers))
            div.columns {
                (counts(frame, "board.numbers.statuses", metrics.numbers.by_status.iter().map(|(status, count)| (status.to_string(), *count))))
                (counts(frame, "board.numbers.codes", metrics.numbers.by_code.iter().map(|(code, count)| (code.clone(), *count))))
                (counts(frame, "board.numbers.refusals", metrics.numbers.refusals.iter().map(|(why, count)| (why.clone(), *count))))
            }
            (cost(frame, metrics))
            (footprint(frame, counted.engine))
        }
    }
}

/// A bar a minute, its height the calls; the table below says the same in numbers.
fn picture(frame: &Frame<'_>, minutes: &[Minute]) -> Markup {
    let most = minutes.iter().map(|minute| minute.sum()).max().unwrap_or_default().max(1);
    #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 calls")]
    let height = |count: usize| count as f64 * 60.0 / most as f64;
    let label = Message::new("board.numbers.picture").with("most", most).render(frame.lang());
    html! {
        figure {
            svg.minutes viewBox={ "0 0 " (minutes.len() * 10) " 64" } role="img" aria-label=(label) preserveAspectRatio="none" {
                @for (at, minute) in minutes.iter().enumerate() {
                    @let parts = [("good", minute.good), ("warn", minute.refused), ("bad", minute.failed)];
                    @for (part, (class, count)) in parts.iter().enumerate() {
                        @let below = parts[..part].iter().map(|(_, count)| count).sum::<usize>();
                        @if *count > 0 {
                            rect.(class) x=(at * 10 + 1) width="8" y=(format!("{:.1}", 62.0 - height(below + count))) height=(format!("{:.1}", height(*count))) {}
                        }
                    }
                }
                path.ground d={ "M0 63H" (minutes.len() * 10) } {}
            }
            figcaption { (label) }
        }
    }
}

fn actions(frame: &Frame<'_>, numbers: &Numbers) -> Markup {
    let columns = ["action", "calls", "errors", "p50", "p95", "p99"].map(|key| match key {
        "p50" | "p95" | "p99" => key.to_owned(),
        _ => frame.say(&format!("board.numbers.{key}")),
    });
    html! {
        @if !numbers.actions.is_empty() {
            div.wide {
                table {
                    caption.unseen { (frame.say("board.numbers.by_action")) }
                    thead { tr { @for (at, column) in columns.iter().enumerate() { th.number[at > 0] scope="col" { (column) } } } }
                    tbody {
                        @for (name, action) in &numbers.actions {
                            tr {
                                th scope="row" { (Shown(&counted_as(name).render(frame.lang()))) }
                                td.number data-label=(columns[1]) { (action.calls) }
                                td.number data-label=(columns[2]) { (action.errors) }
                                td.number data-label=(columns[3]) { (millis(frame.lang(), action.p50_ms)) }
                                td.number data-label=(columns[4]) { (millis(frame.lang(), action.p95_ms)) }
                                td.number data-label=(columns[5]) { (millis(frame.lang(), action.p99_ms)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn counts(frame: &Frame<'_>, title: &str, counts: impl Iterator<Item = (String, usize)>) -> Markup {
    let counts: Vec<(String, usize)> = counts.collect();
    html! {
        @if !counts.is_empty() {
            div {
                h2 { (frame.say(title)) }
                dl.headers { @for (name, count) in &counts { dt { (Shown(&counted_as(name).render(frame.lang()))) } dd { (count) } } }
            }
        }
    }
}

fn cost(frame: &Frame<'_>, metrics: &MetricsReport) -> Markup {
    let lang = frame.lang();
    let usd = |amount: f64| format!("{} USD", decimal(lang, amount, 4));
    let total = Message::new("board.numbers.cost").with("usd", usd(metrics.cost.total_usd));
    let total = total.with("prices", metrics.cost.prices_of);
    // The sum of nothing is a negative zero.
    let sum = metrics.instances.iter().map(|instance| instance.hours).sum::<f64>() + 0.0;
    let gb_seconds = metrics.usage.gb_seconds + 0.0;
    let billed = Message::new("board.numbers.hours").with("hours", decimal(lang, sum, 2));
    let requests = |count: usize| Message::new("board.numbers.requests").with("count", count);
    let runs = Message::new("board.numbers.gb_seconds").with_message("requests", requests(metrics.usage.invocations));
    let runs = runs.with("gb_seconds", decimal(lang, gb_seconds, 3));
    // What it is the price of stands beside each.
    let parts = [
        ("part.instance", metrics.cost.instances_usd, billed),
        ("part.api", metrics.cost.api_usd, requests(metrics.usage.api_calls)),
        ("part.function", metrics.cost.function_usd, runs),
    ];
    html! {
        h2 { (frame.say("board.numbers.cost_title")) }
        p { (rich(lang, &total)) }
        dl.headers {
            @for (key, amount, usage) in &parts { dt { (frame.say(key)) } dd { (usd(*amount)) ", " (usage.render(lang)) } }
            @for instance in &metrics.instances {
                dt { @if let Some(name) = &instance.name { (Shown(name)) " " } code { (Shown(&instance.instance_id)) } }
                dd { (Shown(&instance.r#type)) ", " (Shown(&in_words(&instance.state).render(lang))) ", " (hours(lang, instance.hours)) }
            }
        }
        @for instance in metrics.instances.iter().filter(|instance| instance.usd_estimate.is_none()) {
            p.hint { (rich(lang, &Message::new("metrics.no_price").with("type", &instance.r#type))) }
        }
    }
}

fn footprint(frame: &Frame<'_>, footprint: Footprint) -> Markup {
    #[expect(clippy::cast_precision_loss, reason = "sizes of memories and disks")]
    let mib = |bytes: u64| {
        let size = decimal(frame.lang(), bytes as f64 / 1_048_576.0, 1);
        Message::new("board.numbers.mib").with("size", size).render(frame.lang())
    };
    let rows = [
        ("board.numbers.memory", footprint.memory.map(|kib| mib(kib * 1024))),
        ("board.numbers.disk", footprint.disk.map(mib)),
    ];
    html! {
        @if rows.iter().any(|(_, value)| value.is_some()) {
            h2 { (frame.say("board.numbers.engine")) }
            dl.headers { @for (key, value) in rows { @if let Some(value) = value { dt { (frame.say(key)) } dd { (value) } } } }
        }
    }
}
