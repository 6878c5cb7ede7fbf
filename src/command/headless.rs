//! The live pipeline without a window.

use std::fs::OpenOptions;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::command::Place;
use crate::command::certify;
use crate::command::followed::Followed;
use crate::command::session;
use crate::command::session::Script;
use crate::command::session::recording;
use crate::command::session::recording_line;
use crate::link::event::Next;
use crate::pipeline::Event;
use crate::pipeline::FusionState;
use crate::pipeline::Health;
use crate::pipeline::Pick;
use crate::pipeline::Progress;
use crate::pipeline::SourceChoice;
use crate::pipeline::SourceState;
use crate::pipeline::Tick;
use crate::pipeline::live;
use crate::pipeline::live::Live;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Reading;
use crate::time::Timestamp;

#[derive(Debug, Args)]
pub(super) struct Request {
    /// Without a window.
    #[arg(long, required = true)]
    headless: bool,
    /// `live`, `demo`, or a recording.
    #[arg(long, default_value = "live")]
    source: String,
    /// Ends so many seconds after the first answer; else with the recording, or by Ctrl-C.
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,
    /// Where the report is written at the end.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Replaces a report that is there.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    session: session::Recording,
}

/// Goes back to the beginning of the terminal's line and empties it.
const CLEAR: &str = "\r\x1b[2K";
const WAIT: Duration = Duration::from_millis(50);

pub(super) fn run(request: &Request, place: &Place) -> anyhow::Result<ExitCode> {
    let source = match request.source.as_str() {
        "live" => SourceChoice::Live { camera: Pick::Default, microphone: Pick::Default },
        "demo" => SourceChoice::Demo { seed: 1 },
        file => {
            anyhow::ensure!(
                PathBuf::from(file).exists(),
                "there is no file {file}; --source takes live, demo or a recording"
            );
            SourceChoice::Recording(PathBuf::from(file))
        }
    };
    // Whether the report can be written is known before anything is worth reporting.
    let written_to = match &request.report {
        Some(path) => {
            let has_report = path.metadata().is_ok_and(|there| there.is_file() && there.len() > 0);
            anyhow::ensure!(
                request.force || !has_report,
                "there is a report already; nothing was changed. Choose another name, or add --force to replace it\nfile: {path:?}"
            );
            let file = OpenOptions::new().create(true).append(true).open(path);
            Some(file.with_context(|| format!("the report can't be written to {}", path.display()))?)
        }
        None => None,
    };
    let mut report = Report::of(&source);
    let mut script = request.session.script()?;
    let live = live::start(source, place.live(), Arc::new(|| {}))?;
    let mut out = std::io::stdout().lock();
    follow(live, request.seconds, &mut script, |event| {
        report.take(event);
        let certificate = certified(event);
        let mut lines = line_of(event).into_iter().chain(certificate);
        // Nobody reads on: that ends the run as Ctrl-C does.
        lines.all(|line| writeln!(out, "{line}").is_ok())
    });
    if let Some(mut file) = written_to {
        file.set_len(0)?;
        file.write_all(format!("{:#}\n", report.value(&request.source)).as_bytes())?;
    }
    Ok(report.exit_code())
}

/// One line in the terminal that changes.
pub(super) fn run_line(place: &Place, source: SourceChoice) -> anyhow::Result<ExitCode> {
    let mut report = Report::of(&source);
    let live = live::start(source, place.live(), Arc::new(|| {}))?;
    let mut err = std::io::stderr().lock();
    let is_terminal = err.is_terminal();
    let mut next_secs = 0.0;
    follow(live, None, &mut Script::default(), |event| {
        report.take(event);
        let written = match event {
            Event::Tick(tick) if is_terminal => write!(err, "{CLEAR}{}", sentence(tick)),
            // In a file a line for each second is enough.
            Event::Tick(tick) if tick.moment.at.secs() >= next_secs => {
                next_secs = tick.moment.at.secs().floor() + 1.0;
                writeln!(err, "{}", sentence(tick))
            }
            other => told(other).map_or(Ok(()), |told| {
                let clear = if is_terminal { CLEAR } else { "" };
                writeln!(err, "{clear}{told}")
            }),
        };
        written.is_ok()
    });
    writeln!(err).ok();
    Ok(report.exit_code())
}

/// What has happened, for people.
fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::Transcript(said) => {
            format!("“{}” ({:.0} % sure)", said.value.text.trim(), said.value.confidence * 100.0)
        }
        Event::NotTranscribed(why) => format!("(something was said: {})", why.value),
        Event::Camera(state) => format!("camera {state}"),
        Event::Microphone(state) => format!("microphone {state}"),
        Event::StageOff { modality, message } => format!("{} is off: {message}", modality.name()),
        Event::StageFailed { stage, message } => format!("the {stage} stage has stopped: {message}"),
        Event::Ended => "the recording has come to its end".to_owned(),
        Event::Fusion(fusion) => format!("the {} fusion answers{}", fusion.answers.name(), instead(fusion)),
        Event::Recording(state) => return recording(state),
        Event::Forgotten(span) => format!("the last {:.0} s are forgotten", span.len().as_secs_f64()),
        Event::Marked(mark) => format!("marked {:?}", mark.name),
        Event::Begun(_) | Event::Tick(_) | Event::Level(_) | Event::Person(_) | Event::Known(_) | Event::Health(_) => {
            return None;
        }
    })
}

/// Why another fusion answers than the one that was asked for.
fn instead(fusion: &FusionState) -> String {
    if fusion.asked == fusion.answers {
        return String::new();
    }
    let why = fusion.why_not(fusion.asked).map(|why| format!(": {why}"));
    format!(" (the {} one isn't there{})", fusion.asked.name(), why.unwrap_or_default())
}

/// Hands on what the pipeline tells until it ends, its time since the first answer is over, Ctrl-C is pressed, or `take`
/// wants no more; then stops it.
fn follow(live: Live, seconds: Option<f64>, script: &mut Script, mut take: impl FnMut(&Event) -> bool) {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).ok();
    let mut first = None;
    loop {
        match live.events.wait(WAIT) {
            Next::Item(event) => {
                if let Event::Tick(tick) = &event {
                    first.get_or_insert(tick.moment.at);
                }
                if !take(&event) || matches!(event, Event::Ended) {
                    break;
                }
            }
            Next::Nothing => {}
            Next::Closed => break,
        }
        let now = live.clock.now();
        let ran = first.map_or(0.0, |first| now.since(first).as_secs_f64());
        if first.is_some() {
            for command in script.due(ran, now) {
                live.commands.offer(command);
            }
        }
        let is_over = seconds.is_some_and(|seconds| ran >= seconds);
        if is_over || interrupted.load(Ordering::Relaxed) {
            break;
        }
    }
    drop(live.commands);
    live.thread.join().ok();
    for event in live.events.drain() {
        take(&event);
    }
}

fn sentence(tick: &Tick) -> String {
    match &tick.fused {
        Some(fused) => {
            let (affect, gates) = (&fused.reading.affect, &fused.gates);
            format!(
                "{:>6.1} s  valence {:+.2} ± {:.2}  arousal {:+.2} ± {:.2}  {} {:.0} %  (face {:.2}, voice {:.2}, words {:.2})",
                tick.moment.at.secs(),
                affect.valence.get(),
                affect.valence_sd,
                affect.arousal.get(),
                affect.arousal_sd,
                fused.reading.label(),
                fused.reading.probability(fused.reading.label()) * 100.0,
                gates.face,
                gates.voice,
                gates.words
            )
        }
        None => {
            let why = Modality::ALL.map(|one| match tick.moment.of(one) {
                Ok(_) => String::new(),
                Err(absence) => format!("{}: {absence}", one.name()),
            });
            format!("{:>6.1} s  no reading ({})", tick.moment.at.secs(), why.join("; "))
        }
    }
}

fn line_of(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Tick(tick) => reading_line(tick),
        Event::Transcript(said) => json!({
            "type": "transcript", "start_s": said.value.spoken.start.secs(), "end_s": said.value.spoken.end.secs(),
            "text": said.value.text, "confidence": said.value.confidence,
        }),
        Event::NotTranscribed(why) => json!({
            "type": "not_transcribed", "start_s": why.span.start.secs(), "end_s": why.span.end.secs(), "reason": why.value,
        }),
        Event::Camera(state) => json!({"type": "camera", "state": state.to_string()}),
        Event::Microphone(state) => json!({"type": "microphone", "state": state.to_string()}),
        Event::StageOff { modality, message } => {
            json!({"type": "off", "modality": modality.name(), "message": message})
        }
        Event::StageFailed { stage, message } => json!({"type": "failed", "stage": stage, "message": message}),
        Event::Ended => json!({"type": "ended"}),
        Event::Begun(at) => json!({"type": "begun", "time_s": at.secs()}),
        Event::Fusion(fusion) => {
            let mut line = fusion_value(fusion);
            line.insert("type".to_owned(), json!("fusion"));
            Value::Object(line)
        }
        Event::Recording(state) => recording_line(state),
        Event::Forgotten(span) => {
            json!({"type": "forgotten", "start_s": span.start.secs(), "end_s": span.end.secs()})
        }
        Event::Marked(mark) => json!({
            "type": "marker", "name": mark.name, "start_s": mark.span.start.secs(), "end_s": mark.span.end.secs(),
        }),
        Event::Level(_) | Event::Person(_) | Event::Known(_) | Event::Health(_) => return None,
    })
}

/// The certificate of a session that was saved.
fn certified(event: &Event) -> Option<Value> {
    let Event::Recording(state) = event else { return None };
    let Some(Progress::Saved { folder, verified }) = &state.progress else { return None };
    Some(match certify::of_verified(folder, verified) {
        Ok((certificate, page)) => {
            let reasons: Vec<_> = certificate.reasons.iter().map(ToString::to_string).collect();
            eprintln!("circumplex: saved, certificate {}: {}", certificate.colour, page.display());
            json!({"type": "certificate", "colour": certificate.colour, "reasons": reasons, "page": page})
        }
        Err(error) => json!({"type": "certificate", "colour": null, "reasons": [format!("{error:#}")]}),
    })
}

fn fusion_value(fusion: &FusionState) -> Map<String, Value> {
    let missing: Map<_, _> = fusion.missing.iter().map(|(kind, why)| (kind.name().to_owned(), json!(why))).collect();
    let pairs = [
        ("answers", json!(fusion.answers.name())),
        ("asked", json!(fusion.asked.name())),
        ("missing", Value::Object(missing)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn reading_line(tick: &Tick) -> Value {
    let mut line = Map::new();
    line.insert("type".to_owned(), json!("reading"));
    line.insert("time_s".to_owned(), json!(tick.moment.at.secs()));
    let fused = tick.fused.as_ref();
    line.insert("fused".to_owned(), fused.map_or(Value::Null, |fused| reading(&fused.reading)));
    let gates = fused.map(|fused| Modality::ALL.map(|one| fused.gates.of(one)));
    line.insert("gates".to_owned(), json!(gates));
    for modality in Modality::ALL {
        let value = match tick.moment.of(modality) {
            Ok(evidence) => {
                let mut value = reading(&evidence.value.reading);
                if let Some(value) = value.as_object_mut() {
                    value.insert("age_s".to_owned(), json!(evidence.age(tick.moment.at).as_secs_f64()));
                    value.insert("quality".to_owned(), json!(evidence.value.quality));
                }
                value
            }
            Err(absence) => json!({"absent": absence.to_string()}),
        };
        line.insert(modality.name().to_owned(), value);
    }
    Value::Object(line)
}

fn reading(reading: &Reading) -> Value {
    let affect = &reading.affect;
    let probabilities: Map<_, _> =
        Label::ALL.into_iter().map(|label| (label.name().to_owned(), json!(reading.probability(label)))).collect();
    json!({
        "valence": affect.valence.get(), "arousal": affect.arousal.get(),
        "valence_sd": affect.valence_sd, "arousal_sd": affect.arousal_sd,
        "label": reading.label().name(), "probabilities": probabilities,
    })
}

/// What a run was like.
#[derive(Default)]
struct Report {
    health: Health,
    memory: Vec<u64>,
    cpu: Vec<f32>,
    ticks: u64,
    readings: [u64; 4],
    transcripts: u64,
    failed: Vec<Value>,
    off: Vec<Value>,
    is_recording: bool,
    is_demo: bool,
    had_source: bool,
    /// Whether the recording's picture and its sound are over: what comes then isn't the recording.
    over: [bool; 2],
    followed: Option<Followed>,
    fusion: Option<FusionState>,
    first_to_last: Option<(Timestamp, Timestamp)>,
}

impl Report {
    fn of(source: &SourceChoice) -> Self {
        Self {
            is_recording: matches!(source, SourceChoice::Recording(_)),
            is_demo: matches!(source, SourceChoice::Demo { .. }),
            ..Self::default()
        }
    }

    /// A stage that died, a recording that can't be read, and devices none of which could be opened are failures; one
    /// device that isn't there is a state.
    fn exit_code(&self) -> ExitCode {
        let was_refused = self.off.iter().any(|one| one.get("source").is_some());
        let has_no_device = was_refused && !self.had_source;
        if has_no_device {
            eprintln!(
                "circumplex: no camera and no microphone could be opened; `circumplex devices` lists what is there"
            );
        }
        for failure in &self.failed {
            let what = failure.get("source").or_else(|| failure.get("message")).and_then(Value::as_str);
            eprintln!("circumplex: {}", what.unwrap_or("a stage has stopped"));
        }
        if self.failed.is_empty() && !has_no_device { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Health(health) => {
                self.memory.push(health.memory_bytes);
                self.cpu.push(health.cpu_percent);
                self.health = (**health).clone();
            }
            Event::Tick(_) if self.is_recording && self.over == [true, true] => {}
            Event::Tick(tick) => {
                self.ticks += 1;
                let (first, _) = self.first_to_last.unwrap_or((tick.moment.at, tick.moment.at));
                self.first_to_last = Some((first, tick.moment.at));
                if let Some(followed) = &mut self.followed {
                    followed.tick(tick);
                }
                let present = Modality::ALL.map(|one| tick.moment.of(one).is_ok());
                for (count, is_there) in self.readings.iter_mut().zip(present.into_iter().chain([tick.fused.is_some()]))
                {
                    *count += u64::from(is_there);
                }
            }
            Event::Transcript(said) => {
                self.transcripts += 1;
                if let Some(followed) = &mut self.followed {
                    followed.transcript(&said.value);
                }
            }
            Event::Fusion(fusion) => self.fusion = Some(fusion.clone()),
            Event::Begun(at) if self.is_demo => self.followed = Followed::from(*at),
            Event::StageFailed { stage, message } => self.failed.push(json!({"stage": stage, "message": message})),
            Event::Recording(state) => match &state.progress {
                Some(Progress::Failed { message, .. }) => {
                    self.failed.push(json!({"stage": "record", "message": message}));
                }
                Some(Progress::Saved { verified, .. }) if verified.lost > 0 || !verified.is_whole() => {
                    let message = format!("{} items could not be kept", verified.lost);
                    self.failed.push(json!({"stage": "record", "message": message}));
                }
                _ => {}
            },
            Event::StageOff { modality, message } => {
                self.off.push(json!({"modality": modality.name(), "message": message}));
            }
            Event::Camera(SourceState::Running { .. }) | Event::Microphone(SourceState::Running { .. }) => {
                self.had_source = true;
            }
            Event::Camera(state) => self.take_state(0, state),
            Event::Microphone(state) => self.take_state(1, state),
            _ => {}
        }
    }

    /// Of the camera (0) or the microphone (1). A device may come back; a recording that breaks off doesn't.
    fn take_state(&mut self, which: usize, state: &SourceState) {
        let is_broken = matches!(state, SourceState::Failed { .. })
            || self.is_recording && matches!(state, SourceState::Lost { .. });
        if is_broken {
            let entry = json!({"source": state.to_string()});
            if self.is_recording { self.failed.push(entry) } else { self.off.push(entry) }
        }
        let is_over = matches!(state, SourceState::Ended | SourceState::Off) || self.is_recording && is_broken;
        if let Some(over) = self.over.get_mut(which) {
            *over |= is_over;
        }
    }

    fn value(&self, source: &str) -> Value {
        // From the first answer on: what was before it was loading.
        let seconds = self.first_to_last.map_or(0.0, |(first, last)| last.since(first).as_secs_f64());
        let millis = |time: Duration| (time.as_secs_f64() * 1e5).round() / 100.0;
        let stages: Vec<_> = self
            .health
            .stages
            .iter()
            .map(|stage| {
                json!({
                    "stage": stage.stage, "results": stage.count, "rate_hz": stage.count as f64 / seconds.max(1e-9),
                    "p50_ms": millis(stage.p50), "p95_ms": millis(stage.p95),
                })
            })
            .collect();
        let links: Vec<_> = self
            .health
            .links
            .iter()
            .map(|link| json!({"link": link.link, "passed": link.passed, "dropped": link.dropped, "newest_only": link.is_newest_only}))
            .collect();
        let mut latency = Map::new();
        for (modality, times) in Modality::ALL.into_iter().zip(self.health.reading_latency) {
            let value = times.map(|(p50, p95)| json!({"p50_ms": millis(p50), "p95_ms": millis(p95)}));
            latency.insert(modality.name().to_owned(), json!(value));
        }
        let ticks = self.ticks.max(1) as f64;
        let [face, voice, words, fused] = self.readings.map(|count| (count as f64 / ticks * 1e4).round() / 1e4);
        let cpu = self.cpu.iter().skip(2).map(|cpu| f64::from(*cpu)).sum::<f64>()
            / (self.cpu.len().saturating_sub(2).max(1)) as f64;
        json!({
            "source": source, "seconds": seconds, "answers": self.ticks, "answers_per_second": self.ticks as f64 / seconds.max(1e-9),
            "fusion": self.fusion.as_ref().map(fusion_value),
            "coverage": {"face": face, "voice": voice, "words": words, "fused": fused},
            "transcripts": self.transcripts,
            "latency_from_span_end_to_first_reading": latency,
            "stages": stages, "links": links, "xruns": self.health.xruns,
            "cpu_percent_of_one_core": cpu,
            "peak_memory_bytes": self.health.peak_memory_bytes,
            "memory_bytes_each_second": self.memory,
            "synthetic_participant": self.followed.as_ref().map(Followed::value),
            "off": self.off, "failed": self.failed,
        })
    }
}
