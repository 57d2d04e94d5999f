//! Metric math: what expressions make of metrics.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>
//!
//! Pure: series come in by the ids of the queries that read them. Not here: functions whose data comes from elsewhere
//! (`SEARCH`, `ANOMALY_DETECTION_BAND`); they are refused by name.

mod call;
mod eval;
mod parse;
mod series;

pub(super) use eval::{MAX_WORK, Scene, evaluate};
pub(super) use parse::parse;
pub(super) use series::{Series, Value, take};

/// Why an expression is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not of the language; why.
    Wrong(String),
    /// It is, but the emulator has no such function.
    Lacking(String),
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    /// `"errors"`.
    Text(String),
    /// The id of another query.
    Id(String),
    /// A word that an argument is: `DESC`, `REPEAT`.
    Word(String),
    List(Vec<Expression>),
    Negative(Box<Expression>),
    /// Operators of one rank, from the left to the right: a long expression is no deep one.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
    Call(Function, Vec<Expression>),
}

impl Expression {
    /// The ids of the queries that it uses, as they come.
    pub(super) fn ids(&self) -> Vec<&str> {
        match self {
            Self::Id(id) => vec![id],
            Self::Negative(inner) => inner.ids(),
            Self::List(items) | Self::Call(_, items) => items.iter().flat_map(Self::ids).collect(),
            Self::Chain(first, rest) => {
                first.ids().into_iter().chain(rest.iter().flat_map(|(_, operand)| operand.ids())).collect()
            }
            Self::Number(_) | Self::Text(_) | Self::Word(_) => Vec::new(),
        }
    }
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Equal,
    Different,
    AtMost,
    AtLeast,
    Below,
    Above,
    And,
    Or,
}

impl Operator {
    /// What it makes of two numbers; truth is 1.
    fn of(self, a: f64, b: f64) -> f64 {
        #[expect(clippy::float_cmp, reason = "CloudWatch compares numbers as they are")]
        let truth = match self {
            Self::Add => return a + b,
            Self::Subtract => return a - b,
            Self::Multiply => return a * b,
            Self::Divide => return a / b,
            Self::Power => return a.powf(b),
            Self::Equal => a == b,
            Self::Different => a != b,
            Self::AtMost => a <= b,
            Self::AtLeast => a >= b,
            Self::Below => a < b,
            Self::Above => a > b,
            Self::And => a != 0.0 && b != 0.0,
            Self::Or => a != 0.0 || b != 0.0,
        };
        f64::from(u8::from(truth))
    }
}

/// The functions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Each(Each),
    Aggregate(Aggregate),
    Calendar(Calendar),
    DatapointCount,
    Diff,
    DiffTime,
    Fill,
    First,
    If,
    Last,
    MetricCount,
    Metrics,
    Period,
    Rate,
    RemoveEmpty,
    RunningSum,
    Slice,
    Sort,
    TimeSeries,
}

/// What is done to each value by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Each {
    Abs,
    Ceil,
    Floor,
    Log,
    Log10,
}

/// What makes one number of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Average,
    Deviation,
    Greatest,
    Least,
    Sum,
}

/// What a time is in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calendar {
    Date,
    Day,
    Epoch,
    Hour,
    Minute,
    Month,
    Year,
}

/// The functions by their names, and how many arguments each takes.
const FUNCTIONS: [(&str, Function, usize, usize); 33] = [
    ("ABS", Function::Each(Each::Abs), 1, 1),
    ("AVG", Function::Aggregate(Aggregate::Average), 1, 1),
    ("CEIL", Function::Each(Each::Ceil), 1, 1),
    ("DATAPOINT_COUNT", Function::DatapointCount, 1, 1),
    ("DATE", Function::Calendar(Calendar::Date), 1, 1),
    ("DAY", Function::Calendar(Calendar::Day), 1, 1),
    ("DIFF", Function::Diff, 1, 1),
    ("DIFF_TIME", Function::DiffTime, 1, 1),
    ("EPOCH", Function::Calendar(Calendar::Epoch), 1, 1),
    ("FILL", Function::Fill, 2, 2),
    ("FIRST", Function::First, 1, 1),
    ("FLOOR", Function::Each(Each::Floor), 1, 1),
    ("HOUR", Function::Calendar(Calendar::Hour), 1, 1),
    ("IF", Function::If, 2, 3),
    ("LAST", Function::Last, 1, 1),
    ("LOG", Function::Each(Each::Log), 1, 1),
    ("LOG10", Function::Each(Each::Log10), 1, 1),
    ("MAX", Function::Aggregate(Aggregate::Greatest), 1, 1),
    ("METRICS", Function::Metrics, 0, 1),
    ("METRIC_COUNT", Function::MetricCount, 1, 1),
    ("MIN", Function::Aggregate(Aggregate::Least), 1, 1),
    ("MINUTE", Function::Calendar(Calendar::Minute), 1, 1),
    ("MONTH", Function::Calendar(Calendar::Month), 1, 1),
    ("PERIOD", Function::Period, 1, 1),
    ("RATE", Function::Rate, 1, 1),
    ("REMOVE_EMPTY", Function::RemoveEmpty, 1, 1),
    ("RUNNING_SUM", Function::RunningSum, 1, 1),
    ("SLICE", Function::Slice, 2, 3),
    ("SORT", Function::Sort, 3, 4),
    ("STDDEV", Function::Aggregate(Aggregate::Deviation), 1, 1),
    ("SUM", Function::Aggregate(Aggregate::Sum), 1, 1),
    ("TIME_SERIES", Function::TimeSeries, 1, 1),
    ("YEAR", Function::Calendar(Calendar::Year), 1, 1),
];

/// What AWS has besides.
const LACKING: [&str; 6] =
    ["ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "SEARCH", "SERVICE_QUOTA"];
