//! XML, element by element.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesDecl;
use quick_xml::events::BytesEnd;
use quick_xml::events::BytesStart;
use quick_xml::events::BytesText;
use quick_xml::events::Event;

/// A document that is written.
pub(super) struct Xml<W: io::Write> {
    writer: Writer<W>,
}

impl Xml<Vec<u8>> {
    /// What `fill` writes, in memory, after the declaration.
    pub(super) fn document(fill: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<Vec<u8>> {
        let mut xml = Self::begin(Vec::new(), None)?;
        fill(&mut xml)?;
        Ok(xml.writer.into_inner())
    }
}

impl<W: io::Write> Xml<W> {
    /// Begins with the declaration; `indent` blanks for each depth.
    pub(super) fn begin(out: W, indent: Option<usize>) -> io::Result<Self> {
        let mut writer = match indent {
            Some(indent) => Writer::new_with_indent(out, b' ', indent),
            None => Writer::new(out),
        };
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self { writer })
    }

    pub(super) fn into_inner(self) -> W {
        self.writer.into_inner()
    }

    fn start<'n>(name: &'n str, attributes: &[(&str, &str)]) -> BytesStart<'n> {
        let mut start = BytesStart::new(name);
        for (name, value) in attributes {
            start.push_attribute((*name, allowed(value).as_ref()));
        }
        start
    }

    /// An element with what `fill` puts into it.
    pub(super) fn with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        fill: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.writer.write_event(Event::Start(Self::start(name, attributes)))?;
        fill(self)?;
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.writer.write_event(Event::Start(BytesStart::new(name)))?;
        self.writer.write_event(Event::Text(BytesText::new(&allowed(text))))?;
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element without anything in it.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.writer.write_event(Event::Empty(Self::start(name, attributes)))
    }
}

/// Text without the letters that XML can't have.
fn allowed(text: &str) -> Cow<'_, str> {
    let is_bad = |letter: char| {
        (letter < ' ' && !matches!(letter, '\t' | '\n' | '\r')) || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(is_bad) { text.replace(is_bad, "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_cannot_become_part_of_the_document() {
        let text = Xml::document(|xml| xml.with("a", &[("b", "<\"&\u{1}")], |xml| xml.text("c", "</c>\u{0} ok")));

        let text = String::from_utf8(text.unwrap()).unwrap();
        assert!(text.contains("&lt;&quot;&amp;\u{fffd}") && text.contains("&lt;/c&gt;\u{fffd} ok"), "{text}");
    }
}
