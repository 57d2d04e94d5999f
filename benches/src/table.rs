//! The table that a run prints, in Markdown.

/// One measured figure beside what was wanted and what the peer does.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What the project set out to reach.
    pub wanted: String,
    /// Our figure.
    pub ours: String,
    /// The peer's figure, `-` where there is no such thing.
    pub peer: String,
}

/// Builds a row.
pub fn row(what: &str, wanted: &str, ours: impl Into<String>, peer: impl Into<String>) -> Row {
    Row { what: what.to_owned(), wanted: wanted.to_owned(), ours: ours.into(), peer: peer.into() }
}

/// Prints the rows with the peer's name in the head.
pub fn print(peer: &str, rows: &[Row]) {
    println!("\n| measure | wanted | atelier | {peer} |\n| --- | --- | --- | --- |");
    for Row { what, wanted, ours, peer } in rows {
        println!("| {what} | {wanted} | {ours} | {peer} |");
    }
}

/// Milliseconds with two digits, for a table.
pub fn ms(duration: std::time::Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}
