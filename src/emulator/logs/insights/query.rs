//! Reading a query: commands with `|` between them.

use super::{
    Malformed,
    expression::{Expression, Words},
    search::Search,
    token::{self, Token},
};

/// A command.
#[derive(Debug)]
pub(super) enum Command {
    /// `fields`: computes fields, and shows them.
    Fields(Vec<Named>),
    /// `display`: shows these and no others.
    Display(Vec<Named>),
    Filter(Expression),
    /// By what, and whether the largest comes first.
    Sort(Vec<(Named, bool)>),
    Limit(usize),
    Stats {
        values: Vec<Named>,
        by: Vec<Named>,
    },
    Parse {
        field: Expression,
        pattern: Search,
        names: Vec<(usize, String)>,
    },
    Dedup(Vec<Named>),
}

/// An expression, and the name of what it gives.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) expression: Expression,
    pub(super) name: String,
    /// Whether it was named by `as`.
    pub(super) is_alias: bool,
}

/// The commands of a query, in their order.
#[derive(Debug)]
pub(super) struct Query(pub(super) Vec<Command>);

/// Commands that AWS has and this has not.
const LACKING: [&str; 10] =
    ["anomaly", "diff", "filterindex", "join", "lookup", "pattern", "source", "subqueries", "unmask", "unnest"];

impl Query {
    /// Reads a query that is started `now`, in milliseconds since the Unix epoch.
    pub(super) fn parse(text: &str, now: i64) -> Result<Self, Malformed> {
        let tokens = token::tokens(text)?;
        let mut words = Words { text, tokens: &tokens, at: 0, now };
        let mut commands = Vec::new();
        while words.peek().is_some() {
            commands.push(command(&mut words)?);
            if words.peek().is_some() && !words.sign("|") {
                return Err(words.unexpected());
            }
        }
        Ok(Self(commands))
    }
}

fn command(words: &mut Words<'_>) -> Result<Command, Malformed> {
    let Some(Token::Name(name)) = words.peek() else { return Err(words.unexpected()) };
    let name = name.to_ascii_lowercase();
    words.at += 1;
    match name.as_str() {
        "fields" => Ok(Command::Fields(list(words)?)),
        "display" => Ok(Command::Display(list(words)?)),
        "dedup" => Ok(Command::Dedup(list(words)?)),
        "filter" | "where" => Ok(Command::Filter(words.expression()?)),
        "limit" | "head" => limit(words).map(Command::Limit),
        "sort" | "order" => sort(words),
        "stats" => stats(words),
        "parse" => parse(words),
        other if LACKING.contains(&other) => Err(Malformed::Lacking(format!("command {other}"))),
        _ => {
            words.at -= 1;
            Err(words.unexpected())
        }
    }
}

fn limit(words: &mut Words<'_>) -> Result<usize, Malformed> {
    match words.take() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and in bounds")]
        Some(Token::Number(number)) if number.fract() == 0.0 && (1.0..=10_000.0).contains(number) => {
            Ok(*number as usize)
        }
        _ => Err(Malformed::Syntax("limit is a number from 1 to 10000".to_owned())),
    }
}

/// Expressions with commas between, each with or without a name of its own.
fn list(words: &mut Words<'_>) -> Result<Vec<Named>, Malformed> {
    let mut all = Vec::new();
    loop {
        all.push(named(words)?);
        if !words.sign(",") {
            return Ok(all);
        }
    }
}

fn named(words: &mut Words<'_>) -> Result<Named, Malformed> {
    let start = words.at;
    let expression = words.expression()?;
    let text = words.text_since(start);
    if words.word("as") {
        let Some(Token::Name(name)) = words.take() else { return Err(words.unexpected()) };
        return Ok(Named { expression, name: name.clone(), is_alias: true });
    }
    let name = if let Expression::Field(name) = &expression { name.clone() } else { text.to_owned() };
    Ok(Named { expression, name, is_alias: false })
}

fn sort(words: &mut Words<'_>) -> Result<Command, Malformed> {
    words.word("by");
    let mut keys = Vec::new();
    loop {
        let start = words.at;
        let expression = words.expression()?;
        let key = Named { expression, name: words.text_since(start).to_owned(), is_alias: false };
        let is_falling = words.word("desc");
        if !is_falling {
            words.word("asc");
        }
        keys.push((key, is_falling));
        if !words.sign(",") {
            return Ok(Command::Sort(keys));
        }
    }
}

fn stats(words: &mut Words<'_>) -> Result<Command, Malformed> {
    let values = list(words)?;
    if let Some(plain) = values.iter().find(|value| !value.expression.is_aggregate()) {
        return Err(Malformed::Syntax(format!("stats wants functions over many events, not {}", plain.name)));
    }
    let by = if words.word("by") { list(words)? } else { Vec::new() };
    Ok(Command::Stats { values, by })
}

fn parse(words: &mut Words<'_>) -> Result<Command, Malformed> {
    let field = match words.peek() {
        Some(Token::Name(name)) => {
            words.at += 1;
            Expression::Field(name.clone())
        }
        _ => Expression::Field("@message".to_owned()),
    };
    let (pattern, named) = match words.take() {
        Some(Token::Expression(search)) => (search.clone(), search.names()),
        Some(Token::Text(glob)) => (from_glob(glob)?, Vec::new()),
        _ => return Err(Malformed::Syntax("parse wants a pattern".to_owned())),
    };
    let mut names = named;
    if words.word("as") {
        if !names.is_empty() {
            return Err(Malformed::Syntax("the names are in the regular expression already".to_owned()));
        }
        loop {
            let Some(Token::Name(name)) = words.take() else { return Err(words.unexpected()) };
            names.push((names.len() + 1, name.clone()));
            if !words.sign(",") {
                break;
            }
        }
        if names.len() != pattern.parts() {
            return Err(Malformed::Syntax("there are as many names as parts of the pattern".to_owned()));
        }
    }
    if names.is_empty() {
        Err(Malformed::Syntax("parse names nothing".to_owned()))
    } else {
        Ok(Command::Parse { field, pattern, names })
    }
}

/// A pattern in which each `*` stands for a text that gets a name.
fn from_glob(glob: &str) -> Result<Search, Malformed> {
    let parts: Vec<String> = glob.split('*').map(regex_lite::escape).collect();
    let last = parts.len() - 1;
    // The last star takes all that is left, the others as little as they can.
    let ends_open = parts[last].is_empty();
    let mut text = "(?s)".to_owned();
    for (at, part) in parts.iter().enumerate() {
        text.push_str(part);
        if at < last {
            text.push_str(if at + 1 == last && ends_open { "(.*)" } else { "(.*?)" });
        }
    }
    Search::read(&text).map_err(|error| Malformed::Syntax(format!("`{glob}` is no pattern: {error}")))
}
