//! How right the readings are of recordings whose labels others gave.

mod bench;
mod found;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clap::ValueEnum;
use indicatif::ProgressBar;
use serde_json::Map;
use serde_json::json;

use crate::capture::sabotage::Trouble;
use crate::command::Place;
use crate::command::batch;
use crate::command::evaluate::bench::Bench;
use crate::command::evaluate::found::Found;
use crate::command::spoil;
use crate::command::spoil::Spoiling;
use crate::command::spoil::Subject;
use crate::command::spoil::Voices;
use crate::command::spoil::When;
use crate::report::evaluation::Evaluation;
use crate::report::evaluation::Failed;
use crate::report::evaluation::Item;
use crate::report::evaluation::LeftOut;
use crate::report::evaluation::Measured;
use crate::report::evaluation::Protocol;
use crate::report::evaluation::RESAMPLES;
use crate::report::evaluation::Take;
use crate::report::evaluation::read_list;
use crate::signal::Label;

#[derive(Debug, Args)]
pub(super) struct Request {
    /// A CSV with the columns file,label and, if known, speaker,valence,arousal, in any order; files are found from its folder.
    #[arg(value_name = "LIST.csv")]
    list: PathBuf,
    /// The folder for report.json and report.html; made if it isn't there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What is known of a person.
    #[arg(long, value_enum, default_value_t = Adapt::File)]
    adapt: Adapt,
    /// Reads each recording spoilt on purpose, too, in bursts of 1 to 5 s: `all`, or some of dark, blur, cover, freeze, mute,
    /// noise, babble, other-voice, stale-words, dropped-words, misheard-words.
    #[arg(long, value_name = "TROUBLE", value_delimiter = ',')]
    corrupt: Vec<String>,
    /// Signal to noise of noise and babble, dB.
    #[arg(long, value_name = "DB", default_value_t = 0.0, allow_negative_numbers = true)]
    snr: f32,
    /// Recordings of others whose voices are used for babble and another voice; else those of other speakers in the list (of
    /// other recordings, if it doesn't say who speaks).
    #[arg(long, value_name = "FILE", num_args = 1..)]
    voices: Vec<PathBuf>,
    /// Where chance begins: order, trouble and draws.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replaces a report that is there.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Adapt {
    /// Nothing, ever.
    Off,
    /// What the recording itself has shown so far.
    File,
    /// What the same speaker's recordings before have shown, in an order drawn by the seed.
    Speaker,
}

impl Adapt {
    const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::File => "file",
            Self::Speaker => "speaker",
        }
    }
}

pub(super) fn run(request: &Request, place: &Place) -> anyhow::Result<ExitCode> {
    let troubles = spoil::troubles(&request.corrupt)?;
    let items = read_list(&request.list).with_context(|| format!("{}", request.list.display()))?;
    check(request, &items)?;
    let files: Vec<_> = items.iter().map(|item| item.file.clone()).collect();
    let lengths = batch::lengths(&files);
    let spoiling = spoiling(request, &items, &troubles)?;
    let mut bench = Bench::load(place, spoiling)?;
    fs::create_dir_all(&request.out).with_context(|| format!("the folder {} can't be made", request.out.display()))?;
    if request.adapt == Adapt::Off {
        bench.freeze_nobody();
    }

    let inputs: Vec<Option<Trouble>> = [None].into_iter().chain(troubles.iter().copied().map(Some)).collect();
    let bar = batch::progress(lengths.iter().sum::<u64>() * inputs.len() as u64);
    let order = order(&items, request.adapt, request.seed);
    let (mut found, mut read) = (Found::default(), 0);
    for input in &inputs {
        let mut takes: Vec<Option<Take>> = vec![None; items.len()];
        let mut last = None;
        for &number in &order {
            let (Some(item), Some(&centis)) = (items.get(number), lengths.get(number)) else { continue };
            read += 1;
            let what = format!("{} {}", input.map_or("clean", Trouble::name), item.name);
            batch::tell(&bar, what, read, order.len() * inputs.len());
            if request.adapt != Adapt::Speaker || last != Some(item.speaker.as_deref()) {
                bench.stages.forget_person();
            }
            last = Some(item.speaker.as_deref());
            let secs = centis as f64 / 100.0;
            let subject = Subject { number, file: &item.file, speaker: item.speaker.as_deref(), secs };
            let before = bar.position();
            let taken = bench.take(*input, subject, &bar);
            bar.set_position(before + centis);
            if let Some(place) = takes.get_mut(number) {
                *place = found.keep(number, *input, taken);
            }
        }
        found.takes.push(takes);
    }
    bar.finish_and_clear();

    let bad = found.told(&items);
    let measured = found.measured(&items, &inputs, &bench, request.seed);
    let told = bad.clone();
    let protocol = protocol(request, &items, &measured, &bench, bad);
    let drawing = ProgressBar::new_spinner().with_message("figures and their intervals");
    drawing.enable_steady_tick(Duration::from_millis(100));
    Evaluation::of(&measured, protocol).write(&request.out)?;
    drawing.finish_and_clear();
    let [_, page] = Evaluation::paths(&request.out);
    println!("{} of {} recordings measured; read {}", measured.items.len(), items.len(), page.display());
    let told: Vec<_> = told.iter().flatten().map(|one| (Path::new(&one.file), one.why.clone())).collect();
    Ok(batch::tell_bad(&told))
}

/// What can be said before any network is loaded.
fn check(request: &Request, items: &[Item]) -> anyhow::Result<()> {
    anyhow::ensure!(
        request.adapt != Adapt::Speaker || items.iter().all(|item| item.speaker.is_some()),
        "what is known can't be carried from one recording of a speaker to the next, as the list doesn't say who speaks; give it a column speaker, or leave --adapt out"
    );
    anyhow::ensure!(
        items.iter().any(|item| item.file.exists()),
        "none of the recordings in the list is there; they are looked for from the folder that the list is in\nthe first: {:?}",
        items.first().map_or_else(|| Path::new(""), |item| item.file.as_path())
    );
    for item in items.iter().filter(|item| !item.file.exists()) {
        eprintln!("circumplex: there is no recording {:?}; no figure will count it", item.file);
    }
    for path in Evaluation::paths(&request.out) {
        anyhow::ensure!(
            request.force || !path.exists(),
            "there is a report already; nothing was changed. Choose another folder, or add --force to replace it\nfile: {path:?}"
        );
    }
    Ok(())
}

fn spoiling(request: &Request, items: &[Item], troubles: &[Trouble]) -> anyhow::Result<Spoiling> {
    let mut voices = Voices::default();
    if troubles.iter().any(|trouble| trouble.needs_voices()) {
        let listed = || items.iter().map(|item| (item.file.clone(), item.speaker.clone())).collect::<Vec<_>>();
        let named = || request.voices.iter().map(|file| (file.clone(), None)).collect::<Vec<_>>();
        voices = Voices::of(&if request.voices.is_empty() { listed() } else { named() });
        for item in items {
            let subject = Subject { number: 0, file: &item.file, speaker: item.speaker.as_deref(), secs: 0.0 };
            anyhow::ensure!(
                voices.others(subject).next().is_some(),
                "babble and another voice need voices of other people; nothing was written. Name recordings of some with --voices, or leave babble and other-voice out of --corrupt\nfor: {:?}",
                item.file
            );
        }
    }
    Ok(Spoiling { snr_db: request.snr, seed: request.seed, when: When::Bursts, voices })
}

/// In which order recordings are read. With what is known carried on: speaker by speaker, each one's in an order by chance.
fn order(items: &[Item], adapt: Adapt, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    if adapt == Adapt::Speaker {
        fastrand::Rng::with_seed(seed).shuffle(&mut order);
        order.sort_by_key(|at| items.get(*at).map(|item| &item.speaker));
    }
    order
}

fn protocol(
    request: &Request,
    items: &[Item],
    measured: &Measured,
    bench: &Bench,
    [failed, damaged]: [Vec<Failed>; 2],
) -> Protocol {
    let mut speakers: Vec<_> = measured.items.iter().filter_map(|item| item.speaker.as_deref()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let mut labels: BTreeMap<&'static str, usize> = BTreeMap::new();
    for item in &measured.items {
        *labels.entry(Label::name(item.label)).or_default() += 1;
    }
    let missing = bench.fusions.missing().iter();
    let off = bench.stages.off.iter();
    Protocol {
        program: env!("CARGO_PKG_VERSION"),
        text: Vec::new(),
        list: request.list.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        recordings: items.len(),
        measured: measured.items.len(),
        speakers: (!speakers.is_empty()).then_some(speakers.len()),
        labels,
        adapt: request.adapt.name(),
        seed: request.seed,
        troubles: measured
            .inputs
            .iter()
            .skip(1)
            .filter_map(|kind| Trouble::from_name(&kind.name))
            .map(Trouble::name)
            .collect(),
        snr_db: request.snr,
        resamples: RESAMPLES,
        resampled: if speakers.is_empty() { "recordings" } else { "speakers" },
        shipped: bench.fusions.chosen().name().to_owned(),
        fusions: measured.fusions.clone(),
        left_out: missing.map(|(kind, why)| left_out(kind.name(), why)).collect(),
        off: off.map(|(modality, why)| left_out(modality.name(), why)).collect(),
        settings: bench.settings.clone(),
        models: bench.models.iter().map(|(name, sha256)| (name.clone(), json!(sha256))).collect::<Map<_, _>>(),
        failed,
        damaged,
    }
    .told()
}

/// Without the path at the end, which is another on every machine.
fn left_out(name: &str, why: &str) -> LeftOut {
    LeftOut { name: name.to_owned(), why: why.lines().next().unwrap_or_default().to_owned() }
}
