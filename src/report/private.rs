//! What isn't handed over: the operator's note, and where files are on the operator's machine.

use serde::Serializer;
use serde::ser::Error as _;
use serde_json::Value;

use crate::session::Header;

/// What begins a user's own folder, if nothing comes after the user's name.
const HOMES: [&str; 3] = ["home", "Users", "Documents and Settings"];

/// A header without the note, and with files by their names only.
pub(super) fn header(header: &Header) -> Header {
    let mut own = header.clone();
    own.subject.note.clear();
    own.machine = without_folders(&own.machine);
    own.source_names = own.source_names.iter().map(|name| without_folders(name)).collect();
    if own.source == "recording"
        && let Some(recording) = own.source_names.first_mut()
    {
        *recording = file_name(recording).to_owned();
    }
    own.settings = without_folders(&own.settings);
    own
}

/// Writes a header without its field for the note: an empty one would say that there was none.
pub(super) fn without_note<S: Serializer>(header: &Header, serializer: S) -> Result<S::Ok, S::Error> {
    let mut value = serde_json::to_value(header).map_err(S::Error::custom)?;
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove("note");
    }
    serde::Serialize::serialize(&value, serializer)
}

/// A text with each absolute path cut to the name of its file. A path ends with its quotation mark, or with its line: what
/// comes after it in the line may go with it, so that no folder with blanks in its name stays.
pub(super) fn without_folders(text: &str) -> String {
    text.split_inclusive('\n').map(line).collect()
}

/// The same of all that is said in a value.
pub(super) fn value_without_folders(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_folders(text)),
        Value::Array(all) => all.iter().map(value_without_folders).collect(),
        Value::Object(all) => all.iter().map(|(key, value)| (key.clone(), value_without_folders(value))).collect(),
        other => other.clone(),
    }
}

fn line(text: &str) -> String {
    let (mut told, mut rest) = (String::new(), text);
    while let Some((at, quote)) = path(rest) {
        let (before, from) = rest.split_at(at);
        let ends = |letter: char| letter == '\n' || quote == Some(letter);
        let (path, after) = from.split_at(from.find(ends).unwrap_or(from.len()));
        told = told + before + file_name(path);
        rest = after;
    }
    told + rest
}

/// Where the first absolute path begins, and the quotation mark before it.
fn path(text: &str) -> Option<(usize, Option<char>)> {
    let mut before = None;
    for (at, letter) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        let is_within = before.is_some_and(|letter: char| letter.is_alphanumeric() || "/\\._-~".contains(letter));
        if !is_within && is_path(rest) {
            return Some((at, before.filter(|letter| "\"'`".contains(*letter))));
        }
        before = Some(letter);
    }
    None
}

fn is_path(text: &str) -> bool {
    let mut letters = text.chars();
    match (letters.next(), letters.next(), letters.next()) {
        (Some('/'), Some(next), _) => next.is_alphanumeric() || "._-/".contains(next),
        (Some('~'), Some('/' | '\\'), _) | (Some('\\'), Some('\\'), Some(_)) => true,
        (Some(drive), Some(':'), Some('/' | '\\')) => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

fn file_name(path: &str) -> &str {
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.trim().is_empty()).collect();
    let parts = match parts.split_first() {
        Some((drive, rest)) if drive.ends_with(':') => rest,
        _ => parts.as_slice(),
    };
    match parts {
        [] | [_] => parts.first().copied().unwrap_or_default(),
        [home, _] if HOMES.contains(home) => "~",
        [.., name] => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_path_the_files_name_stays() {
        for (text, wanted) in [
            ("/home/anna/films/talk.mp4, 30 fps", "talk.mp4, 30 fps"),
            ("/home/Anna Smith/talk.mp4", "talk.mp4"),
            (r"C:\Users\anna\talk.mp4", "talk.mp4"),
            (r#"bytes 1 to 2\nfile: "C:\\Users\\anna\\numbers.cpx""#, r#"bytes 1 to 2\nfile: "numbers.cpx""#),
            ("model = \"/home/anna/m/x.onnx\" # a/b\nrate = 3", "model = \"x.onnx\" # a/b\nrate = 3"),
            ("~/talk.mp4", "talk.mp4"),
            (r"\\server\anna\talk.mp4", "talk.mp4"),
            ("sessions = '/home/anna'", "sessions = '~'"),
            ("/Users/anna/", "~"),
        ] {
            assert_eq!(without_folders(text), wanted);
        }
    }

    #[test]
    fn what_is_no_path_stays() {
        for text in [
            "linux x86_64",
            "20 a second / 3",
            "and/or",
            "seed 1",
            "[face.quality]\nwidth_px = [30.0, 90.0]\n",
            "50 km/h",
        ] {
            assert_eq!(without_folders(text), text);
        }
    }
}
