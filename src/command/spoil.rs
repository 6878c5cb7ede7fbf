//! Trouble as it is asked for on the command line.

use std::path::Path;
use std::path::PathBuf;

use crate::capture::media;
use crate::capture::sabotage::Bursts;
use crate::capture::sabotage::Sabotage;
use crate::capture::sabotage::Trouble;
use crate::capture::sabotage::VOICES_RATE_HZ;
use crate::condition::hear::Resampler;

/// Seconds of each recording that are kept for babble and other voices.
const VOICE_SECS: usize = 8;
/// Voices at most: more don't sound like more.
const VOICES: usize = 12;
/// No recording is longer.
const LONGEST_SECS: f64 = 24.0 * 3600.0;

/// The troubles of these names; `all` is all.
pub(super) fn troubles(names: &[String]) -> anyhow::Result<Vec<Trouble>> {
    let mut found: Vec<Trouble> = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        let meant = match Trouble::from_name(name) {
            Some(trouble) => vec![trouble],
            None if name == "all" => Trouble::ALL.to_vec(),
            None => {
                let known = Trouble::ALL.map(Trouble::name).join(", ");
                anyhow::bail!("there is no trouble {name:?}; there are: all, {known}");
            }
        };
        for trouble in meant {
            if !found.contains(&trouble) {
                found.push(trouble);
            }
        }
    }
    Ok(found)
}

/// When trouble is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// In bursts of 1 to 5 s.
    Bursts,
    /// All the time.
    Throughout,
}

/// How inputs are spoilt.
pub(super) struct Spoiling {
    /// Signal to noise of noise and babble, dB.
    pub(super) snr_db: f32,
    /// Where chance begins.
    pub(super) seed: u64,
    /// When.
    pub(super) when: When,
    /// Whose voices there are.
    pub(super) voices: Voices,
}

/// A recording, with what its trouble depends on.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its place in the list.
    pub(super) number: usize,
    /// Where it is.
    pub(super) file: &'a Path,
    /// Whose it is, if that is known.
    pub(super) speaker: Option<&'a str>,
    /// Its length, seconds; 0 if it isn't known.
    pub(super) secs: f64,
}

impl Spoiling {
    /// What is done to a recording: the same for the same place in the list, trouble and seed.
    pub(super) fn sabotage(&self, trouble: Trouble, subject: Subject<'_>) -> Sabotage {
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(subject.number as u64 * 31 + trouble as u64);
        // What doesn't say how long it is may be of any length.
        let secs = if subject.secs > 0.0 { subject.secs } else { LONGEST_SECS };
        let bursts = match self.when {
            When::Throughout => Bursts::always(),
            When::Bursts => Bursts::seeded(seed, secs),
        };
        let mut mixed = Vec::new();
        for voice in self.voices.others(subject).take(VOICES) {
            mixed.extend_from_slice(voice);
        }
        Sabotage { trouble, snr_db: self.snr_db, bursts, voices: mixed.into(), seed }
    }
}

/// Some of what is said in recordings, 16 kHz mono.
#[derive(Default)]
pub(super) struct Voices(Vec<Voice>);

struct Voice {
    file: PathBuf,
    speaker: Option<String>,
    samples: Vec<f32>,
}

impl Voices {
    /// Those of some of these recordings, with whose each is; those without sound, or that can't be read, have none.
    pub(super) fn of(files: &[(PathBuf, Option<String>)]) -> Self {
        // Spread over the list: its neighbours are often of one speaker.
        let step = files.len().div_ceil(4 * VOICES).max(1);
        let mut voices = Vec::new();
        for (file, speaker) in files.iter().step_by(step) {
            let Ok(samples) = voice_of(file) else { continue };
            if !samples.is_empty() {
                voices.push(Voice { file: file.clone(), speaker: speaker.clone(), samples });
            }
        }
        Self(voices)
    }

    /// Never the recording's own voice, nor its speaker's where it is known whose both are; from another place of the list for
    /// each recording.
    pub(super) fn others(&self, subject: Subject<'_>) -> impl Iterator<Item = &[f32]> {
        let is_other = move |voice: &&Voice| {
            let is_same_person = subject.speaker.is_some() && voice.speaker.as_deref() == subject.speaker;
            voice.file != subject.file && !is_same_person
        };
        let all = self.0.iter().cycle().skip(subject.number).take(self.0.len());
        all.filter(is_other).map(|voice| voice.samples.as_slice())
    }
}

fn voice_of(file: &Path) -> anyhow::Result<Vec<f32>> {
    let info = media::probe(file)?;
    let Some(audio) = &info.audio else { return Ok(Vec::new()) };
    let mut reader = media::AudioReader::open(file, &info)?;
    let mut resampler = Resampler::new(audio.rate_hz)?;
    let (mut block, mut voice) = (Vec::new(), Vec::new());
    // What was read of a file that breaks off is a voice as well.
    while let Ok(Some(_)) = reader.read(&mut block) {
        resampler.push(&block, |samples| voice.extend_from_slice(samples));
        if voice.len() >= VOICE_SECS * VOICES_RATE_HZ as usize {
            break;
        }
    }
    Ok(voice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_are_taken_once_and_all_of_them_must_be_known() {
        let of = |names: &[&str]| troubles(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());

        assert_eq!(of(&["mute", "dark", "mute"]).unwrap(), [Trouble::Mute, Trouble::Dark]);
        assert_eq!(of(&["all", "dark"]).unwrap().len(), Trouble::ALL.len());
        assert!(of(&["all", "rain"]).unwrap_err().to_string().contains("\"rain\""));
    }

    #[test]
    fn another_voice_is_of_another_recording_and_another_person() {
        let voice = |file: &str, speaker: &str, sample: f32| Voice {
            file: PathBuf::from(file),
            speaker: Some(speaker.to_owned()),
            samples: vec![sample],
        };
        let voices = Voices(vec![voice("a", "1", 0.1), voice("b", "1", 0.2), voice("c", "2", 0.3)]);
        let subject = |speaker| Subject { number: 1, file: Path::new("a"), speaker, secs: 1.0 };

        let heard = |speaker| voices.others(subject(speaker)).map(|voice| voice[0]).collect::<Vec<_>>();

        assert_eq!(heard(Some("1")), [0.3]);
        assert_eq!(heard(None), [0.2, 0.3]);
    }
}
