//! `export_notes.txt`: what was left out of an export or is damaged, a line each, beside what was written.

use std::fs;
use std::io;
use std::path::Path;

use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::part;

const FILE: &str = "export_notes.txt";

/// What notes are of that are of the session itself, and not of a form.
pub(super) const SESSION: &str = "session";

/// Puts the notes of one form in the place of those that it had; those of others stay. Without any note there is no file.
pub(super) fn write(folder: &Path, form: &str, notes: &[String]) -> Result<(), ExportError> {
    let path = folder.join(FILE);
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(ExportError::disk(&path)(error)),
    };
    let own = format!("{form}: ");
    let others = before.lines().filter(|line| !line.starts_with(&own)).map(str::to_owned);
    let notes = notes.iter().map(|note| own.clone() + &note.replace('\n', " "));
    let text: String = others.chain(notes).map(|line| line + "\n").collect();
    if text == before {
        return Ok(());
    }
    if text.is_empty() {
        return fs::remove_file(&path).map_err(ExportError::disk(&path));
    }
    part::write(folder, FILE, text.as_bytes(), &mut Exported::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_own_and_none_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let notes = |form, notes: &[&str]| {
            write(folder.path(), form, &notes.iter().map(|note| (*note).to_owned()).collect::<Vec<_>>()).unwrap();
        };

        notes("csv", &["no words", "no sound"]);
        notes("xdf", &["a\nb"]);
        notes("csv", &["no words"]);

        let path = folder.path().join(FILE);
        assert_eq!(fs::read_to_string(&path).unwrap(), "xdf: a b\ncsv: no words\n");
        notes("csv", &[]);
        notes("xdf", &[]);
        assert!(!path.exists());
    }
}
