//! Colour and width. A tone only underlines what the words already say.

use anstyle::{AnsiColor, Style};

/// The colours of a series; none of them means good or bad.
const SERIES: [AnsiColor; 5] =
    [AnsiColor::Blue, AnsiColor::Cyan, AnsiColor::Magenta, AnsiColor::BrightBlue, AnsiColor::BrightBlack];

/// The meaning of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// Worth a look.
    Warn,
    /// Beside the point.
    Dim,
    /// The point.
    Strong,
    /// One of several of a kind, told apart by their numbers.
    Series(usize),
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Dim => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
            Self::Series(number) => SERIES[number % SERIES.len()].on_default(),
        }
    }
}

/// Wraps `text` into the tone's escape sequences where `color` is on.
pub(super) fn paint(color: bool, tone: Tone, text: &str) -> String {
    if color {
        let style = tone.style();
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}

/// The columns of the terminal at stdout, when it tells.
pub(super) fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// The columns and lines of the terminal at stdout; what one that does not tell has by tradition.
pub(super) fn screen() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    size.map_or((80, 24), |size| (size.ws_col.into(), size.ws_row.into()))
}
