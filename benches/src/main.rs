//! Measures what the README claims: `atelier-bench ATELIER [PART...]`, see `benches/run.sh`.

mod atelier;
mod aws_cli;
mod clock;
mod cold_start;
mod crates;
mod dashboard;
mod embedded;
mod floor;
mod functions;
mod growth;
mod http;
mod load;
mod localstack;
mod ministack;
mod moto;
mod scale;
mod signed;
mod table;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(binary) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: atelier-bench ATELIER [crates|embedded|functions|moto|clock|dashboard|growth|scale|localstack]...");
        return ExitCode::from(2);
    };
    let parts: Vec<String> = arguments.collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    let mut failed = false;
    if wanted("crates") {
        failed |= !show("peer", crates::measure());
    }
    if wanted("embedded") {
        failed |= !show("MiniStack", embedded::measure(&binary));
    }
    if wanted("functions") {
        failed |= !show("MiniStack", functions::measure(&binary));
    }
    if wanted("moto") {
        failed |= !show("moto", moto::measure(&binary));
    }
    if wanted("clock") {
        failed |= !show("peer", clock::measure(&binary));
    }
    if wanted("dashboard") {
        failed |= !show("peer", dashboard::measure(&binary));
    }
    if wanted("growth") {
        failed |= !show("peer", growth::measure(&binary));
    }
    if wanted("scale") {
        failed |= !show("peer", scale::measure(&binary));
    }
    if wanted("localstack") {
        if localstack::is_possible() {
            failed |= !show("by hand", localstack::measure(&binary));
        } else {
            eprintln!("localstack: not measured, Docker does not answer or the image is not here");
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints a part's table, or why there is none.
fn show(peer: &str, rows: io::Result<Vec<table::Row>>) -> bool {
    match rows {
        Ok(rows) => table::print(peer, &rows),
        Err(error) => {
            eprintln!("error: {error}");
            return false;
        }
    }
    true
}
