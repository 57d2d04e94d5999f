//! What expressions come to.

use super::{Expression, Function, Series, Value, call, series::take};
use std::{cell::Cell, collections::BTreeMap};

/// The most values that the queries of a request handle in all: no request takes for ever, however it goes about it.
pub(in super::super) const MAX_WORK: usize = 1_000_000;

/// What an expression is evaluated with.
pub(in super::super) struct Scene<'a> {
    /// The metrics of the request, in its order, by the ids of their queries.
    pub(in super::super) metrics: &'a [(String, Series)],
    /// What queries came to, by their ids.
    pub(in super::super) values: &'a BTreeMap<String, Value>,
    /// Which times are asked for: from the first one on, up to the second one without it.
    pub(in super::super) range: (i64, i64),
    /// Where periods begin: at this time and whole periods before and after it.
    pub(in super::super) origin: i64,
    /// Of what has no period by itself, in milliseconds.
    pub(in super::super) period: i64,
    /// How many values may still be handled, by all expressions of the request.
    pub(in super::super) work: &'a Cell<usize>,
}

/// Evaluates an expression whose ids are known.
///
/// # Errors
/// Why it comes to nothing: a function that was given a number where it takes a series, and the like.
pub(in super::super) fn evaluate(scene: &Scene<'_>, expression: &Expression) -> Result<Value, String> {
    take(scene.work, 1)?;
    match expression {
        Expression::Number(number) => Ok(Value::Number(*number)),
        Expression::Id(id) => {
            let value = scene.values.get(id).ok_or_else(|| format!("There is no query {id}"))?;
            take(scene.work, value.size())?;
            Ok(value.clone())
        }
        Expression::Text(text) => Err(format!("Unexpected text \"{text}\"")),
        Expression::Word(word) => Err(format!("Unexpected word {word}")),
        Expression::Negative(inner) => evaluate(scene, inner)?.map(scene.work, |value| -value),
        Expression::List(items) => {
            let mut list = Vec::new();
            for item in items {
                match evaluate(scene, item)? {
                    Value::Series(series) => list.push(series),
                    Value::List(several) => list.extend(several),
                    Value::Number(_) => return Err("An array has time series only".to_owned()),
                }
            }
            Ok(Value::List(list))
        }
        Expression::Chain(first, rest) => {
            let mut value = evaluate(scene, first)?;
            for (operator, operand) in rest {
                value = value.combine(scene.work, *operator, evaluate(scene, operand)?)?;
            }
            Ok(value)
        }
        Expression::Call(Function::Period, arguments) => match arguments.as_slice() {
            [Expression::Id(id)] => {
                let of = scene.metrics.iter().find(|(known, _)| known == id).map(|(_, series)| series.period);
                #[expect(clippy::cast_precision_loss, reason = "periods are short")]
                let seconds = of.map(|millis| Value::Number(millis as f64 / 1000.0));
                seconds.ok_or_else(|| format!("{id} is no metric"))
            }
            _ => Err("PERIOD takes the id of a metric".to_owned()),
        },
        Expression::Call(function, arguments) => call::call(scene, *function, arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::parse, *};

    fn series(label: &str, values: &[Option<f64>]) -> (String, Series) {
        let points = (0_i64..).zip(values).filter_map(|(minute, value)| Some((minute * 60_000, (*value)?)));
        (label.to_owned(), Series { label: label.to_owned(), period: 60_000, points: points.collect() })
    }

    /// What an expression of two metrics shows: `-` is no value.
    fn shown(text: &str) -> Result<String, String> {
        shown_within(text, MAX_WORK)
    }

    fn shown_within(text: &str, work: usize) -> Result<String, String> {
        let metrics = [
            series("m1", &[Some(30.0), Some(20.0), Some(0.0), Some(0.0)]),
            series("m2", &[Some(20.0), None, Some(20.0), None]),
        ];
        let values = metrics.iter().map(|(id, series)| (id.clone(), Value::Series(series.clone()))).collect();
        let work = Cell::new(work);
        let (range, period) = ((0, 240_000), 60_000);
        let scene = Scene { metrics: &metrics, values: &values, range, origin: 0, period, work: &work };
        let one = |series: &Series| {
            let at = |minute: i64| series.points.get(&(minute * 60_000)).map_or("-".to_owned(), f64::to_string);
            (0..4).map(at).collect::<Vec<_>>().join(" ")
        };
        Ok(match evaluate(&scene, &parse(text).map_err(|fault| format!("{fault:?}"))?)? {
            Value::Number(number) => number.to_string(),
            Value::Series(series) => one(&series),
            Value::List(list) => list.iter().map(one).collect::<Vec<_>>().join(" | "),
        })
    }

    #[test]
    fn an_expression_takes_no_more_than_it_may() {
        let long = format!("m1{}", " + 1".repeat(100));
        assert!(shown_within(&long, 1000).is_ok());
        assert!(shown_within(&long, 500).is_err());
    }

    #[test]
    fn a_series_may_be_as_long_as_an_answer_and_many_that_are_so_long_are_refused() {
        const LONGEST: usize = 100_800;
        let metrics: Vec<(String, Series)> = (1..500).map(|number| series(&format!("m{number}"), &[])).collect();
        let values = BTreeMap::from([("m1".to_owned(), Value::Series(metrics[0].1.clone()))]);
        let size = |text: &str| {
            let work = Cell::new(MAX_WORK);
            let (range, period) = ((0, i64::try_from(LONGEST).unwrap() * 60_000), 60_000);
            let scene = Scene { metrics: &metrics, values: &values, range, origin: 0, period, work: &work };
            evaluate(&scene, &parse(text).unwrap()).map(|value| value.size())
        };
        for text in ["FILL(m1, 0) * 100 + 1", "TIME_SERIES(1)", "DAY(m1)"] {
            assert_eq!(size(text), Ok(1 + LONGEST), "{text}");
        }
        // `REPEAT` makes nothing of series without data, but looks at every time.
        for text in ["FILL(METRICS(), 0)", "FILL(METRICS(), REPEAT)", "DAY(METRICS())", "TIME_SERIES(1) + METRICS()"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_has_no_data_is_made_where_the_periods_of_metrics_begin() {
        let (_, m1) = series("m1", &[]);
        let values = BTreeMap::from([("m1".to_owned(), Value::Series(Series { period: 300_000, ..m1 }))]);
        let (work, range, origin) = (Cell::new(MAX_WORK), (0, 420_000), 420_000);
        let scene = Scene { metrics: &[], values: &values, range, origin, period: 300_000, work: &work };
        for text in ["FILL(m1, 7)", "TIME_SERIES(7)", "MONTH(m1) * 0 + 7"] {
            let Ok(Value::Series(made)) = evaluate(&scene, &parse(text).unwrap()) else { panic!("{text}") };
            assert_eq!(made.points, BTreeMap::from([(-180_000, 7.0), (120_000, 7.0)]), "{text}");
        }
    }

    #[test]
    fn the_examples_of_the_documentation_hold() {
        for (text, expected) in [
            ("m1 < m2", "0 0 1 0"),
            ("m1 >= 30", "1 0 0 0"),
            ("m1 > 15 AND m2 > 15", "1 0 0 0"),
            ("m1 + m2", "50 20 20 0"),
            ("m1 / m2 * 100", "150 - 0 -"),
            ("METRICS() * 10", "300 200 0 0 | 200 - 200 -"),
            ("SUM(METRICS())", "50 20 20 0"),
            ("AVG([m1, m2])", "25 10 10 0"),
            ("MAX(METRICS(\"2\"))", "20 - 20 -"),
            ("SUM(m1)", "50"),
            ("m1 - AVG(m1)", "17.5 7.5 -12.5 -12.5"),
            ("FILL(m2, 0)", "20 0 20 0"),
            ("FILL(m2, REPEAT)", "20 20 20 20"),
            ("FILL(m2, LINEAR)", "20 20 20 -"),
            ("IF(m1 > 10, m1)", "30 20 - -"),
            ("IF(m1 > 10, 1, 0)", "1 1 0 0"),
            ("IF(m1 > 10, m2, 5)", "20 0 5 5"),
            ("DIFF(m1)", "- -10 -20 0"),
            ("RATE(m2)", "- - 0 -"),
            ("DIFF_TIME(m2)", "- - 120 -"),
            ("RUNNING_SUM(m1)", "30 50 50 50"),
            ("TIME_SERIES(7)", "7 7 7 7"),
            ("m1 / PERIOD(m1)", "0.5 0.3333333333333333 0 0"),
            ("DATAPOINT_COUNT(m2)", "2"),
            ("METRIC_COUNT(METRICS())", "2"),
            ("FIRST(SORT(METRICS(), SUM, ASC))", "20 - 20 -"),
            ("SLICE(SORT(METRICS(), SUM, DESC), 0, 1)", "30 20 0 0"),
            ("FIRST(METRICS(\"9\"))", "- - - -"),
            ("FILL(LAST(METRICS(\"9\")), 1)", "1 1 1 1"),
            ("MINUTE(m2)", "0 1 2 3"),
            ("-m1 ^ 2 + 1 * 2", "902 402 2 2"),
            ("LOG10(m2 * 5)", "2 - 2 -"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["SUM(1)", "METRICS() + METRICS()", "\"a\"", "m3", "SORT(METRICS(), SUM, UP)", "[1]", "FIRST(m1)"]
        {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
