//! XML answers, written through the AWS SDK's own encoder: text is escaped and elements are closed by construction.

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
    text
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
