//! What expressions are worth: for one row, or for a group of them.

use super::{
    datum::Datum,
    expression::{AGGREGATES, Expression, Pattern},
    run::Row,
    texts,
    work::Work,
};
use std::{collections::HashSet, net::IpAddr};

/// What an expression is worth for rows: for one where it has no function over many.
pub(super) fn eval(expression: &Expression, rows: &[&Row], work: &Work) -> Option<Datum> {
    if work.is_spent() {
        return None;
    }
    let of = |inner: &Expression| eval(inner, rows, work);
    match expression {
        Expression::Field(name) => rows.first()?.get(name).cloned(),
        Expression::Value(value) => Some(value.clone()),
        #[expect(clippy::cast_precision_loss, reason = "a length of time in milliseconds has fewer than 53 bits")]
        Expression::Span(millis) => Some(Datum::Number(*millis as f64)),
        Expression::Matches(inner, pattern) => {
            let text = of(inner).map(|value| value.to_string());
            let matches = text.is_some_and(|text| match pattern {
                Pattern::Part(part) => text.contains(part.as_str()),
                Pattern::Expression(search) => search.is_in(&text, work),
            });
            Some(Datum::truth(matches))
        }
        Expression::In(inner, list) => {
            let value = of(inner)?;
            Some(Datum::truth(list.iter().filter_map(of).any(|other| value.compare(&other).is_eq())))
        }
        Expression::Not(inner) => Some(Datum::truth(!is_true(inner, rows, work))),
        Expression::All(inner) => Some(Datum::truth(inner.iter().all(|inner| is_true(inner, rows, work)))),
        Expression::Any(inner) => Some(Datum::truth(inner.iter().any(|inner| is_true(inner, rows, work)))),
        Expression::Compared(sign, a, b) => Some(Datum::truth(compared(sign, of(a), of(b)))),
        Expression::Computed(first, rest) => {
            let first = of(first)?.number()?;
            let result = rest.iter().try_fold(first, |left, (sign, right)| computed(sign, left, of(right)?.number()?));
            result.map(Datum::Number)
        }
        Expression::Call(name, arguments) if AGGREGATES.contains(&name.as_str()) => {
            aggregate(name, arguments, rows, work)
        }
        Expression::Call(name, arguments) => call(name, arguments, rows, work),
    }
}

/// Whether a condition holds; what is not there is not true.
pub(super) fn is_true(expression: &Expression, rows: &[&Row], work: &Work) -> bool {
    eval(expression, rows, work).is_some_and(|value| value.is_true())
}

fn computed(sign: &str, a: f64, b: f64) -> Option<f64> {
    let result = match sign {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => a.powf(b),
    };
    result.is_finite().then_some(result)
}

fn compared(sign: &str, a: Option<Datum>, b: Option<Datum>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return sign == "!=" };
    let order = a.compare(&b);
    match sign {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

fn aggregate(name: &str, arguments: &[Expression], rows: &[&Row], work: &Work) -> Option<Datum> {
    let first = arguments.first();
    let values: Vec<Datum> = match first {
        Some(argument) => rows.iter().filter_map(|row| eval(argument, &[row], work)).collect(),
        None => Vec::new(),
    };
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53 rows")]
    let count = |many: usize| many as f64;
    let mut numbers: Vec<f64> = values.iter().filter_map(Datum::number).collect();
    let at_share = |numbers: &mut Vec<f64>, share: f64| {
        numbers.sort_by(f64::total_cmp);
        let last = numbers.len().checked_sub(1)?;
        // Between the two values that the share lies between.
        let place = count(last) * (share / 100.0).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and the last")]
        let below = (place.floor() as usize).min(last);
        let above = (below + 1).min(last);
        Some(Datum::Number(numbers[below] + (numbers[above] - numbers[below]) * (place - place.floor())))
    };
    match name {
        "count" if first.is_none() => Some(Datum::Number(count(rows.len()))),
        "count" => Some(Datum::Number(count(values.len()))),
        "count_distinct" => {
            let different: HashSet<String> = values.iter().map(Datum::to_string).collect();
            Some(Datum::Number(count(different.len())))
        }
        "sum" => Some(Datum::Number(numbers.iter().sum())),
        "avg" => (!numbers.is_empty()).then(|| Datum::Number(numbers.iter().sum::<f64>() / count(numbers.len()))),
        "stddev" => (!numbers.is_empty()).then(|| {
            let mean = numbers.iter().sum::<f64>() / count(numbers.len());
            let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count(numbers.len());
            Datum::Number(variance.sqrt())
        }),
        "min" | "sortsfirst" => values.into_iter().min_by(Datum::compare),
        "max" | "sortslast" => values.into_iter().max_by(Datum::compare),
        "median" => at_share(&mut numbers, 50.0),
        "pct" | "percentile" => {
            let share = eval(arguments.get(1)?, rows, work)?.number()?;
            at_share(&mut numbers, share)
        }
        _ => at_edge(first?, rows, name == "latest", work),
    }
}

/// The value of the newest row that has one, or of the oldest. Where rows have the same time, they are the newest first.
fn at_edge(argument: &Expression, rows: &[&Row], is_latest: bool, work: &Work) -> Option<Datum> {
    let time = |row: &Row| match row.get("@timestamp") {
        Some(Datum::Time(at)) => Some(*at),
        _ => None,
    };
    let timed = rows.iter().rev().filter_map(|row| Some((time(row), eval(argument, &[row], work)?)));
    let found = if is_latest { timed.max_by_key(|(at, _)| *at) } else { timed.min_by_key(|(at, _)| *at) };
    found.map(|(_, value)| value)
}

fn call(name: &str, arguments: &[Expression], rows: &[&Row], work: &Work) -> Option<Datum> {
    let value = |at: usize| arguments.get(at).and_then(|argument| eval(argument, rows, work));
    let number = |at: usize| value(at).and_then(|value| value.number());
    let text = |at: usize| value(at).map(|value| value.to_string());
    let all = || arguments.iter().filter_map(|argument| eval(argument, rows, work));
    let address = |at: usize| text(at).and_then(|text| text.parse::<IpAddr>().ok());
    Some(match name {
        "bin" => {
            let (Some(Datum::Time(at)), Expression::Span(span)) =
                (rows.first()?.get("@timestamp").cloned(), arguments.first()?)
            else {
                return None;
            };
            Datum::Time(at.div_euclid(*span) * span)
        }
        "datefloor" | "dateceil" => {
            let Expression::Span(span) = arguments.get(1)? else { return None };
            let at = millis(number(0)?);
            let floor = at.div_euclid(*span).saturating_mul(*span);
            Datum::Time(if name == "datefloor" || floor == at { floor } else { floor.saturating_add(*span) })
        }
        "frommillis" => Datum::Time(millis(number(0)?)),
        "tomillis" | "abs" => Datum::Number(if name == "abs" { number(0)?.abs() } else { number(0)? }),
        "ceil" => Datum::Number(number(0)?.ceil()),
        "floor" => Datum::Number(number(0)?.floor()),
        "round" => {
            let scale = 10_f64.powf(number(1).unwrap_or_default());
            Datum::Number((number(0)? * scale).round() / scale)
        }
        "sqrt" => Datum::Number(number(0)?.sqrt()),
        "log" => Datum::Number(number(0)?.ln()),
        "exp" => Datum::Number(number(0)?.exp()),
        "pow" => Datum::Number(number(0)?.powf(number(1)?)),
        "mod" => Datum::Number(number(0)? % number(1)?),
        "greatest" => all().max_by(Datum::compare)?,
        "least" => all().min_by(Datum::compare)?,
        "coalesce" => all().next()?,
        "strcontains" => {
            let (text, part) = (text(0)?, text(1)?);
            // The word stands by itself, as the name of a field would.
            let ignores_case =
                matches!(arguments.get(2), Some(Expression::Field(word)) if word.eq_ignore_ascii_case("true"));
            Datum::truth(if ignores_case {
                text.to_lowercase().contains(&part.to_lowercase())
            } else {
                text.contains(&part)
            })
        }
        "ispresent" => Datum::truth(value(0).is_some()),
        "isvalidip" => Datum::truth(address(0).is_some()),
        "isvalidipv4" => Datum::truth(address(0).is_some_and(|address| address.is_ipv4())),
        "isvalidipv6" => Datum::truth(address(0).is_some_and(|address| address.is_ipv6())),
        "isipinsubnet" | "isipv4insubnet" | "isipv6insubnet" => {
            let is_of_kind = |address: &IpAddr| match name {
                "isipv4insubnet" => address.is_ipv4(),
                "isipv6insubnet" => address.is_ipv6(),
                _ => true,
            };
            let subnet = text(1)?;
            Datum::truth(address(0).filter(is_of_kind).is_some_and(|address| is_in_subnet(address, &subnet)))
        }
        "isprivateip" => Datum::truth(matches!(address(0), Some(IpAddr::V4(address)) if address.is_private())),
        "ipv4tonumber" => match address(0)? {
            IpAddr::V4(address) => Datum::Number(address.to_bits().into()),
            IpAddr::V6(_) => return None,
        },
        "if" => value(if is_true(arguments.first()?, rows, work) { 1 } else { 2 })?,
        "case" => return case(arguments, rows, work),
        "concat" => {
            let mut text = String::new();
            for part in all() {
                let part = part.to_string();
                work.take(part.len())?;
                text.push_str(&part);
            }
            Datum::Text(text)
        }
        _ => {
            // None of these has more arguments.
            let values: Vec<Option<Datum>> = (0..3).map(value).collect();
            return texts::call(name, &values, work);
        }
    })
}

/// The value behind the first condition that holds, or the one that stands by itself at the end.
fn case(arguments: &[Expression], rows: &[&Row], work: &Work) -> Option<Datum> {
    let (branches, default) = arguments.as_chunks::<2>();
    let branch = branches.iter().find(|[condition, _]| is_true(condition, rows, work));
    branch.map(|[_, value]| value).or(default.first()).and_then(|value| eval(value, rows, work))
}

#[expect(clippy::cast_possible_truncation, reason = "what is no time is the farthest that there is")]
fn millis(number: f64) -> i64 {
    number as i64
}

fn is_in_subnet(address: IpAddr, subnet: &str) -> bool {
    let Some((network, bits)) = subnet.split_once('/') else { return false };
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    let shared = |a: u128, b: u128, width: u32| bits <= width && (bits == 0 || (a ^ b) >> (width - bits) == 0);
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => shared(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => shared(a.into(), b.into(), 128),
        _ => false,
    }
}
