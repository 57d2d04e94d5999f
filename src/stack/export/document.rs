//! The API's document as a file beside the others, with placeholders (`${function_invoke_arn}`) where it depends on what
//! is not known yet.

use super::{
    provider::document_name,
    value::{Piece, Text},
};

/// The document for Terraform's `templatefile`: what the function would read besides placeholders is escaped.
pub(super) fn template(document: &serde_json::Value) -> String {
    filled(document, |literal| literal.replace("${", "$${").replace("%{", "%%{"))
}

/// The document for programs, which put values in the place of placeholders and read nothing else but what is escaped alike.
pub(super) fn plain(document: &serde_json::Value) -> String {
    filled(document, |literal| literal.replace("${", "$${"))
}

fn filled(document: &serde_json::Value, literal: impl Fn(&str) -> String) -> String {
    let text = Text::parse(&format!("{document:#}\n"));
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => literal(text),
        Piece::Symbol(symbol) => format!("${{{}}}", document_name(symbol)),
    };
    text.0.iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::super::value::{INVOKE_ARN, REGION};
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_the_only_thing_that_a_template_reads() {
        let document = json!({ "uri": INVOKE_ARN, "x": format!("a ${{stageVariables.b}} %{{if}} {REGION}") });
        assert_eq!(
            template(&document),
            "{\n  \"uri\": \"${function_invoke_arn}\",\n  \"x\": \"a $${stageVariables.b} %%{if} ${region}\"\n}\n"
        );
        assert!(plain(&document).contains("a $${stageVariables.b} %{if} ${region}"));
    }
}
