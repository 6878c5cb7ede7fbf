//! A session that is looked at again, without a window.

use std::sync::Arc;

use egui::Context;
use egui::RawInput;

use super::*;
use crate::pipeline::FusionKind;
use crate::pipeline::Gatherer;
use crate::pipeline::Personal;
use crate::pipeline::Sources;
use crate::record::made;
use crate::record::made::Made;
use crate::session::Session;
use crate::session::markers as markers_on_disk;
use crate::signal::Modality;
use crate::time::ManualClock;
use crate::ui::playback::course::StretchKind;
use crate::ui::playback::markers::EXCLUDE;

fn at(secs: f64) -> Timestamp {
    Timestamp::from_secs(12.5 + secs)
}

/// A session of 20 s, and the folder that it is in for as long as it is looked at.
fn session(consent: Consent) -> (tempfile::TempDir, Past) {
    let folder = tempfile::tempdir().unwrap();
    let written = made::write(folder.path(), &Made { consent, ..Made::default() }).unwrap();
    (folder, Past::load(&written).unwrap())
}

fn playback(past: Past) -> Playback {
    Playback::new(past, None, Arc::new(ManualClock::default()), &(Arc::new(|| ()) as Waker))
}

/// A picture's worth of time, so many seconds after the one before.
fn step(playback: &mut Playback, ctx: &Context, time: f64) {
    let input = RawInput { time: Some(time), ..RawInput::default() };
    let mut output = ctx.run_ui(input, |ui| playback.step(ui.ctx(), &Options::default()));
    output.textures_delta.clear();
}

/// Waits for the projector: it is another thread.
fn wait_for(playback: &mut Playback, ctx: &Context, is_there: impl Fn(&Playback) -> bool) {
    for _ in 0..200_000 {
        step(playback, ctx, 1.0);
        if is_there(playback) {
            return;
        }
        std::thread::yield_now();
    }
    panic!("{:?}", playback.seen());
}

#[test]
fn what_was_known_at_any_time_is_what_was_gathered_in_order() {
    let (_folder, past) = session(Consent::Words);
    let mut all: Vec<(Timestamp, Modality, crate::signal::Presence)> = Modality::ALL
        .into_iter()
        .flat_map(|modality| past.kept.presences(modality).map(move |(arrived, one)| (arrived, modality, one)))
        .collect();
    all.sort_by_key(|(arrived, ..)| *arrived);
    let has_come = [true; 3];
    let mut gatherer = Gatherer::new(crate::pipeline::GatherSettings::default());
    gatherer.begin(Sources { has_come, ..Sources::default() });
    let (mut said, mut levels) = (all.into_iter().peekable(), past.kept.levels.iter().peekable());

    let mut compared = 0;
    // Up to what was forgotten: it begins anew there.
    for answer in past.kept.answers.iter().take_while(|answer| answer.span.start < at(11.9)) {
        let now = answer.span.start;
        while let Some((arrived, modality, presence)) = said.next_if(|(arrived, ..)| *arrived <= now) {
            gatherer.observe(modality, presence, arrived);
        }
        while let Some(level) = levels.next_if(|level| level.span.end <= now) {
            gatherer.hear(level.clone());
        }
        let tick = past.standing(now).tick.unwrap();
        assert_eq!(tick.moment, gatherer.moment(now), "{now:?}");
        compared += 1;
    }
    assert!(compared > 250, "{compared}");
}

#[test]
fn nothing_of_before_is_known_after_what_was_forgotten() {
    let (_folder, past) = session(Consent::Words);
    let begun = past.course.beginning(at(14.5)).0;
    assert!(begun >= at(13.9), "{begun:?}");

    let words = past.standing(at(14.5)).tick.unwrap().moment.words;

    assert_eq!(words, Err(crate::signal::Absence::NoWords));
    let stretch = past.stretch(at(12.4)).unwrap();
    assert_eq!(stretch.kind, StretchKind::Forgotten);
    assert!(past.stretch(at(14.5)).is_none());
}

#[test]
fn an_answer_stands_for_a_second_and_the_line_breaks_where_nothing_was_kept() {
    let (_folder, past) = session(Consent::Numbers);
    let mut playback = playback(past);

    for (secs, is_known) in [(5.0, true), (11.99, true), (12.9, true), (13.5, false), (14.1, true)] {
        playback.obey(ReplayCommand::Seek(at(secs)));
        playback.look();
        assert_eq!(playback.tick().is_some(), is_known, "{secs}");
    }
    let state = playback.state();
    assert!(state.history.at(at(5.0)).is_some());
    assert_eq!(state.history.runs(playback.past().span, 400).len(), 2, "the line breaks where something was forgotten");
    assert_eq!(playback.utc(at(60.0)).to_string(), "2026-11-27T15:13:18.000Z");
}

#[test]
fn the_whole_session_is_there_and_stands_at_one_time() {
    let (_folder, past) = session(Consent::Words);
    let mut playback = playback(past);
    playback.obey(ReplayCommand::Seek(at(16.0)));
    playback.look();

    let state = playback.state();
    assert!(state.last_face.unwrap() <= at(16.0) && state.last_face.unwrap() > at(15.9));
    assert!((state.person.known_secs[0] - 16.0).abs() < 0.1, "{:?}", state.person);
    assert!(state.level.as_ref().is_some_and(|level| level.value.is_speech));
    assert_eq!(state.sayings.len(), 3);
    assert_eq!(playback.past().saying(at(16.0)), Some(2));
    assert_eq!(playback.past().saying(at(0.5)), None);
    assert_eq!(state.fusion.as_ref().map(|fusion| fusion.answers), Some(FusionKind::Gated));
    // The same once more, from another side: it stands at the time, not at the way there.
    let tick = playback.tick().cloned();
    playback.obey(ReplayCommand::Seek(at(2.0)));
    playback.look();
    playback.obey(ReplayCommand::Seek(at(16.0)));
    playback.look();
    assert_eq!(playback.tick().cloned(), tick);
}

#[test]
fn the_picture_follows_the_place_and_has_what_was_measured_of_it() {
    let (_folder, past) = session(Consent::Video);
    let (mut playback, ctx) = (playback(past), Context::default());
    wait_for(&mut playback, &ctx, |one| one.seen() != Seen::Waiting);

    playback.obey(ReplayCommand::Seek(at(3.0)));
    wait_for(&mut playback, &ctx, |one| one.seen() == Seen::Picture && one.picture().found.face.is_some());
    let picture = playback.picture();
    assert_eq!((picture.size, picture.is_crop), ((320.0, 180.0), false));
    assert_eq!(picture.found.landmarks.len(), 478);
    assert!(picture.found.quality.width_px > 80.0 && picture.found.expression.is_some());

    // A face isn't there all of the time, and what was forgotten isn't.
    playback.obey(ReplayCommand::Seek(at(11.8)));
    wait_for(&mut playback, &ctx, |one| one.picture().found.face.is_none());
    assert_eq!(playback.seen(), Seen::Picture);
}

#[test]
fn where_less_was_kept_less_is_seen_and_said() {
    let (_folder, past) = session(Consent::Inputs);
    let (mut crops, ctx) = (playback(past), Context::default());
    crops.obey(ReplayCommand::Seek(at(3.0)));
    wait_for(&mut crops, &ctx, |one| one.seen() == Seen::Crop);
    assert!(crops.picture().is_crop && crops.picture().size == (112.0, 112.0));

    let (_folder, past) = session(Consent::Numbers);
    let mut numbers = playback(past);
    numbers.obey(ReplayCommand::Seek(at(3.0)));
    step(&mut numbers, &ctx, 0.0);
    assert_eq!(numbers.seen(), Seen::NotKept);
    assert!(numbers.picture().found.face.is_some(), "what was measured of the face is there all the same");
    assert_eq!(numbers.sound().short, "no sound kept");
    assert!(numbers.state().sayings.is_empty());
}

#[test]
fn it_plays_by_the_windows_time() {
    let (_folder, past) = session(Consent::Numbers);
    let (mut playback, ctx) = (playback(past), Context::default());
    step(&mut playback, &ctx, 100.0);
    playback.obey(ReplayCommand::Play);
    playback.obey(ReplayCommand::Speed(2.0));

    for picture in 1..=40 {
        step(&mut playback, &ctx, 100.0 + f64::from(picture) * 0.1);
    }

    assert!((playback.cursor().secs() - at(8.0).secs()).abs() < 1e-6, "{:?}", playback.cursor());
    assert_eq!(playback.state().tick.as_ref().map(|tick| tick.moment.at), playback.tick().map(|tick| tick.moment.at));
}

#[test]
fn corrections_are_on_the_disk_at_once_and_can_be_taken_back() {
    let (_folder, past) = session(Consent::Numbers);
    let folder = past.session.folder().to_path_buf();
    let mut playback = playback(past);
    assert_eq!(playback.markers().counting().count(), 3);
    let marker = |command| ReplayCommand::Marker(command);

    playback.obey(ReplayCommand::Seek(at(5.0)));
    playback.obey(marker(MarkerCommand::Move(1)));
    playback.obey(marker(MarkerCommand::Add { name: "question".into(), text: "why?".into() }));
    playback.obey(marker(MarkerCommand::ExcludeHere));
    playback.obey(ReplayCommand::By(2.5));
    playback.obey(marker(MarkerCommand::ExcludeHere));

    let there = || markers_on_disk(&Session::open(&folder).unwrap()).unwrap();
    let said: Vec<_> = there().into_iter().map(|one| (one.name, one.span.start, one.span.end)).collect();
    assert!(said.contains(&("task starts".to_owned(), at(5.0), at(5.0))), "{said:?}");
    assert!(said.contains(&("question".to_owned(), at(5.0), at(5.0))), "{said:?}");
    assert!(said.contains(&("excluded".to_owned(), at(5.0), at(7.5))), "{said:?}");
    let counting: Vec<_> = playback.markers().counting().cloned().collect();
    assert_eq!(counting, there());

    for _ in 0..3 {
        playback.obey(marker(MarkerCommand::Undo));
    }
    let back = there();
    assert_eq!(back.len(), 3);
    assert_eq!(back.iter().filter(|one| one.kind == EXCLUDE).count(), 1);
    assert!(back.iter().any(|one| one.name == "task starts" && one.span.start == at(2.0)), "{back:?}");
    assert_eq!(Session::open(&folder).unwrap().corrections().len(), 6, "the log only grows");
}

#[test]
fn another_fusion_answers_beside_the_window() {
    let (_folder, past) = session(Consent::Numbers);
    let answers = past.kept.answers.clone();
    let (mut playback, ctx) = (playback(past), Context::default());
    let rescore: Rescore = Arc::new(move |_, _, tell| {
        tell(0.5);
        Ok(answers.iter().map(|one| Timestamped { value: None, ..one.clone() }).collect())
    });

    let another = |kind| Another { kind, personal: Personal::Corrected };
    playback.rescore(another(FusionKind::Late), &rescore, &(Arc::new(|| ()) as Waker));
    wait_for(&mut playback, &ctx, |one| one.rescored().is_some());

    let rescored = playback.rescored().unwrap();
    assert_eq!(
        (rescored.another.kind, rescored.changes.len()),
        (FusionKind::Late, 2),
        "before what was forgotten, and after"
    );
    assert!(playback.trouble().is_none() && playback.rescoring().is_none());

    let fails: Rescore = Arc::new(|_, _, _| Err("the model isn't there".to_owned()));
    playback.rescore(another(FusionKind::Gated), &fails, &(Arc::new(|| ()) as Waker));
    wait_for(&mut playback, &ctx, |one| one.trouble().is_some());
    assert_eq!(playback.trouble(), Some("The gated fusion can't answer it: the model isn't there"));
}
