//! How right the readings are of recordings whose labels others gave.

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

use crate::capture::sabotage::Sabotage;
use crate::capture::sabotage::Trouble;
use crate::command::Place;
use crate::command::batch;
use crate::command::spoil;
use crate::command::spoil::Spoiling;
use crate::command::spoil::Subject;
use crate::command::spoil::Voices;
use crate::command::spoil::When;
use crate::fuse::FusionKind;
use crate::fuse::Fusions;
use crate::pipeline::Stages;
use crate::pipeline::Subset;
use crate::pipeline::answers;
use crate::pipeline::offline;
use crate::pipeline::offline::Output;
use crate::pipeline::offline::TICKS_PER_ROW;
use crate::report::evaluation::Evaluation;
use crate::report::evaluation::Failed;
use crate::report::evaluation::Item;
use crate::report::evaluation::Kind;
use crate::report::evaluation::LeftOut;
use crate::report::evaluation::Measured;
use crate::report::evaluation::Protocol;
use crate::report::evaluation::RESAMPLES;
use crate::report::evaluation::Role;
use crate::report::evaluation::Take;
use crate::report::evaluation::read_list;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::time::Timestamp;

/// A reading of which so much is spoilt is spoilt, 0..=1; one of which nothing is isn't; those between don't count.
const SPOILT: f32 = 0.25;
/// How finely that is looked at.
const LOOK: Duration = Duration::from_millis(100);

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
    let mut found = Found::default();
    for input in &inputs {
        let mut takes: Vec<Option<Take>> = vec![None; items.len()];
        let mut last = None;
        for &number in &order {
            let (Some(item), Some(&centis)) = (items.get(number), lengths.get(number)) else { continue };
            bar.set_message(format!("{} {}", input.map_or("clean", Trouble::name), item.name));
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
    drawing.enable_steady_tick(LOOK);
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
        items.first().map(|item| &item.file)
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

/// All that reads.
struct Bench {
    stages: Stages,
    fusions: Fusions,
    /// Those that are there.
    kinds: Vec<FusionKind>,
    spoiling: Spoiling,
    /// What a face's reading rests on, before its frame.
    face_window: Duration,
    models: Vec<(String, String)>,
    settings: serde_json::Value,
}

impl Bench {
    fn load(place: &Place, spoiling: Spoiling) -> anyhow::Result<Self> {
        let mut stages = batch::load(place, &FusionKind::ALL)?;
        // What is known is answered afterwards; what answers while a recording is read makes no difference.
        let fusions = std::mem::replace(&mut stages.fusions, Fusions::late(&place.settings.stages.fusion));
        let kinds: Vec<_> =
            FusionKind::ALL.into_iter().filter(|kind| fusions.kinds().any(|one| one == *kind)).collect();
        let mut models = stages.models.clone();
        let networks = kinds.iter().filter_map(|kind| kind.model());
        models.extend(networks.filter_map(|name| stages.listed(name)));
        models.sort();
        models.dedup();
        let face_window = Duration::from_secs_f32(place.settings.stages.face.window_secs.max(0.0));
        let settings = serde_json::to_value(&place.settings.stages)?;
        Ok(Self { stages, fusions, kinds, spoiling, face_window, models, settings })
    }

    /// The person is nobody and stays so.
    fn freeze_nobody(&mut self) {
        self.stages.forget_person();
        if let Some(face) = self.stages.face.as_mut() {
            face.person_mut().freeze(true);
        }
        if let Some(voice) = self.stages.voice.as_mut() {
            voice.person_mut().freeze(true);
        }
    }

    /// Reads a recording; what was wrong with it, too, if it could be read in part only.
    fn take(
        &mut self,
        trouble: Option<Trouble>,
        subject: Subject<'_>,
        bar: &ProgressBar,
    ) -> anyhow::Result<(Take, Option<String>)> {
        let sabotage = trouble.map(|trouble| self.spoiling.sabotage(trouble, subject));
        let (mut moments, mut ticks, before) = (Vec::new(), 0u32, bar.position());
        let analysis = offline::analyze_spoilt(subject.file, &mut self.stages, sabotage.as_ref(), |output| {
            let Output::Tick { tick, .. } = output else { return };
            ticks += 1;
            if (ticks - 1).is_multiple_of(TICKS_PER_ROW) {
                bar.set_position(before + tick.moment.at.nanos().unsigned_abs() / 10_000_000);
                moments.push(tick.moment.clone());
            }
        })?;
        let mut take = Take::default();
        let shipped = self.fusions.chosen();
        for kind in &self.kinds {
            let Some(fusion) = self.fusions.of(*kind) else { continue };
            let role = if *kind == shipped { Role::Shipped } else { Role::Compared };
            let answers = Subset::ALL
                .into_iter()
                .map(|subset| answers(fusion, &moments, subset))
                .collect::<Result<Vec<_>, _>>()?;
            take.add(&moments, &answers, role);
            let Some(whole) = answers.last() else { continue };
            take.add_gates(&moments, whole, |modality, moment| match &sabotage {
                None => Some(false),
                Some(sabotage) if sabotage.trouble.modality() == modality => {
                    is_spoilt(sabotage, moment, self.face_window)
                }
                Some(_) => None,
            });
        }
        Ok((take, analysis.damage))
    }
}

/// Whether what the standing reading of the modality in trouble rests on is spoilt, by [`SPOILT`] of it or more; none if it is
/// by less. A face's reading rests on the window before its frame. Words are spoilt when they are said, and stand for long.
fn is_spoilt(sabotage: &Sabotage, moment: &Moment, face_window: Duration) -> Option<bool> {
    let modality = sabotage.trouble.modality();
    let span = moment.of(modality).as_ref().ok()?.span;
    let start = match modality {
        Modality::Face => span.end - face_window,
        Modality::Voice => span.start,
        Modality::Words => span.end,
    };
    let (mut at, mut on, mut all) = (start.max(Timestamp::ZERO), 0.0, 0.0);
    while at <= span.end {
        all += 1.0;
        on += f32::from(u8::from(sabotage.bursts.is_on(at)));
        at = at + LOOK;
    }
    (on == 0.0 || on >= SPOILT * all).then_some(on > 0.0)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// By input, then by recording; those that failed are missing.
    takes: Vec<Vec<Option<Take>>>,
    /// By recording: on which inputs, and why.
    failed: BTreeMap<usize, String>,
    damaged: BTreeMap<usize, String>,
}

impl Found {
    fn keep(
        &mut self,
        number: usize,
        input: Option<Trouble>,
        taken: anyhow::Result<(Take, Option<String>)>,
    ) -> Option<Take> {
        let what = input.map_or_else(String::new, |trouble| format!(" (with trouble: {})", trouble.name()));
        match taken {
            Ok((take, damage)) => {
                if let Some(damage) = damage {
                    self.damaged.entry(number).or_insert_with(|| damage + &what);
                }
                Some(take)
            }
            Err(error) => {
                self.failed.entry(number).or_insert_with(|| format!("{error:#}{what}"));
                None
            }
        }
    }

    /// Those that failed; those of the others that are damaged.
    fn told(&self, items: &[Item]) -> [Vec<Failed>; 2] {
        let tell = |(number, why): (&usize, &String)| {
            items.get(*number).map(|item| Failed { file: item.name.clone(), why: why.clone() })
        };
        let damaged = self.damaged.iter().filter(|(number, _)| !self.failed.contains_key(number));
        [self.failed.iter().filter_map(tell).collect(), damaged.filter_map(tell).collect()]
    }

    /// What failed on one input is left out of all, so that inputs and fusions are compared on the same recordings.
    fn measured(self, items: &[Item], inputs: &[Option<Trouble>], bench: &Bench, seed: u64) -> Measured {
        let is_whole = |number: &usize| !self.failed.contains_key(number);
        let items = items.iter().enumerate().filter(|(number, _)| is_whole(number)).map(|(_, item)| item.clone());
        let takes = self.takes.iter().map(|takes| {
            let whole = takes.iter().enumerate().filter(|(number, _)| is_whole(number));
            whole.filter_map(|(_, take)| take.clone()).collect()
        });
        let kind = |trouble: &Option<Trouble>| Kind {
            name: trouble.map_or("clean", Trouble::name).to_owned(),
            strikes: trouble.map(Trouble::modality),
        };
        Measured {
            items: items.collect(),
            fusions: bench.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            shipped: bench.kinds.iter().position(|kind| *kind == bench.fusions.chosen()).unwrap_or(0),
            inputs: inputs.iter().map(kind).collect(),
            takes: takes.collect(),
            seed,
        }
    }
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
