//! All stages and fusions, to read recordings with.

use std::time::Duration;

use indicatif::ProgressBar;

use crate::capture::sabotage::Sabotage;
use crate::capture::sabotage::Trouble;
use crate::command::Place;
use crate::command::batch;
use crate::command::spoil::Spoiling;
use crate::command::spoil::Subject;
use crate::fuse::FusionKind;
use crate::fuse::Fusions;
use crate::pipeline::Stages;
use crate::pipeline::Subset;
use crate::pipeline::answers;
use crate::pipeline::offline;
use crate::pipeline::offline::Output;
use crate::pipeline::offline::TICKS_PER_ROW;
use crate::report::evaluation::Role;
use crate::report::evaluation::Take;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::time::Timestamp;

/// A reading of which so much is spoilt is spoilt, 0..=1; one of which nothing is isn't; those between don't count.
const SPOILT: f32 = 0.25;
/// How finely that is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Faces further apart, at one in [`LOOK`], have been lost between.
const LOST: Duration = Duration::from_millis(250);

/// All that reads.
pub(super) struct Bench {
    pub(super) stages: Stages,
    pub(super) fusions: Fusions,
    /// Those that are there.
    pub(super) kinds: Vec<FusionKind>,
    spoiling: Spoiling,
    /// What a face's reading rests on, before its frame.
    face_window: Duration,
    pub(super) models: Vec<(String, String)>,
    pub(super) settings: serde_json::Value,
}

impl Bench {
    pub(super) fn load(place: &Place, spoiling: Spoiling) -> anyhow::Result<Self> {
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
    pub(super) fn freeze_nobody(&mut self) {
        self.stages.forget_person();
        if let Some(face) = self.stages.face.as_mut() {
            face.person_mut().freeze(true);
        }
        if let Some(voice) = self.stages.voice.as_mut() {
            voice.person_mut().freeze(true);
        }
    }

    /// Reads a recording; what was wrong with it, too, if it could be read in part only.
    pub(super) fn take(
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
        let rests = sabotage.as_ref().map(|sabotage| Rests::of(sabotage, &moments, self.face_window));
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
            take.add_gates(&moments, whole, |modality, moment| {
                rests.as_ref().map_or(Some(false), |rests| rests.is_spoilt(modality, moment))
            });
        }
        Ok((take, analysis.damage))
    }
}

/// What the standing readings of a recording rest on, of which some is spoilt.
struct Rests<'a> {
    sabotage: &'a Sabotage,
    /// When each face was read that stood at some moment, in order.
    faces: Vec<Timestamp>,
    face_window: Duration,
}

impl<'a> Rests<'a> {
    fn of(sabotage: &'a Sabotage, moments: &[Moment], face_window: Duration) -> Self {
        let mut faces: Vec<_> = moments.iter().filter_map(|moment| Some(moment.face.as_ref().ok()?.span.end)).collect();
        faces.dedup();
        Self { sabotage, faces, face_window }
    }

    /// Whether what the standing reading of the modality in trouble rests on is spoilt, by [`SPOILT`] of it or more; none if it
    /// is by less. A face's reading rests on the faces in the window before its frame, since one was last lost. Words are
    /// spoilt when they are said, and stand for long.
    fn is_spoilt(&self, modality: Modality, moment: &Moment) -> Option<bool> {
        if modality != self.sabotage.trouble.modality() {
            return None;
        }
        let span = moment.of(modality).as_ref().ok()?.span;
        let looks: Vec<Timestamp> = match modality {
            Modality::Face => self.faces_until(span.end),
            Modality::Voice => every(LOOK, span.start.max(Timestamp::ZERO), span.end),
            Modality::Words => vec![span.end],
        };
        let on = looks.iter().filter(|at| self.sabotage.bursts.is_on(**at)).count();
        (on == 0 || on as f32 >= SPOILT * looks.len() as f32).then_some(on > 0)
    }

    fn faces_until(&self, end: Timestamp) -> Vec<Timestamp> {
        let until = self.faces.partition_point(|at| *at <= end);
        let mut looks: Vec<Timestamp> = Vec::new();
        for at in self.faces.iter().take(until).rev() {
            let is_next = looks.last().is_none_or(|next| next.since(*at) <= LOST);
            if !is_next || end.since(*at) > self.face_window {
                break;
            }
            looks.push(*at);
        }
        looks
    }
}

fn every(step: Duration, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    std::iter::successors(Some(from), |at| Some(*at + step)).take_while(|at| *at <= until).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::capture::sabotage::Bursts;

    #[test]
    fn a_face_rests_on_those_since_it_was_last_lost() {
        let secs = Timestamp::from_secs;
        let sabotage =
            Sabotage { trouble: Trouble::Dark, snr_db: 0.0, bursts: Bursts::always(), voices: Arc::default(), seed: 0 };
        let faces = [0.0, 0.1, 0.2, 1.0, 1.1, 1.2].map(secs).to_vec();
        let rests = Rests { sabotage: &sabotage, faces, face_window: Duration::from_secs(2) };

        assert_eq!(rests.faces_until(secs(1.1)), [1.1, 1.0].map(secs));
        assert_eq!(rests.faces_until(secs(0.2)).len(), 3);
        let short = Rests { face_window: Duration::from_millis(150), ..rests };
        assert_eq!(short.faces_until(secs(1.2)), [1.2, 1.1].map(secs));
    }

    #[test]
    fn a_stretch_is_looked_at_from_end_to_end() {
        let looks = every(LOOK, Timestamp::ZERO, Timestamp::from_secs(0.3));

        assert_eq!(looks.len(), 4);
    }
}
