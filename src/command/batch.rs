//! What commands over many recordings share.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::capture::media;
use crate::command::Place;
use crate::fuse::FusionKind;
use crate::pipeline::Stages;
use crate::signal::Modality;

/// A name for each file's results: its stem, with a number where others have the same.
pub(super) fn distinct_stems(files: &[PathBuf]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut stems = Vec::with_capacity(files.len());
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut name = stem.clone();
        let mut number = 2;
        while !taken.insert(name.to_lowercase()) {
            name = format!("{stem}-{number}");
            number += 1;
        }
        stems.push(name);
    }
    stems
}

/// Loads the stages with the fusion that the settings choose and these, and says what is off.
pub(super) fn load(place: &Place, kinds: &[FusionKind]) -> anyhow::Result<Stages> {
    let stages = Stages::with_fusions(&place.models, &place.settings.stages, kinds)?;
    for (modality, why) in &stages.off {
        eprintln!("circumplex: {} is off: {why}", modality.name());
    }
    anyhow::ensure!(
        stages.off.len() < Modality::ALL.len(),
        "nothing can be read, as every modality is off; nothing was written. Run `bash models/setup`, then `circumplex check`"
    );
    Ok(stages)
}

/// How long each recording is, hundredths of a second; 0 if it can't be read.
pub(super) fn lengths(files: &[PathBuf]) -> Vec<u64> {
    let length = |file: &PathBuf| media::probe(file).map_or(0, |info| (info.duration_s * 100.0) as u64);
    files.iter().map(length).collect()
}

/// A bar over so many hundredths of a second of recordings.
pub(super) fn progress(centis: u64) -> ProgressBar {
    let bar = ProgressBar::new(centis);
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {elapsed} of about {duration}  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// A bar over so many steps.
pub(super) fn steps(count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {elapsed}  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Says what is read now: on the bar, or, where no terminal draws it, in a line.
pub(super) fn tell(bar: &ProgressBar, what: String, number: usize, of: usize) {
    if bar.is_hidden() {
        eprintln!("circumplex: {what} ({number} of {of})");
    }
    bar.set_message(what);
}

/// Says what couldn't be read, and whether there was any.
pub(super) fn tell_bad(bad: &[(&Path, String)]) -> ExitCode {
    tell_failed("not read, or only in part", bad)
}

/// Says what failed and why, and whether anything did.
pub(super) fn tell_failed(what: &str, bad: &[(&Path, String)]) -> ExitCode {
    for (file, why) in bad {
        println!("{what}: {}\n  {why}", file.display());
    }
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_one_stem_get_distinct_names() {
        let files = ["a/clip.mp4", "b/clip.wav", "clip-2.mov", "c/Clip.mkv"].map(PathBuf::from);

        let stems = distinct_stems(&files);

        let distinct: BTreeSet<_> = stems.iter().map(|stem| stem.to_lowercase()).collect();
        assert_eq!(distinct.len(), files.len(), "{stems:?}");
        assert_eq!(stems[0], "clip");
    }
}
