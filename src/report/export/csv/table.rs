//! One table and what its columns are.

use std::path::Path;
use std::path::PathBuf;

use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::part::Part;

/// A column's name, unit and meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) about: String,
}

impl Column {
    pub(super) fn new(name: impl Into<String>, unit: &str, about: &str) -> Self {
        Self { name: name.into(), unit: unit.to_owned(), about: about.to_owned() }
    }

    /// The last of every table of times.
    pub(super) fn excluded() -> Self {
        Self::new("excluded", "1", "1 where a marker says that it isn't to count")
    }
}

/// A table that is being written.
pub(super) struct Table {
    file: &'static str,
    path: PathBuf,
    columns: Vec<Column>,
    rows: csv::Writer<Part>,
}

impl Table {
    /// Begins with the header.
    pub(super) fn create(folder: &Path, file: &'static str, columns: Vec<Column>) -> Result<Self, ExportError> {
        let part = Part::create(folder, file)?;
        let path = part.path().to_path_buf();
        let mut table = Self { file, path, columns, rows: csv::Writer::from_writer(part) };
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        table.row(&names)?;
        Ok(table)
    }

    pub(super) fn row(&mut self, cells: &[String]) -> Result<(), ExportError> {
        let written = self.rows.write_record(cells);
        written.map_err(|error| ExportError::disk(&self.path)(error.into()))
    }

    /// Puts it in its place; gives its columns, each with the table's name.
    pub(super) fn finish(self, exported: &mut Exported) -> Result<Vec<(String, Column)>, ExportError> {
        let part = self.rows.into_inner().map_err(|error| ExportError::disk(&self.path)(error.into_error()))?;
        part.finish(exported)?;
        Ok(self.columns.into_iter().map(|column| (self.file.to_owned(), column)).collect())
    }
}

/// A number as it is, in the shortest way that is read as the same; empty where there is none.
pub(super) fn number(value: f32) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// The same of an angle.
pub(super) fn angle(value: f64) -> String {
    number(value as f32)
}
