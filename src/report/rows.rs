//! One row per 100 ms.

use std::io::Write;

use crate::pipeline::Tick;
use crate::report::ReportError;
use crate::signal::Fused;
use crate::signal::Label;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Reading;
use crate::time::Timestamped;

/// The columns. Later versions only append.
pub const HEADER: [&str; 41] = [
    "time_s",
    "valence",
    "arousal",
    "valence_sd",
    "arousal_sd",
    "neutral",
    "happiness",
    "sadness",
    "anger",
    "fear",
    "disgust",
    "surprise",
    "label",
    "gate_face",
    "gate_voice",
    "gate_words",
    "face_valence",
    "face_arousal",
    "voice_valence",
    "voice_arousal",
    "words_valence",
    "words_arousal",
    "face_confidence",
    "speech_probability",
    "words_age_s",
    "reason",
    "several_neutral",
    "several_happiness",
    "several_sadness",
    "several_anger",
    "several_fear",
    "several_disgust",
    "several_surprise",
    "doubt_neutral",
    "doubt_happiness",
    "doubt_sadness",
    "doubt_anger",
    "doubt_fear",
    "doubt_disgust",
    "doubt_surprise",
    "clear",
];

/// Writes rows as CSV. What is absent is an empty cell.
pub struct Rows<W: Write> {
    table: csv::Writer<W>,
}

impl<W: Write> Rows<W> {
    /// Begins with the header.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn new(out: W) -> Result<Self, ReportError> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(HEADER)?;
        Ok(Self { table })
    }

    /// Writes the row of one answer.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write(
        &mut self,
        tick: &Tick,
        level: Option<&Timestamped<Level>>,
        face_presence: Option<f32>,
    ) -> Result<(), ReportError> {
        let moment = &tick.moment;
        let mut row: Vec<String> = vec![format!("{:.1}", moment.at.secs())];
        match &tick.fused {
            Some(fused) => {
                let affect = &fused.reading.affect;
                let numbers = [affect.valence.get(), affect.arousal.get(), affect.valence_sd, affect.arousal_sd];
                row.extend(numbers.map(number));
                row.extend(rounded(&fused.reading));
                row.push(fused.reading.label().name().to_owned());
                row.extend(whole(&Modality::ALL.map(|one| fused.gates.of(one))));
            }
            None => row.extend(std::iter::repeat_n(String::new(), 4 + Label::COUNT + 1 + 3)),
        }
        for modality in Modality::ALL {
            let affect = moment.of(modality).as_ref().ok().map(|evidence| evidence.value.reading.affect);
            row.push(affect.map_or_else(String::new, |affect| number(affect.valence.get())));
            row.push(affect.map_or_else(String::new, |affect| number(affect.arousal.get())));
        }
        row.push(face_presence.map_or_else(String::new, number));
        row.push(level.map_or_else(String::new, |level| number(level.value.speech_probability)));
        let words = moment.words.as_ref().ok();
        row.push(words.map_or_else(String::new, |words| format!("{:.2}", words.age(moment.at).as_secs_f32())));
        row.push(reason(tick));
        row.extend(several(tick.fused.as_ref()));
        Ok(self.table.write_record(&row)?)
    }

    /// Writes out what waits, and gives the target back.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn finish(self) -> Result<W, ReportError> {
        self.table.into_inner().map_err(|error| ReportError::Disk(error.into_error()))
    }
}

/// Why each absent modality is absent: "voice: no speech; words: none yet".
fn reason(tick: &Tick) -> String {
    let mut reasons = Vec::new();
    for modality in Modality::ALL {
        if let Err(absence) = tick.moment.of(modality) {
            reasons.push(format!("{}: {absence}", modality.name()));
        }
    }
    reasons.join("; ")
}

/// Of each label by itself its probability, then the doubt of what is said of it; last whether the likeliest is sure enough to
/// be shown. Empty where the fusion doesn't say.
fn several(fused: Option<&Fused>) -> Vec<String> {
    let labels = fused.and_then(|fused| fused.labels);
    let mut cells: Vec<String> = match labels {
        Some(labels) => labels.probabilities.into_iter().chain(labels.doubts).map(number).collect(),
        None => vec![String::new(); 2 * Label::COUNT],
    };
    let is_clear = fused.and_then(Fused::is_clear);
    cells.push(is_clear.map_or_else(String::new, |is_clear| u8::from(is_clear).to_string()));
    cells
}

fn number(value: f32) -> String {
    format!("{value:.4}")
}

/// Probabilities to four places whose written values sum to 1.
fn rounded(reading: &Reading) -> Vec<String> {
    whole(&reading.probabilities)
}

/// Shares to four places whose written values sum to 1: what rounding leaves over goes to the largest.
fn whole(shares: &[f32]) -> Vec<String> {
    let mut parts: Vec<i64> = shares.iter().map(|share| (f64::from(*share) * 1e4).round() as i64).collect();
    let left = 10_000 - parts.iter().sum::<i64>();
    if let Some(largest) = parts.iter_mut().max() {
        *largest += left;
    }
    parts.into_iter().map(|part| format!("{}.{:04}", part / 10_000, part % 10_000)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Affect;
    use crate::signal::Bipolar;
    use crate::signal::Clarity;
    use crate::signal::Gates;
    use crate::signal::LabelsAtOnce;

    #[test]
    fn written_shares_sum_to_one() {
        let written = whole(&[0.333_33, 0.333_33, 0.333_34]);

        let sum: f64 = written.iter().map(|one| one.parse::<f64>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{written:?}");
    }

    #[test]
    fn what_may_hold_together_is_written_where_it_was_read() {
        let affect =
            Affect { valence: Bipolar::default(), arousal: Bipolar::default(), valence_sd: 0.1, arousal_sd: 0.1 };
        let mut probabilities = [0.05; Label::COUNT];
        probabilities[Label::Fear.index()] = 0.7;
        let bare = Fused::new(Reading { affect, probabilities }, Gates::default());
        let labels = LabelsAtOnce { probabilities: [0.25; 7], doubts: [0.125; 7], thresholds: [0.5; 7] };
        let clarity = |from| Some(Clarity { from, right: 0.8, shown: 0.5 });

        let [sure, unsure] = [0.6, 0.8].map(|from| {
            let fused = Fused { labels: Some(labels), clarity: clarity(from), ..bare };
            several(Some(&fused))
        });

        assert_eq!(sure.len(), 15);
        assert!(sure[..7].iter().all(|cell| cell == "0.2500") && sure[7..14].iter().all(|cell| cell == "0.1250"));
        assert_eq!((sure[14].as_str(), unsure[14].as_str()), ("1", "0"));
        for cells in [several(Some(&bare)), several(None)] {
            assert!(cells.len() == 15 && cells.iter().all(String::is_empty), "{cells:?}");
        }
    }

    #[test]
    fn the_header_is_the_one_promised() {
        assert_eq!(
            HEADER.join(","),
            "time_s,valence,arousal,valence_sd,arousal_sd,neutral,happiness,sadness,anger,fear,disgust,surprise,label,\
             gate_face,gate_voice,gate_words,face_valence,face_arousal,voice_valence,voice_arousal,words_valence,\
             words_arousal,face_confidence,speech_probability,words_age_s,reason,several_neutral,several_happiness,\
             several_sadness,several_anger,several_fear,several_disgust,several_surprise,doubt_neutral,doubt_happiness,\
             doubt_sadness,doubt_anger,doubt_fear,doubt_disgust,doubt_surprise,clear"
        );
    }
}
