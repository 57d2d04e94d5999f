//! What happened since the engine was started, as Prometheus reads it:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use crate::{commands::metrics::MetricsReport, trace::Numbers};
use std::fmt::{Display, Write as _};

/// The form's own name.
pub(super) const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes the numbers.
pub(super) fn text(metrics: &MetricsReport, is_healthy: bool) -> String {
    let Numbers { by_status, by_code, refusals, cold_starts, actions, .. } = &metrics.numbers;
    let mut page = Page(String::new());
    page.family("atelier_up", "gauge", "Whether everything answers as it should.");
    page.line("atelier_up", &[], u8::from(is_healthy));
    page.family("atelier_calls_total", "counter", "Calls since the engine was started, by action.");
    for (name, action) in actions {
        page.line("atelier_calls_total", &[("action", name)], action.calls);
    }
    page.family("atelier_responses_total", "counter", "Answers, by status.");
    for (status, count) in by_status {
        page.line("atelier_responses_total", &[("status", &status.to_string())], count);
    }
    page.family("atelier_errors_total", "counter", "Calls that were refused or went wrong, by code.");
    for (code, count) in by_code {
        page.line("atelier_errors_total", &[("code", code)], count);
    }
    page.family("atelier_refusals_total", "counter", "Calls that were refused before anything was done, by reason.");
    for (reason, count) in refusals {
        page.line("atelier_refusals_total", &[("reason", reason)], count);
    }
    page.family("atelier_cold_starts_total", "counter", "Calls for which a process of the function was started.");
    page.line("atelier_cold_starts_total", &[], cold_starts);
    page.family("atelier_call_duration_milliseconds", "gauge", "How long calls took, by action and quantile.");
    for (name, action) in actions {
        for (quantile, ms) in [("0.5", action.p50_ms), ("0.95", action.p95_ms), ("0.99", action.p99_ms)] {
            page.line("atelier_call_duration_milliseconds", &[("action", name), ("quantile", quantile)], ms);
        }
    }
    page.family("atelier_instance_running", "gauge", "Whether an instance runs.");
    for instance in &metrics.instances {
        let runs = u8::from(instance.state == "running");
        let labels = [("instance_id", instance.instance_id.as_str()), ("type", &instance.r#type)];
        page.line("atelier_instance_running", &labels, runs);
    }
    page.family("atelier_instance_hours_total", "counter", "How many hours an instance ran since then.");
    for instance in &metrics.instances {
        page.line("atelier_instance_hours_total", &[("instance_id", &instance.instance_id)], instance.hours);
    }
    page.0
}

struct Page(String);

/// Writing to a `String` cannot fail.
impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// A label's value, of which a stranger's word may be one.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_can_end_its_quotes_or_its_line() {
        let mut page = Page(String::new());
        page.line("a", &[("b", "x\"} 1\nc 2\\"), ("d", "")], 7);
        assert_eq!(page.0, "a{b=\"x\\\"} 1\\nc 2\\\\\",d=\"\"} 7\n");
    }
}
