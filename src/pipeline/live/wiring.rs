//! Links, then threads, the sources last.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::capture::Pick;
use crate::capture::SourceState;
use crate::capture::camera;
use crate::capture::media;
use crate::capture::microphone;
use crate::capture::play;
use crate::link::Meter;
use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::latest;
use crate::link::latest::LatestOutlet;
use crate::pipeline::event::Event;
use crate::pipeline::event::SourceChoice;
use crate::pipeline::live::fuse::Run;
use crate::pipeline::live::health::Gauge;
use crate::pipeline::live::log::Log;
use crate::pipeline::live::spawn::guarded;
use crate::pipeline::live::spawn::thread;
use crate::pipeline::live::stage::FaceStage;
use crate::pipeline::live::stage::HearStage;
use crate::pipeline::live::stage::Note;
use crate::pipeline::live::stage::Notes;
use crate::pipeline::live::stage::Order;
use crate::pipeline::live::talk::VoiceStage;
use crate::pipeline::live::talk::WordsStage;
use crate::pipeline::stages::Stages;
use crate::pipeline::understand::Understanding;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::signal::Modality;
use crate::signal::Utterance;
use crate::signal::VoiceWindow;

const NOTES: usize = 512;
const UTTERANCES: usize = 4;
const STREAMS: usize = 4;
const ORDERS: usize = 16;
/// A recording is played once its stages are ready, and not before the window shows it.
const HEAD_START: Duration = play::HEAD_START;
const MAX_WIDTH: usize = 1280;

/// The ends of links that `fuse` holds.
pub(super) struct Ends {
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) utterances: Meter,
    pub(super) has_words: bool,
    pub(super) notes: Vec<EventInlet<Note>>,
    pub(super) face_orders: EventOutlet<Order>,
    pub(super) voice_orders: EventOutlet<Order>,
    pub(super) words_orders: EventOutlet<Order>,
    pub(super) hear_orders: EventOutlet<Order>,
    pub(super) camera: EventOutlet<Pick>,
    pub(super) microphone: EventOutlet<Pick>,
}

impl Run {
    /// Links, then threads, the sources last.
    pub(super) fn build(
        &self,
        stages: &mut Stages,
        picture: LatestOutlet<FaceView>,
        gauge: &mut Gauge,
    ) -> std::io::Result<Ends> {
        let (frames, frame_in) = latest::link(&Frame::default());
        let (streams, stream_in) = event::link(STREAMS);
        let (windows, window_in) = latest::link(&VoiceWindow::default());
        let (drafts, draft_in) = latest::link(&Utterance::default());
        let (utterances, utterance_in) = event::link(UTTERANCES);
        let (face_orders, face_order_in) = event::link(ORDERS);
        let (voice_orders, voice_order_in) = event::link(ORDERS);
        let (words_orders, words_order_in) = event::link(ORDERS);
        let (hear_orders, hear_order_in) = event::link(ORDERS);
        let (camera, camera_in) = event::link(ORDERS);
        let (microphone, microphone_in) = event::link(ORDERS);
        let mut threads = Vec::new();
        let mut notes = Vec::new();
        let mut note_link = || {
            let (outlet, inlet) = event::link(NOTES);
            notes.push(inlet);
            outlet
        };
        gauge.meters = vec![
            ("camera → face", frames.meter().clone(), true),
            ("face → window", picture.meter().clone(), true),
            ("hear → voice", windows.meter().clone(), true),
            ("hear → words (drafts)", drafts.meter().clone(), true),
            ("hear → words", utterances.meter().clone(), false),
            ("fuse → window", self.events.meter().clone(), true),
        ];

        let (utterances_meter, has_words) = (utterances.meter().clone(), stages.words.is_some());
        let face = FaceStage {
            encoder: stages.face.take(),
            frames: frame_in,
            views: picture,
            orders: face_order_in,
            notes: note_link(),
            clock: self.clock.clone(),
            wake: self.waker.clone(),
            trouble: Vec::new(),
            log: Log::default(),
        };
        threads.push(stage("face", face.notes.clone(), move || face.run())?);
        if let Some(encoder) = stages.voice.take() {
            let (windows, orders, notes) = (window_in, voice_order_in, note_link());
            let voice = VoiceStage { encoder, windows, orders, notes, clock: self.clock.clone(), log: Log::default() };
            threads.push(stage("voice", voice.notes.clone(), move || voice.run())?);
        }
        if let Some((speech, words)) = stages.words.take() {
            let (utterances, notes, clock) = (utterance_in, note_link(), self.clock.clone());
            let (speech, orders) = (Understanding::of(speech), words_order_in);
            let words = WordsStage {
                speech,
                words,
                drafts: draft_in,
                utterances,
                orders,
                notes,
                clock,
                trouble: Vec::new(),
                log: Log::default(),
            };
            threads.push(stage("words", words.notes.clone(), move || words.run())?);
        }
        let (ear, clock) = (stages.ear.take(), self.clock.clone());
        let (streams_in, told) = (stream_in, note_link());
        let hear = HearStage {
            ear,
            streams: streams_in,
            waiting: None,
            windows,
            drafts,
            utterances,
            orders: hear_order_in,
            notes: told,
            clock,
            spoils: Arc::default(),
            voices: None,
            log: Log::default(),
            seq: 0,
        };
        threads.push(stage("hear", hear.notes.clone(), move || hear.run())?);
        let sources = Sources { frames, streams, camera: camera_in, microphone: microphone_in };
        threads.extend(self.start_sources(sources, note_link(), note_link())?);
        Ok(Ends {
            threads,
            utterances: utterances_meter,
            has_words,
            notes,
            face_orders,
            voice_orders,
            words_orders,
            hear_orders,
            camera,
            microphone,
        })
    }

    fn start_sources(&self, sources: Sources, seen: Notes, heard: Notes) -> std::io::Result<Vec<JoinHandle<()>>> {
        let Sources { mut frames, streams, camera: camera_picks, microphone: microphone_picks } = sources;
        let (clock, sound_clock) = (self.clock.clone(), self.clock.clone());
        let (seen_failed, heard_failed) = (seen.clone(), heard.clone());
        let mut see = move |state| {
            seen.offer(Note::Camera(state));
        };
        let mut hear = move |state| {
            heard.offer(Note::Microphone(state));
        };
        // How a recording begins is looked up before its clock does.
        let probed = match &self.source {
            SourceChoice::Recording(path) => Some(media::probe(path)),
            _ => None,
        };
        let start = self.clock.now() + HEAD_START;
        if !matches!(self.source, SourceChoice::Live { .. }) {
            self.events.offer(Event::Begun(start));
        }
        match self.source.clone() {
            SourceChoice::Live { camera: pick, microphone: heard_pick } => {
                let settings = self.settings.camera.clone();
                let camera = stage("camera", seen_failed, move || {
                    camera::run(pick, &mut frames, &camera_picks, &clock, &settings, &start_thread, &mut see);
                    Ok(())
                })?;
                let microphone = stage("microphone", heard_failed, move || {
                    microphone::run(heard_pick, &streams, &microphone_picks, &sound_clock, &start_thread, &mut hear);
                    Ok(())
                })?;
                Ok(vec![camera, microphone])
            }
            SourceChoice::Recording(path) => {
                let info = match probed {
                    Some(Ok(info)) => info,
                    Some(Err(error)) => {
                        see(SourceState::Failed { message: error.to_string() });
                        hear(SourceState::Failed { message: error.to_string() });
                        return Ok(Vec::new());
                    }
                    None => return Ok(Vec::new()),
                };
                let (sound_path, sound_info) = (path.clone(), info.clone());
                let camera = stage("camera", seen_failed, move || {
                    play::picture(
                        &path,
                        &info,
                        Some(MAX_WIDTH),
                        start,
                        &mut frames,
                        &camera_picks,
                        clock.as_ref(),
                        &mut see,
                    );
                    Ok(())
                })?;
                let microphone = stage("microphone", heard_failed, move || {
                    play::sound(
                        &sound_path,
                        &sound_info,
                        start,
                        &streams,
                        &microphone_picks,
                        sound_clock.as_ref(),
                        &mut hear,
                    );
                    Ok(())
                })?;
                Ok(vec![camera, microphone])
            }
            SourceChoice::Demo { seed } => {
                let geometry = self.settings.models.join("fetched").join("face_geometry.json");
                let camera = stage("camera", seen_failed, move || {
                    play::demo_picture(&geometry, seed, start, &mut frames, &camera_picks, clock.as_ref(), &mut see);
                    Ok(())
                })?;
                let microphone = stage("microphone", heard_failed, move || {
                    play::demo_sound(start, &streams, &microphone_picks, sound_clock.as_ref(), &mut hear);
                    Ok(())
                })?;
                Ok(vec![camera, microphone])
            }
        }
    }
}

struct Sources {
    frames: LatestOutlet<Frame>,
    streams: EventOutlet<crate::capture::AudioStream>,
    camera: EventInlet<Pick>,
    microphone: EventInlet<Pick>,
}

impl Ends {
    /// Lets go of the sources, whose end ends the stages one after the other, and waits for all: a network must not be
    /// running when the program ends.
    pub(super) fn close(self) {
        let Self { threads, notes, face_orders, voice_orders, words_orders, hear_orders, camera, microphone, .. } =
            self;
        drop((notes, face_orders, voice_orders, words_orders, hear_orders, camera, microphone));
        for thread in threads {
            thread.join().ok();
        }
    }
}

pub(super) fn stage(
    name: &'static str,
    notes: Notes,
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    thread(name, move || {
        guarded(work, |message| {
            notes.offer(Note::Failed { stage: name, message });
        });
    })
}

/// A thread that a source may leave behind with its driver.
fn start_thread(work: Box<dyn FnOnce() + Send + 'static>) -> std::io::Result<()> {
    thread("driver", work).map(|_| ())
}

/// The modalities that die with a stage.
pub(super) fn modalities_of(stage: &str) -> &'static [Modality] {
    match stage {
        "camera" | "face" => &[Modality::Face],
        "microphone" | "hear" => &[Modality::Voice, Modality::Words],
        "voice" => &[Modality::Voice],
        "words" => &[Modality::Words],
        _ => &[],
    }
}
