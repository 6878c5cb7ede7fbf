//! Files that are there once they are whole.

use std::fs;
use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::report::export::ExportError;
use crate::report::export::Exported;

/// A file on its way: it lies beside its place until it is whole, and is gone if it never is.
pub(super) struct Part {
    beside: PathBuf,
    whole: PathBuf,
    out: Option<BufWriter<File>>,
}

impl Part {
    /// Begins `folder/name`; the folders on the way are made.
    pub(super) fn create(folder: &Path, name: &str) -> Result<Self, ExportError> {
        let whole = folder.join(name);
        let beside = folder.join(format!("{name}.part"));
        let made = whole.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(&beside));
        let out = made.map_err(ExportError::disk(&whole))?;
        Ok(Self { beside, whole, out: Some(BufWriter::new(out)) })
    }

    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.whole
    }

    /// Puts it in its place.
    pub(super) fn finish(mut self, exported: &mut Exported) -> Result<(), ExportError> {
        let flushed = self.out.take().map_or(Ok(()), |mut out| out.flush());
        let placed = flushed.and_then(|()| fs::rename(&self.beside, &self.whole));
        placed.map_err(ExportError::disk(&self.whole))?;
        exported.files.push(self.whole.clone());
        Ok(())
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Some(out) => out.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.out {
            Some(out) => out.seek(to),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Once it is in its place there is none here.
        fs::remove_file(&self.beside).ok();
    }
}

/// Writes a small file.
pub(super) fn write(folder: &Path, name: &str, bytes: &[u8], exported: &mut Exported) -> Result<(), ExportError> {
    let mut part = Part::create(folder, name)?;
    part.write_all(bytes).map_err(ExportError::disk(&folder.join(name)))?;
    part.finish(exported)
}

/// Writes JSON for people: indented, with a line's end.
pub(super) fn json(
    folder: &Path,
    name: &str,
    value: &serde_json::Value,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    write(folder, name, format!("{value:#}\n").as_bytes(), exported)
}
