//! The stages on the inputs that were kept.

use std::collections::VecDeque;
use std::time::Duration;

use crate::condition::hear::Ear;
use crate::condition::hear::Given;
use crate::condition::hear::HOP;
use crate::condition::hear::Heard;
use crate::condition::hear::RATE_HZ;
use crate::encode::FaceEncoder;
use crate::encode::Outcome;
use crate::encode::Person;
use crate::encode::SpeechReader;
use crate::encode::VoiceEncoder;
use crate::encode::WordsEncoder;
use crate::model::ModelError;
use crate::pipeline::live::log::SoundNote;
use crate::pipeline::live::log::StageNote;
use crate::pipeline::understand::Understanding;
use crate::record::streams;
use crate::record::unpack;
use crate::record::values;
use crate::session::Chunk;
use crate::session::Item;
use crate::session::SessionFile;
use crate::signal::Absence;
use crate::signal::FaceBox;
use crate::signal::FaceView;
use crate::signal::Landmark;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Presence;
use crate::signal::Transcript;
use crate::signal::Utterance;
use crate::signal::VoiceWindow;
use crate::time::SampleClock;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// What a modality says again of an input, and what a person can read of it.
type Again = (Presence, Vec<f32>);

/// How far the sound must have gone past what a stage took before it is given up: links are written one after the other.
const LATE: Duration = Duration::from_secs(5);
/// So much of what nobody asked for yet is kept: of what is small, and of sound.
const MOST: usize = 20_000;
const MOST_SOUND: usize = 64;

/// Reads inputs as far as is asked, and gives what the stages make of them.
pub(super) struct Inputs<'a> {
    file: SessionFile,
    face: Option<&'a mut FaceEncoder>,
    hearing: Hearing,
    voice: Option<&'a mut VoiceEncoder>,
    words: Option<(Understanding, WordsEncoder)>,
    voice_todo: VecDeque<(Span, StageNote)>,
    words_todo: VecDeque<(Span, StageNote)>,
    voice_read_until: Timestamp,
    found: [VecDeque<(Span, Again)>; 3],
    /// Up to where each modality's inputs were read.
    read_until: [Timestamp; 3],
    /// Person statistics that come before the beginning that they are for.
    persons: [VecDeque<Vec<f32>>; 2],
    view: FaceView,
    /// Stretches that can't be read.
    pub(super) damage: u64,
}

/// The ear, and what it heard and nobody took yet.
struct Hearing {
    ear: Option<Ear>,
    clock: SampleClock,
    rate_hz: u32,
    until: Timestamp,
    levels: VecDeque<(Span, Level)>,
    windows: VecDeque<(Span, VoiceWindow)>,
    drafts: VecDeque<(Span, Utterance)>,
    utterances: VecDeque<(Span, Utterance)>,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(
        file: SessionFile,
        face: Option<&'a mut FaceEncoder>,
        ear: Option<Ear>,
        voice: Option<&'a mut VoiceEncoder>,
        words: Option<(SpeechReader, WordsEncoder)>,
    ) -> Self {
        let hearing = Hearing {
            ear,
            clock: SampleClock::new(RATE_HZ),
            rate_hz: RATE_HZ,
            until: Timestamp::ZERO,
            levels: VecDeque::new(),
            windows: VecDeque::new(),
            drafts: VecDeque::new(),
            utterances: VecDeque::new(),
        };
        Self {
            file,
            face,
            hearing,
            voice,
            words: words.map(|(speech, words)| (Understanding::of(speech), words)),
            voice_todo: VecDeque::new(),
            words_todo: VecDeque::new(),
            voice_read_until: Timestamp::ZERO,
            found: Default::default(),
            read_until: [Timestamp::ZERO; 3],
            persons: [VecDeque::new(), VecDeque::new()],
            view: FaceView::default(),
            damage: 0,
        }
    }

    /// Gives back what was lent.
    pub(super) fn into_parts(self) -> (Option<Ear>, Option<(SpeechReader, WordsEncoder)>) {
        (self.hearing.ear, self.words.map(|(speech, words)| (speech.into_reader(), words)))
    }

    /// What a modality says again of its input at `span`; `None` if that input isn't there.
    pub(super) fn evidence(&mut self, modality: Modality, span: Span) -> Result<Option<Again>, ModelError> {
        loop {
            let Some(found) = self.found.get_mut(modality.index()) else { return Ok(None) };
            if let Some(at) = found.iter().position(|(place, _)| *place == span) {
                found.drain(..at);
                return Ok(found.pop_front().map(|(_, again)| again));
            }
            // Each stage took its inputs in order.
            let is_past = self.read_until.get(modality.index()).is_some_and(|until| *until > span.end);
            if is_past || !self.read_on()? {
                return Ok(None);
            }
        }
    }

    /// What is heard again at `span`; `None` if that sound isn't there.
    pub(super) fn level(&mut self, span: Span) -> Result<Option<Level>, ModelError> {
        loop {
            let levels = &mut self.hearing.levels;
            if let Some(at) = levels.iter().position(|(place, _)| *place == span) {
                levels.drain(..at);
                return Ok(levels.pop_front().map(|(_, level)| level));
            }
            if self.hearing.until > span.end + LATE || !self.read_on()? {
                return Ok(None);
            }
        }
    }

    /// Takes the next input; whether there was one.
    fn read_on(&mut self) -> Result<bool, ModelError> {
        match self.file.next() {
            None => {
                // Nothing more is heard: what still waits for sound waits in vain.
                let had_work = !self.voice_todo.is_empty() || !self.words_todo.is_empty();
                self.hearing.until = Timestamp::from_nanos(i64::MAX);
                self.work()?;
                Ok(had_work)
            }
            Some(Ok(Chunk::Item(item))) => self.take(item).map(|()| true),
            Some(Ok(_)) => Ok(true),
            Some(Err(_)) => {
                self.damage += 1;
                Ok(true)
            }
        }
    }

    fn take(&mut self, item: Item) -> Result<(), ModelError> {
        let note = || serde_json::from_slice::<StageNote>(&item.bytes).ok();
        match item.stream {
            streams::CROP => return self.see(&item),
            streams::FACE_LOG => {
                if let Some(note) = note() {
                    self.tell_face(&note);
                }
            }
            streams::FACE_PERSON => self.persons[0].push_back(item.values),
            streams::VOICE_PERSON => self.persons[1].push_back(item.values),
            streams::SOUND => {
                self.hearing.take(item)?;
            }
            streams::VOICE_LOG => self.voice_todo.extend(note().map(|note| (item.span, note))),
            streams::WORDS_LOG => self.words_todo.extend(note().map(|note| (item.span, note))),
            _ => {}
        }
        self.work()
    }

    fn find(&mut self, modality: Modality, span: Span, again: Again) {
        if let Some(until) = self.read_until.get_mut(modality.index()) {
            *until = (*until).max(span.end);
        }
        if let Some(found) = self.found.get_mut(modality.index()) {
            found.push_back((span, again));
            if found.len() > MOST {
                found.pop_front();
            }
        }
    }

    fn see(&mut self, item: &Item) -> Result<(), ModelError> {
        let Some(face) = self.face.as_mut() else { return Ok(()) };
        let view = &mut self.view;
        view.face = None;
        view.landmarks.clear();
        view.expression = None;
        if let Some((&[presence, x, y, width, height], points)) = item.values.split_first_chunk::<5>() {
            let Some(crop) = unpack(&item.bytes) else { return Ok(()) };
            view.crop = crop;
            view.quality.presence = presence;
            view.face = Some(FaceBox { x, y, width, height });
            view.landmarks.extend(points.as_chunks::<3>().0.iter().map(|&[x, y, z]| Landmark { x, y, z }));
        }
        let outcome = face.reader_mut().read_cut(view, item.span)?;
        let presence = outcome.presence.map(|evidence| Timestamped::new(item.span, item.seq, evidence));
        let again = (presence, values::of_face(view));
        self.find(Modality::Face, item.span, again);
        Ok(())
    }

    fn tell_face(&mut self, note: &StageNote) {
        let Some(face) = self.face.as_mut() else { return };
        let reader = face.reader_mut();
        match note {
            StageNote::Begin { is_frozen, .. } => {
                reader.restart();
                let person = reader.person_mut();
                take_over(person, self.persons[0].pop_front().as_deref());
                person.freeze(*is_frozen);
            }
            StageNote::Afresh => reader.begin_afresh(),
            StageNote::Freeze(is_frozen) => reader.person_mut().freeze(*is_frozen),
            StageNote::TookOver => take_over(reader.person_mut(), self.persons[0].pop_front().as_deref()),
            StageNote::Restart => reader.restart(),
            StageNote::Read(_) | StageNote::Draft => {}
        }
    }

    /// Does what voice and words did, as far as there is sound for it.
    fn work(&mut self) -> Result<(), ModelError> {
        while let Some((span, note)) = self.voice_todo.front() {
            let is_read = matches!(note, StageNote::Read(_));
            if is_read && !self.hearing.has(&self.hearing.windows, *span) {
                break;
            }
            let Some((span, note)) = self.voice_todo.pop_front() else { break };
            self.voice(span, &note)?;
        }
        while let Some((span, note)) = self.words_todo.front() {
            let is_there = match note {
                StageNote::Read(_) => self.hearing.has(&self.hearing.utterances, *span),
                StageNote::Draft => self.hearing.has(&self.hearing.drafts, *span),
                _ => true,
            };
            if !is_there {
                break;
            }
            let Some((span, note)) = self.words_todo.pop_front() else { break };
            self.words(span, note)?;
        }
        Ok(())
    }

    fn voice(&mut self, span: Span, note: &StageNote) -> Result<(), ModelError> {
        let Some(voice) = self.voice.as_mut() else { return Ok(()) };
        match note {
            StageNote::Begin { is_frozen, .. } => {
                self.voice_read_until = Timestamp::ZERO;
                take_over(voice.person_mut(), self.persons[1].pop_front().as_deref());
                voice.person_mut().freeze(*is_frozen);
            }
            StageNote::Afresh => voice.person_mut().forget(),
            StageNote::Freeze(is_frozen) => voice.person_mut().freeze(*is_frozen),
            StageNote::TookOver => take_over(voice.person_mut(), self.persons[1].pop_front().as_deref()),
            StageNote::Read(_) => {
                let Some(window) = taken(&mut self.hearing.windows, span) else { return Ok(()) };
                let fresh = span.end.since(self.voice_read_until.max(span.start));
                self.voice_read_until = self.voice_read_until.max(span.end);
                let outcome = voice.encode(&window, fresh.as_secs_f32())?;
                let presence = outcome.map(|evidence| Timestamped::new(span, 0, evidence));
                self.find(Modality::Voice, span, (presence, window.functionals.to_vec()));
            }
            StageNote::Restart | StageNote::Draft => {}
        }
        Ok(())
    }

    fn words(&mut self, span: Span, note: StageNote) -> Result<(), ModelError> {
        let Some((speech, words)) = self.words.as_mut() else { return Ok(()) };
        match note {
            StageNote::Begin { .. } | StageNote::Afresh => speech.restart(),
            StageNote::Draft => {
                if let Some(draft) = taken(&mut self.hearing.drafts, span) {
                    speech.draft(draft)?;
                }
            }
            StageNote::Read(spoilt) => {
                let Some(utterance) = taken(&mut self.hearing.utterances, span) else { return Ok(()) };
                let presence = match speech.read(&utterance)? {
                    Outcome::Words { text, confidence } => {
                        let text = spoilt.unwrap_or(text);
                        if text.is_empty() {
                            return Ok(());
                        }
                        let transcript = Transcript { text, confidence, spoken: span, labels: None };
                        let (evidence, _) = words.encode(&transcript)?;
                        Ok(Timestamped::new(span, 0, evidence))
                    }
                    Outcome::OtherLanguage(language) => Err(Absence::OtherLanguage(language)),
                    Outcome::Dropped(_) => return Ok(()),
                };
                self.find(Modality::Words, span, (presence, Vec::new()));
            }
            StageNote::Freeze(_) | StageNote::Restart | StageNote::TookOver => {}
        }
        Ok(())
    }
}

impl Hearing {
    fn take(&mut self, item: Item) -> Result<(), ModelError> {
        let Some(ear) = self.ear.as_mut() else { return Ok(()) };
        let mut given = Given { samples: item.values, ..Given::default() };
        let mut is_block = true;
        match serde_json::from_slice::<SoundNote>(&item.bytes) {
            Ok(SoundNote::Opened { rate_hz, clock, place }) => {
                self.rate_hz = rate_hz;
                self.clock = SampleClock::from_state(rate_hz, clock);
                ear.restart(place);
                return Ok(());
            }
            Ok(SoundNote::Broke { before, restart, is_block: has_block }) => {
                (given.before, given.is_end, given.restart) = (before, true, restart);
                is_block = has_block;
            }
            Err(_) => {}
        }
        if is_block {
            self.clock.observe(item.seq, item.span.start);
        }
        self.until = self.until.max(item.span.start);
        let mut heard = Vec::new();
        let result = given.to(ear, |one| heard.push(one));
        for one in heard {
            self.place(one);
        }
        result
    }

    fn at(&self, place: u64) -> Timestamp {
        self.clock.at(place * u64::from(self.rate_hz) / u64::from(RATE_HZ)).unwrap_or_default()
    }

    fn place(&mut self, heard: Heard) {
        let span = |hearing: &Self, first, end| Span::new(hearing.at(first), hearing.at(end));
        match heard {
            Heard::Level { first, level } => {
                let span = span(self, first, first + HOP as u64);
                push(&mut self.levels, span, level, MOST);
            }
            Heard::Window { first, end, window } => {
                let span = span(self, first, end);
                push(&mut self.windows, span, *window, MOST_SOUND);
            }
            Heard::Draft { speech_first, speech_end, utterance } => {
                let span = span(self, speech_first, speech_end);
                push(&mut self.drafts, span, *utterance, MOST_SOUND);
            }
            Heard::Utterance { speech_first, speech_end, utterance, .. } => {
                let span = span(self, speech_first, speech_end);
                push(&mut self.utterances, span, *utterance, MOST_SOUND);
            }
            Heard::Descriptors { .. } => {}
        }
    }

    /// Whether what a stage took is there, or will never be.
    fn has<T>(&self, all: &VecDeque<(Span, T)>, span: Span) -> bool {
        all.iter().any(|(place, _)| *place == span) || self.until > span.end + LATE
    }
}

fn push<T>(all: &mut VecDeque<(Span, T)>, span: Span, value: T, most: usize) {
    all.push_back((span, value));
    if all.len() > most {
        all.pop_front();
    }
}

/// Takes what is at `span`; what was before it was taken by nobody.
fn taken<T>(all: &mut VecDeque<(Span, T)>, span: Span) -> Option<T> {
    let at = all.iter().position(|(place, _)| *place == span)?;
    all.drain(..at);
    all.pop_front().map(|(_, value)| value)
}

fn take_over(person: &mut Person, known: Option<&[f32]>) {
    person.take_over_known(known.unwrap_or_default());
}
