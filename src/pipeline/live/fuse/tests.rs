use super::*;
use crate::capture::camera;
use crate::fuse::FusionSettings;
use crate::link::Meter;
use crate::link::event;
use crate::pipeline::gather::GatherSettings;
use crate::pipeline::live::stage::Notes;
use crate::pipeline::live::wiring::stage;
use crate::pipeline::stages::StageSettings;
use crate::signal::Level;
use crate::time::ManualClock;
use crate::time::Span;

/// A run whose stages are this test, and the other ends of its links.
struct Bench {
    run: Run,
    ends: Ends,
    fusing: Fusing,
    clock: Arc<ManualClock>,
    told: EventInlet<Event>,
    commands: EventOutlet<Command>,
    face_orders: EventInlet<Order>,
    voice_orders: EventInlet<Order>,
    words_orders: EventInlet<Order>,
    hear_orders: EventInlet<Order>,
    notes: Notes,
    utterances: Meter,
}

fn bench(source: SourceChoice) -> Bench {
    let clock = Arc::new(ManualClock::default());
    let (events, told) = event::link(super::super::EVENTS);
    let (commands, asked) = event::link(8);
    let (face_out, face_orders) = event::link(8);
    let (voice_out, voice_orders) = event::link(8);
    let (words_out, words_orders) = event::link(8);
    let (hear_out, hear_orders) = event::link(8);
    let (notes, noted) = event::link(64);
    let utterances = Meter::default();
    let settings = LiveSettings {
        models: "models".into(),
        stages: StageSettings::default(),
        camera: camera::Settings::default(),
        compares: true,
    };
    let run = Run { source, settings, waker: Arc::new(|| {}), clock: clock.clone(), events, commands: asked };
    let ends = Ends {
        threads: Vec::new(),
        utterances: utterances.clone(),
        has_words: true,
        notes: vec![noted],
        face_orders: face_out,
        voice_orders: voice_out,
        words_orders: words_out,
        hear_orders: hear_out,
        camera: event::link(1).0,
        microphone: event::link(1).0,
    };
    let gatherer = Gatherer::new(GatherSettings::default());
    let fusions = Fusions::late(&FusionSettings::default());
    let fusing = Fusing::begin(gatherer, Gauge::new(), fusions, FusionKind::Gated, Origin::default(), Timestamp::ZERO);
    Bench {
        run,
        ends,
        fusing,
        clock,
        told,
        commands,
        face_orders,
        voice_orders,
        words_orders,
        hear_orders,
        notes,
        utterances,
    }
}

fn demo() -> Bench {
    bench(SourceChoice::Demo { seed: 1 })
}

impl Bench {
    fn note(&mut self, note: Note) {
        self.run.take(note, &self.ends, &mut self.fusing);
    }

    fn absences(&self) -> [Option<Absence>; 3] {
        let moment = self.fusing.gatherer.moment(self.clock.now());
        Modality::ALL.map(|one| moment.of(one).as_ref().err().cloned())
    }
}

fn running() -> SourceState {
    SourceState::Running { name: "a".into(), form: String::new() }
}

#[test]
fn a_stage_that_panics_is_named_and_the_rest_goes_on() {
    let mut bench = demo();
    bench.note(Note::Camera(running()));
    bench.note(Note::Microphone(running()));
    let died = stage("voice", bench.notes.clone(), || panic!("the network is on fire")).unwrap();
    died.join().unwrap();

    bench.run.take_notes(&bench.ends, &mut bench.fusing);

    assert_eq!(
        bench.absences(),
        [Some(Absence::NoFace), Some(Absence::StageFailed), Some(Absence::NoWords)],
        "only the voice is gone"
    );
    let said = bench.told.drain().any(
        |event| matches!(event, Event::StageFailed { stage: "voice", message } if message == "the network is on fire"),
    );
    assert!(said);
}

#[test]
fn whoever_does_not_look_for_minutes_still_learns_what_has_changed() {
    let mut bench = demo();
    for seq in 0..20_000 {
        bench.note(Note::Level(Timestamped::new(Span::default(), seq, Level::default()), Duration::ZERO));
    }

    bench.note(Note::Camera(SourceState::Lost { message: "unplugged".into() }));

    assert!(bench.told.drain().any(|event| matches!(event, Event::Camera(SourceState::Lost { .. }))));
    assert_eq!(bench.absences()[0], Some(Absence::SourceLost));
}

#[test]
fn another_face_has_everything_begin_afresh() {
    let mut bench = demo();
    bench.fusing.person.known_secs = [9.0; 3];

    bench.note(Note::Afresh("another face came"));

    assert!(matches!(bench.voice_orders.poll(), Next::Item(Order::Afresh)));
    assert!(matches!(bench.words_orders.poll(), Next::Item(Order::Afresh)));
    // The face has done so by itself.
    assert!(matches!(bench.face_orders.poll(), Next::Nothing));
    let Next::Item(Event::Person(person)) = bench.told.poll() else { panic!("nobody was told") };
    assert_eq!((person.known_secs, person.afresh.unwrap().1.as_str()), ([0.0; 3], "another face came"));
}

#[test]
fn what_is_asked_is_handed_on_until_nobody_can_ask() {
    let mut bench = demo();
    for command in [Command::Afresh, Command::Freeze(Freeze::Frozen), Command::ChooseFace { x: 1.0, y: 2.0 }] {
        assert!(bench.commands.offer(command));
    }

    assert!(bench.run.obey(&bench.ends, &mut bench.fusing));

    let told: Vec<_> = bench.face_orders.drain().collect();
    assert!(matches!(told[..], [Order::Afresh, Order::Freeze(Freeze::Frozen), Order::Point(1.0, 2.0)]));
    assert_eq!(bench.voice_orders.drain().count(), 3);
    assert!(bench.fusing.person.is_frozen);

    let spoil = crate::pipeline::Spoil { trouble: crate::pipeline::Trouble::Mute, snr_db: 0.0 };
    bench.commands.offer(Command::Spoil(vec![spoil]));
    assert!(bench.run.obey(&bench.ends, &mut bench.fusing));
    for orders in [&bench.face_orders, &bench.hear_orders, &bench.words_orders] {
        assert!(matches!(orders.drain().last(), Some(Order::Spoil(all)) if *all == [spoil]));
    }
    drop(bench.commands);
    assert!(!bench.run.obey(&bench.ends, &mut bench.fusing));
}

#[test]
fn a_fusion_that_is_not_there_leaves_the_one_that_answers_and_says_so() {
    let mut bench = demo();
    for kind in [FusionKind::Concatenation, FusionKind::Late] {
        assert!(bench.commands.offer(Command::Fusion(kind)));
    }

    assert!(bench.run.obey(&bench.ends, &mut bench.fusing));

    let told = bench.told.drain().filter_map(|event| match event {
        Event::Fusion(state) => Some((state.asked, state.answers, state.there)),
        _ => None,
    });
    let late = FusionKind::Late;
    assert_eq!(told.collect::<Vec<_>>(), [(FusionKind::Concatenation, late, vec![late]), (late, late, vec![late])]);
}

#[test]
fn a_recording_is_over_once_all_that_was_said_is_read() {
    let mut bench = bench(SourceChoice::Recording("a.wav".into()));
    bench.note(Note::Camera(SourceState::Off));
    bench.note(Note::Microphone(SourceState::Ended));
    bench.utterances.pass(1);
    bench.clock.advance(Duration::from_mins(1));
    bench.run.take_notes(&bench.ends, &mut bench.fusing);
    assert!(!bench.fusing.is_over, "an utterance is still being read");

    bench.note(Note::UtteranceDone);
    bench.run.take_notes(&bench.ends, &mut bench.fusing);

    assert!(bench.fusing.is_over);
    assert_eq!(bench.told.drain().filter(|event| matches!(event, Event::Ended)).count(), 1);
}

#[test]
fn refused_words_are_told_only_where_words_are_read() {
    let refused = || Note::Refused(Timestamped::new(Span::default(), 0, ()));
    let mut bench = demo();
    bench.note(refused());
    assert!(matches!(bench.told.poll(), Next::Item(Event::NotTranscribed(_))));

    bench.ends.has_words = false;
    bench.note(refused());

    assert!(matches!(bench.told.poll(), Next::Nothing));
}
