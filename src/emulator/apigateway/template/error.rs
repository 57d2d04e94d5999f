//! What is wrong with a template.

/// Why a template cannot be read or does not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::emulator::apigateway) enum TemplateError {
    /// The text is no template.
    #[error("line {line}: {what}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It asks for what the emulator has not.
    #[error("line {line}: the emulator has no `{what}`")]
    Lacking {
        /// Where.
        line: usize,
        /// What it asks for.
        what: String,
    },
    /// It makes more than may be.
    #[error("it makes more than 10 MB, or values that hold themselves")]
    TooLarge,
    /// It takes more steps than may be.
    #[error("it takes more than a million steps, handles more than 1 GB of text, or makes more than 256 MB of values")]
    TooLong,
    /// It loops more often than API Gateway lets it.
    #[error("a #foreach has more than 1000 items")]
    TooMany,
    /// A method has an argument that it cannot have.
    #[error("{0}")]
    Argument(String),
}
