//! XML answers, written through the AWS SDK's own encoder: text is escaped and elements are closed by construction.
//! What XML cannot hold at all is refused where it comes in, and replaced here: one such character would cost a client
//! the whole answer.

use aws_smithy_xml::encode::{ScopeWriter, XmlWriter};

/// An element whose content is being written.
pub type Element<'a, 'b> = ScopeWriter<'a, 'b>;

/// Writes a document: declaration, root element with its namespace (none when empty), content.
#[must_use]
pub fn document(root: &str, namespace: &str, content: impl FnOnce(&mut Element)) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut writer = XmlWriter::new(&mut text);
    let mut start = writer.start_el(root);
    if !namespace.is_empty() {
        start = start.write_ns(namespace, None);
    }
    let mut scope = start.finish();
    content(&mut scope);
    scope.finish();
    legal(text)
}

/// Whether XML 1.0 can write a character, escaped or not: it cannot with most control characters, U+FFFE and U+FFFF.
/// <https://www.w3.org/TR/xml/#charsets>
#[must_use]
pub fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Replaces in a document what XML has no way to write.
#[must_use]
pub fn legal(document: String) -> String {
    if document.chars().all(is_legal) {
        return document;
    }
    document.chars().map(|c| if is_legal(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// Writes `<tag>…</tag>` with elements in it.
pub fn element(parent: &mut Element, tag: &str, content: impl FnOnce(&mut Element)) {
    let mut scope = parent.start_el(tag).finish();
    content(&mut scope);
    scope.finish();
}

/// Writes `<tag>text</tag>`.
pub fn text(parent: &mut Element, tag: &str, value: &str) {
    element(parent, tag, |scope| scope.data(value));
}

/// Writes `<tag><item>…</item>…</tag>`, one `item` element (EC2: `item`, IAM: `member`) per value.
pub fn list<T>(
    parent: &mut Element,
    tag: &str,
    item: &str,
    values: impl IntoIterator<Item = T>,
    mut content: impl FnMut(&mut Element, T),
) {
    element(parent, tag, |scope| {
        for value in values {
            element(scope, item, |each| content(each, value));
        }
    });
}

/// Writes a list whose items are texts.
pub fn texts<'t>(parent: &mut Element, tag: &str, item: &str, values: impl IntoIterator<Item = &'t str>) {
    element(parent, tag, |scope| {
        for value in values {
            text(scope, item, value);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced_wherever_it_stands() {
        let with = |value: &str| document("R", "", |root| text(root, "v", value));
        assert!(with("a\u{0}\u{1b}b\u{fffe}\u{ffff}").contains("<v>a\u{fffd}\u{fffd}b\u{fffd}\u{fffd}</v>"));
        assert!(with("\t\u{7f}é\u{fffd}😀").contains("<v>\t\u{7f}é\u{fffd}😀</v>"));
    }
}
