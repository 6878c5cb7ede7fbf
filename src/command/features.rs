//! What fusion is given, tick by tick, clean or spoilt on purpose.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use crate::capture::sabotage::Sabotage;
use crate::capture::sabotage::Trouble;
use crate::command::Place;
use crate::command::batch;
use crate::command::spoil;
use crate::command::spoil::Spoiling;
use crate::command::spoil::Subject;
use crate::command::spoil::Voices;
use crate::command::spoil::When;
use crate::encode;
use crate::pipeline::Stages;
use crate::pipeline::offline;
use crate::pipeline::offline::Output;
use crate::report::TickFile;
use crate::signal::Absence;
use crate::signal::Label;
use crate::signal::Modality;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Request {
    /// The recordings.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder for the arrays; made if it isn't there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Spoils the input on purpose, before any network sees it: `all`, or some of dark, blur, cover, freeze, mute, noise, babble,
    /// other-voice, stale-words, dropped-words, misheard-words. Clean arrays are written as well, unless `--no-clean`.
    #[arg(long, value_name = "TROUBLE", value_delimiter = ',')]
    corrupt: Vec<String>,
    /// Signal to noise of noise and babble, dB.
    #[arg(long, value_name = "DB", default_value_t = 0.0, allow_negative_numbers = true)]
    snr: f32,
    /// Trouble all the time instead of in bursts of 1 to 5 s.
    #[arg(long)]
    throughout: bool,
    /// Only the spoilt arrays.
    #[arg(long, requires = "corrupt")]
    no_clean: bool,
    /// Recordings whose voices are used for babble and another voice; else those of the other FILEs.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    voices: Vec<PathBuf>,
    /// Where chance begins: the same seed spoils alike.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The recordings are of one person, in this order: what is known of them is carried on.
    #[arg(long)]
    same_person: bool,
    /// Leaves arrays that are there as they are, and goes on with the others.
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Replaces arrays that are there.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(request: &Request, place: &Place) -> anyhow::Result<ExitCode> {
    let troubles = spoil::troubles(&request.corrupt)?;
    let stems = batch::distinct_stems(&request.files);
    fs::create_dir_all(&request.out).with_context(|| format!("the folder {} can't be made", request.out.display()))?;
    let clean = (!request.no_clean).then_some(None);
    let kinds: Vec<Option<Trouble>> = clean.into_iter().chain(troubles.iter().copied().map(Some)).collect();
    let name = |stem: &str, kind: Option<Trouble>| match kind {
        Some(trouble) => request.out.join(format!("{stem}.{}.npz", trouble.name())),
        None => request.out.join(format!("{stem}.npz")),
    };
    if !request.force && !request.resume {
        for (stem, kind) in stems.iter().flat_map(|stem| kinds.iter().map(move |kind| (stem, *kind))) {
            let path = name(stem, kind);
            anyhow::ensure!(
                !path.exists(),
                "there are arrays already; nothing was changed. Choose another folder, add --resume to go on, or --force to replace them\nfile: {path:?}"
            );
        }
    }
    let mut spoiling = Spoiling {
        snr_db: request.snr,
        seed: request.seed,
        when: if request.throughout { When::Throughout } else { When::Bursts },
        voices: Voices::default(),
    };
    let lengths = batch::lengths(&request.files);
    let subjects = || request.files.iter().zip(&lengths).enumerate().map(subject);
    if troubles.iter().any(|trouble| trouble.needs_voices()) {
        let files = if request.voices.is_empty() { &request.files } else { &request.voices };
        spoiling.voices = Voices::of(&files.iter().map(|file| (file.clone(), None)).collect::<Vec<_>>());
        for subject in subjects() {
            anyhow::ensure!(
                spoiling.voices.others(Subject { number: 0, ..subject }).next().is_some(),
                "babble and another voice need voices of other recordings; nothing was written. Name some with --voices\nfile: {:?}",
                subject.file
            );
        }
    }
    let mut stages = batch::load(place, &[])?;
    write_description(request, &describe(request, &troubles, &stages)?)?;
    let bar = batch::progress(lengths.iter().sum::<u64>() * kinds.len() as u64);
    let (mut bad, mut written, mut read) = (Vec::new(), 0, 0);
    for kind in &kinds {
        stages.forget_person();
        for ((subject, stem), &centis) in subjects().zip(&stems).zip(&lengths) {
            let path = name(stem, *kind);
            read += 1;
            let what = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            batch::tell(&bar, what, read, stems.len() * kinds.len());
            // With what is known carried on, a recording that was done before must be gone through again.
            let is_done = request.resume && path.exists();
            if is_done && !request.same_person {
                written += 1;
                bar.inc(centis);
                continue;
            }
            if !request.same_person {
                stages.forget_person();
            }
            let sabotage = kind.map(|trouble| spoiling.sabotage(trouble, subject));
            match one(subject.file, (!is_done).then_some(path.as_path()), sabotage.as_ref(), &mut stages) {
                Ok(None) => written += 1,
                Ok(Some(damage)) => {
                    written += 1;
                    bad.push((subject.file, damage));
                }
                Err(error) => bad.push((subject.file, format!("{error:#}"))),
            }
            bar.inc(centis);
        }
    }
    bar.finish_and_clear();
    println!("{written} arrays in {}", request.out.display());
    Ok(batch::tell_bad(&bad))
}

fn subject<'a>((number, (file, centis)): (usize, (&'a PathBuf, &u64))) -> Subject<'a> {
    Subject { number, file, speaker: None, secs: *centis as f64 / 100.0 }
}

/// One recording, written to `path` if there is one; what was wrong with it, if it could be read in part only.
fn one(
    file: &Path,
    path: Option<&Path>,
    sabotage: Option<&Sabotage>,
    stages: &mut Stages,
) -> anyhow::Result<Option<String>> {
    let mut ticks =
        TickFile::new(Modality::ALL.map(|one| (encode::reliability_names(one).len(), encode::embedding_len(one))));
    let analysis = offline::analyze_spoilt(file, stages, sabotage, |output| {
        if let Output::Tick { tick, .. } = output {
            // What isn't there can't be spoilt.
            let is_on = |one: Modality| {
                !matches!(tick.moment.of(one), Err(Absence::NoSource))
                    && sabotage.is_some_and(|sabotage| {
                        sabotage.trouble.modality() == one && sabotage.bursts.is_on(tick.moment.at)
                    })
            };
            ticks.add(tick, Modality::ALL.map(is_on));
        }
    })?;
    if let Some(path) = path {
        ticks.write(path)?;
    }
    Ok(analysis.damage)
}

/// What the arrays are, beside them. Those of another making don't come under the same description.
fn write_description(request: &Request, text: &str) -> anyhow::Result<()> {
    let path = request.out.join("features.json");
    let has_arrays =
        || fs::read_dir(&request.out).is_ok_and(|mut all| all.any(|one| one.is_ok_and(|one| is_array(&one.path()))));
    anyhow::ensure!(
        !request.resume || !has_arrays() || fs::read_to_string(&path).is_ok_and(|there| there == text),
        "the arrays there were made in another way (troubles, seed, noise or networks), so they can't be gone on with; nothing was changed. Choose another folder, or --force to replace them\nfile: {path:?}"
    );
    Ok(fs::write(&path, text)?)
}

fn is_array(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npz")
}

fn describe(request: &Request, troubles: &[Trouble], stages: &Stages) -> anyhow::Result<String> {
    let reliability: serde_json::Map<_, _> =
        Modality::ALL.into_iter().map(|one| (one.name().to_owned(), json!(encode::reliability_names(one)))).collect();
    let models: serde_json::Map<_, _> = stages.models.iter().map(|(name, sha)| (name.clone(), json!(sha))).collect();
    let reading: Vec<_> =
        Label::ALL.map(Label::name).into_iter().chain(["valence", "arousal", "valence_sd", "arousal_sd"]).collect();
    let fused: Vec<_> = reading.iter().copied().chain(["gate_face", "gate_voice", "gate_words"]).collect();
    let text = serde_json::to_string_pretty(&json!({
        "tick_s": offline::TICK.as_secs_f64(),
        "labels": Label::ALL.map(Label::name),
        "reading": reading,
        "fused": fused,
        "reliability": reliability,
        "troubles": troubles.iter().map(|trouble| json!({"name": trouble.name(), "modality": trouble.modality().name()})).collect::<Vec<_>>(),
        "snr_db": request.snr,
        "bursts": !request.throughout,
        "seed": request.seed,
        "same_person": request.same_person,
        "models": models,
    }))?;
    Ok(text + "\n")
}
