//! A session again: the same, or with other networks.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use clap::ValueEnum;
use serde_json::json;

use crate::command::Place;
use crate::command::batch;
use crate::fuse::FusionKind;
use crate::model::Manifest;
use crate::pipeline::StageSettings;
use crate::pipeline::Stages;
use crate::pipeline::replay::Agreement;
use crate::pipeline::replay::Change;
use crate::pipeline::replay::Otherwise;
use crate::pipeline::replay::Replayed;
use crate::pipeline::replay::changes;
use crate::pipeline::replay::fuse_again;
use crate::pipeline::replay::replay;
use crate::session::Consent;
use crate::session::Session;
use crate::signal::Label;
use crate::signal::Modality;
use crate::time::Timestamp;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Request {
    /// The folders of sessions.
    #[arg(required = true, value_name = "DIR")]
    sessions: Vec<PathBuf>,
    /// Whether the same networks, with the settings of the session, give the same readings; fails if they don't.
    #[arg(long, conflicts_with_all = ["fusion", "now"])]
    verify: bool,
    /// Reads it again with this fusion, and lists the moments that changed.
    #[arg(long)]
    fusion: Option<Kind>,
    /// Reads it again with the settings and the networks of here and now (`--models`, `[stages]`), and lists the moments that
    /// changed.
    #[arg(long)]
    now: bool,
    /// Reads it again as if nothing had been known of the person: without their baseline.
    #[arg(long, conflicts_with = "verify")]
    raw: bool,
    /// A line of JSON for each session.
    #[arg(long)]
    json: bool,
}

/// The fusions that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Gated,
    Concatenation,
    Late,
}

impl From<Kind> for FusionKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Gated => Self::Gated,
            Kind::Concatenation => Self::Concatenation,
            Kind::Late => Self::Late,
        }
    }
}

/// What other machines may differ by.
const ELSEWHERE: f32 = 1e-4;
/// So many answers (2 s) may rest on inputs that aren't there: those of a program that was killed.
const EXCUSED: u64 = 50;
const LISTED: usize = 40;

pub(super) fn run(request: &Request, place: &Place) -> ExitCode {
    let mut bad = Vec::new();
    for (number, folder) in request.sessions.iter().enumerate() {
        match one(folder, request, place, (number + 1, request.sessions.len())) {
            Ok(None) => {}
            Ok(Some(why)) => bad.push((folder.as_path(), why)),
            Err(error) => bad.push((folder.as_path(), format!("{error:#}"))),
        }
    }
    for (folder, why) in &bad {
        println!("not as it was: {}\n  {why}", folder.display());
    }
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One session; what is wrong with it, if something is.
fn one(
    folder: &Path,
    request: &Request,
    place: &Place,
    (number, of): (usize, usize),
) -> anyhow::Result<Option<String>> {
    let session = Session::open(folder)?;
    let header = session.header();
    let stages = if request.now {
        place.settings.stages.clone()
    } else {
        toml::from_str::<StageSettings>(&header.settings)
            .context("the settings that the session was recorded with can't be understood")?
    };
    let fusion: Option<FusionKind> = request.fusion.map(Into::into).or(request.now.then_some(stages.fusion.kind));
    let otherwise = Otherwise { fusion, is_raw: request.raw };
    // What is asked of a fusion alone needs no input again.
    let has_inputs = session.has(Consent::Inputs) && (request.verify || request.now);
    let manifest = Manifest::open(&place.models)?.of_variant(stages.variant);
    let others = other_models(&header.models, &manifest, has_inputs);
    if !request.now && fusion.is_none() && !others.is_empty() {
        let names = others.join(", ");
        return Ok(Some(format!(
            "it was recorded with other networks ({names}), so it can't be the same; --now reads it with those of here"
        )));
    }
    let kept = crate::record::Kept::load(&session)?;
    let (span, name) = (kept.span(), header.name.clone());
    let bar = batch::progress((span.len().as_secs_f64() * 100.0) as u64);
    batch::tell(&bar, name, number, of);
    let tell_at = |at: Timestamp| bar.set_position((at.since(span.start).as_secs_f64() * 100.0) as u64);
    let replayed = if has_inputs {
        let mut stages = Stages::with_fusions(&place.models, &stages, &FusionKind::CHOICE)?;
        replay(&session, &mut stages, otherwise, tell_at)?
    } else {
        let kinds = fusion.map_or_else(|| FusionKind::CHOICE.to_vec(), |kind| vec![kind]);
        let mut fusions = Stages::fusions_alone(&place.models, &stages, &kinds)?;
        fuse_again(&session, (&mut fusions, &stages.gather), otherwise, tell_at)?
    };
    bar.finish_and_clear();
    let changed = changes(&replayed.recorded, &replayed.again);
    if request.json {
        println!("{}", line(folder, &replayed, &changed));
    } else {
        tell(folder, &replayed, request, &changed, span.start);
    }
    Ok(verdict(&replayed, request.verify))
}

/// The networks that are others than those of the session: all that it was read with, or only its fusion's.
fn other_models(recorded: &[(String, String)], manifest: &Manifest, all: bool) -> Vec<String> {
    let is_fusion = |name: &str| FusionKind::ALL.into_iter().any(|kind| kind.model() == Some(name));
    let is_other = |name: &str, sha256: &str| manifest.entry(name).map_or(true, |entry| entry.sha256 != *sha256);
    let asked = recorded.iter().filter(|(name, _)| all || is_fusion(name));
    asked.filter(|(name, sha256)| is_other(name, sha256)).map(|(name, _)| name.clone()).collect()
}

fn verdict(replayed: &Replayed, verify: bool) -> Option<String> {
    if !verify {
        return None;
    }
    let has_reason = replayed.forgotten > 0 || replayed.losses > 0 || replayed.damage > 0;
    if replayed.not_compared > EXCUSED && !has_reason {
        let (compared, missing) = (replayed.answers.compared, replayed.not_compared);
        return Some(format!("only {compared} answers could be compared: inputs of {missing} more aren't there"));
    }
    if replayed.is_identical() {
        return None;
    }
    if replayed.answers.compared == 0 {
        return Some("nothing in it can be compared: its inputs aren't there".to_owned());
    }
    let largest = replayed.largest();
    (largest > ELSEWHERE).then(|| format!("numbers differ by up to {largest:.3e}"))
}

fn tell(folder: &Path, replayed: &Replayed, request: &Request, changed: &[Change], zero: Timestamp) {
    println!("{}", folder.display());
    if !request.verify {
        println!("  {} moments changed, of {} answers", changed.len(), replayed.recorded.len());
        for change in changed.iter().take(LISTED) {
            println!("  {}", sentence(change, zero));
        }
        if changed.len() > LISTED {
            println!("  … and {} more (--json has them all)", changed.len() - LISTED);
        }
        return;
    }
    let agreement = |what: &str, one: &Agreement| {
        if one.compared == 0 {
            println!("  {what}: not read again, as no input of it was kept");
            return;
        }
        let other = one.first_other.map_or_else(String::new, |at| {
            format!(", first at {:.2} s, by up to {:.3e}", secs_after(zero, at), one.largest)
        });
        println!("  {what}: {} of {} the same, bit for bit{other}", one.identical, one.compared);
    };
    agreement("answers", &replayed.answers);
    for (modality, one) in Modality::ALL.into_iter().zip(&replayed.evidence) {
        agreement(modality.name(), one);
    }
    agreement("levels", &replayed.levels);
    println!(
        "  it begins {} times and has {} forgotten stretches; {} answers can't be compared, as their inputs aren't there",
        replayed.beginnings, replayed.forgotten, replayed.not_compared
    );
}

fn sentence(change: &Change, zero: Timestamp) -> String {
    let name = |label: Option<Label>| label.map_or("no reading", Label::name);
    let labels = if change.before == change.after {
        name(change.before).to_owned()
    } else {
        format!("{} → {}", name(change.before), name(change.after))
    };
    format!(
        "{:8.2} – {:8.2} s  {labels}, valence {:+.2}, arousal {:+.2}",
        secs_after(zero, change.span.start),
        secs_after(zero, change.span.end),
        change.valence,
        change.arousal
    )
}

fn secs_after(zero: Timestamp, at: Timestamp) -> f64 {
    at.secs() - zero.secs()
}

fn line(folder: &Path, replayed: &Replayed, changed: &[Change]) -> serde_json::Value {
    let agreement = |one: &Agreement| {
        let largest = one.largest.is_finite().then_some(one.largest);
        json!({"compared": one.compared, "identical": one.identical, "largest": largest})
    };
    let [face, voice, words] = &replayed.evidence;
    let changed: Vec<_> = changed
        .iter()
        .map(|change| {
            json!({
                "start_s": change.span.start.secs(), "end_s": change.span.end.secs(),
                "before": change.before.map(Label::name), "after": change.after.map(Label::name),
                "valence": change.valence, "arousal": change.arousal,
            })
        })
        .collect();
    json!({
        "session": folder, "is_identical": replayed.is_identical(), "answers": agreement(&replayed.answers),
        "face": agreement(face), "voice": agreement(voice), "words": agreement(words),
        "levels": agreement(&replayed.levels), "not_compared": replayed.not_compared,
        "beginnings": replayed.beginnings, "forgotten": replayed.forgotten, "damage": replayed.damage,
        "changed": changed,
    })
}
