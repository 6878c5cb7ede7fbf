//! Many recordings, as fast as the machine allows.

use std::fs;
use std::fs::File;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use indicatif::ProgressBar;

use crate::command::Place;
use crate::command::batch;
use crate::pipeline::Stages;
use crate::pipeline::offline;
use crate::pipeline::offline::Output;
use crate::pipeline::offline::TICKS_PER_ROW;
use crate::report::FeatureFiles;
use crate::report::ReportError;
use crate::report::Rows;
use crate::report::Totals;
use crate::time::Clock as _;
use crate::time::MonotonicClock;

#[derive(Debug, Args)]
pub(super) struct Request {
    /// The recordings.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder for the results; made if it isn't there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The recordings are of one person, in this order: what is known of them is carried on.
    #[arg(long)]
    same_person: bool,
    /// Writes the readable features too: `STEM.face.csv` and `STEM.voice.csv`.
    #[arg(long)]
    features: bool,
    /// Replaces results that are there.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(request: &Request, place: &Place) -> anyhow::Result<ExitCode> {
    let stems = batch::distinct_stems(&request.files);
    fs::create_dir_all(&request.out).with_context(|| format!("the folder {} can't be made", request.out.display()))?;
    if !request.force {
        refuse_to_overwrite(request, &stems)?;
    }
    let mut stages = batch::load(place, &[])?;
    let bar = batch::progress(batch::lengths(&request.files).iter().sum());
    let (mut bad, mut analysed) = (Vec::new(), 0);
    for (number, (file, stem)) in request.files.iter().zip(&stems).enumerate() {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        batch::tell(&bar, name, number + 1, stems.len());
        if !request.same_person {
            stages.forget_person();
        }
        match one(file, stem, request, &mut stages, &bar) {
            Ok(None) => analysed += 1,
            Ok(Some(damage)) => {
                analysed += 1;
                bad.push((file.as_path(), damage));
            }
            Err(error) => {
                remove_parts(&request.out, stem);
                bad.push((file.as_path(), format!("{error:#}")));
            }
        }
    }
    bar.finish_and_clear();
    println!("{analysed} of {} recordings analysed; results in {}", request.files.len(), request.out.display());
    Ok(batch::tell_bad(&bad))
}

/// One recording; what was wrong with it, if it could be read in part only.
fn one(
    file: &Path,
    stem: &str,
    request: &Request,
    stages: &mut Stages,
    bar: &ProgressBar,
) -> anyhow::Result<Option<String>> {
    let clock = MonotonicClock::start();
    let part = request.out.join(format!("{stem}.csv.part"));
    let mut rows = Rows::new(BufWriter::new(File::create(&part).map_err(ReportError::Disk)?))?;
    let mut features = if request.features { Some(FeatureFiles::new(&request.out, stem)?) } else { None };
    let mut totals = Totals::default();
    let (mut ticks, mut told, mut result) = (0u32, 0u64, Ok(()));
    let before = bar.position();
    let analysis = offline::analyze(file, stages, |output| {
        let done = match output {
            Output::Tick { tick, level, face_presence } => {
                ticks += 1;
                if !(ticks - 1).is_multiple_of(TICKS_PER_ROW) {
                    return;
                }
                let centis = tick.moment.at.nanos().unsigned_abs() / 10_000_000;
                if centis > told {
                    told = centis;
                    bar.set_position(before + centis);
                }
                totals.add(tick);
                rows.write(tick, level, face_presence)
            }
            Output::Face(view) => features.as_mut().map_or(Ok(()), |files| files.face(view)),
            Output::Descriptors(at, frame) => features.as_mut().map_or(Ok(()), |files| files.voice(at, frame)),
            Output::Transcript(transcript) => {
                totals.say(transcript);
                Ok(())
            }
            Output::NotTranscribed(..) => Ok(()),
        };
        if result.is_ok() {
            result = done;
        }
    })?;
    result?;
    rows.finish()?.flush().map_err(ReportError::Disk)?;
    if let Some(features) = features {
        features.finish()?;
    }
    let took = clock.now().secs().max(1e-9);
    let name = file.to_string_lossy();
    let factor = analysis.duration_secs / took;
    let summary = totals.summary(&name, analysis.duration_secs, factor, analysis.damage.clone(), stages);
    let summary_part = request.out.join(format!("{stem}.summary.json.part"));
    let mut text = serde_json::to_string_pretty(&summary)?;
    text.push('\n');
    fs::write(&summary_part, text).map_err(ReportError::Disk)?;
    if !request.features {
        // What is replaced had features; they aren't of this recording.
        for ending in ["face.csv", "voice.csv"] {
            fs::remove_file(request.out.join(format!("{stem}.{ending}"))).ok();
        }
    }
    fs::rename(&part, request.out.join(format!("{stem}.csv"))).map_err(ReportError::Disk)?;
    fs::rename(&summary_part, request.out.join(format!("{stem}.summary.json"))).map_err(ReportError::Disk)?;
    Ok(analysis.damage)
}

fn refuse_to_overwrite(request: &Request, stems: &[String]) -> anyhow::Result<()> {
    let endings: &[&str] =
        if request.features { &["csv", "summary.json", "face.csv", "voice.csv"] } else { &["csv", "summary.json"] };
    for stem in stems {
        for ending in endings {
            let path = request.out.join(format!("{stem}.{ending}"));
            anyhow::ensure!(
                !path.exists(),
                "there are results already; nothing was changed. Choose another folder, or add --force to replace them\nfile: {path:?}"
            );
        }
    }
    Ok(())
}

fn remove_parts(folder: &Path, stem: &str) {
    for ending in ["csv", "summary.json", "face.csv", "voice.csv"] {
        fs::remove_file(folder.join(format!("{stem}.{ending}.part"))).ok();
    }
}
