//! `atelier man`: the manual, as roff for `man -l -`.

use crate::{
    cli::{self, help},
    commands::context::Context,
    error::{Code, Error, Result},
    text::{Lang, Message},
    ui::{Page, Report},
};

/// A page of the manual.
#[derive(Debug, serde::Serialize)]
pub struct ManReport {
    /// The page's name (`atelier-deploy`).
    pub name: String,
    /// The page, in roff.
    pub roff: String,
}

impl Report for ManReport {
    fn human(&self, page: &mut Page) {
        page.raw(self.roff.trim_end());
    }
}

/// Writes the page of a verb, or of `atelier` itself.
///
/// # Errors
/// `usage` for a verb that does not exist.
pub fn run(context: &Context, args: &cli::Man) -> Result<ManReport> {
    let lang = context.console.lang();
    let mut root = help::command(lang);
    root.build();
    let command = super::help::verb(&root, &args.verb)?;
    let name = command.get_display_name().unwrap_or("atelier").to_owned();
    let mut roff = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name.clone())
        .source(concat!("atelier ", env!("CARGO_PKG_VERSION")))
        .manual("atelier")
        .render(&mut roff)
        .map_err(|error| Error::new(Code::Bug).with("detail", "no manual").cause(&error))?;
    Ok(ManReport { name, roff: headed(&String::from_utf8_lossy(&roff), lang) })
}

/// Names the sections in `lang`. Those of the generator are English, and its word for what follows the options is
/// `EXTRA`: with us, examples, under a heading of their own that is then no longer needed.
fn headed(roff: &str, lang: Lang) -> String {
    let text = |key: &str| Message::new(key).render(lang);
    let examples = text("help.examples");
    let lines = roff.lines().filter(|line| *line != examples).map(|line| match line.strip_prefix(".SH ") {
        None => line.to_owned(),
        Some("NAME") => format!(".SH {}", text("man.name")),
        Some("EXTRA") => format!(".SH {}", text("man.examples")),
        // French headings end with the space that comes before their colon in `--help`.
        Some(heading) => format!(".SH \"{}\"", heading.trim_matches('"').trim().to_uppercase()),
    });
    lines.collect::<Vec<_>>().join("\n")
}
