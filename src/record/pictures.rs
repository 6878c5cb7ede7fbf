//! What could be seen, as far as it was kept: pictures of the camera, or the crops that the networks got.

use crate::record::recorder::unpack;
use crate::record::streams;
use crate::record::track::Track;
use crate::session::Consent;
use crate::session::Item;
use crate::session::Session;
use crate::session::SessionError;
use crate::signal::FaceBox;
use crate::signal::FaceQuality;
use crate::signal::FaceView;
use crate::signal::Landmark;
use crate::time::Span;
use crate::time::Timestamp;

/// The pictures of a session, found by their time.
#[derive(Debug)]
pub struct Pictures {
    frames: Option<Track>,
    crops: Option<Track>,
    seen: Option<Seen>,
}

/// What was seen at a time.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// When.
    pub span: Span,
    /// Its place in its stream.
    pub seq: u64,
    /// The frame, if pictures were kept; the crop, box, landmarks and presence of the face, if crops were and one was found.
    /// Nothing else.
    pub view: FaceView,
}

impl Pictures {
    /// The pictures of a session; of some there are none.
    ///
    /// # Errors
    ///
    /// If a file can't be read.
    pub fn open(session: &Session) -> Result<Self, SessionError> {
        let frames = Track::open(session, Consent::Video, streams::PICTURE)?;
        let crops = Track::open(session, Consent::Inputs, streams::CROP)?;
        Ok(Self { frames, crops, seen: None })
    }

    /// Whether pictures of the camera were kept.
    #[must_use]
    pub const fn has_frames(&self) -> bool {
        self.frames.is_some()
    }

    /// Whether crops were kept.
    #[must_use]
    pub const fn has_crops(&self) -> bool {
        self.crops.is_some()
    }

    /// What was last seen at `at`; `None` where nothing was seen in the seconds before, or nothing was kept.
    ///
    /// # Errors
    ///
    /// If the system refuses. A picture that is damaged has no pixels.
    pub fn at(&mut self, at: Timestamp) -> Result<Option<&Seen>, SessionError> {
        let frame = match &mut self.frames {
            Some(frames) => frames.at(at)?,
            None => None,
        };
        // The face of the very picture.
        let time = frame.map_or(at, |frame| frame.span.end);
        let crop = match &mut self.crops {
            Some(crops) => crops.at(time)?,
            None => None,
        };
        let crop = crop.filter(|crop| frame.is_none_or(|frame| frame.seq == crop.seq));
        let Some((span, seq)) = frame.or(crop).map(|item| (item.span, item.seq)) else {
            self.seen = None;
            return Ok(None);
        };
        if self.seen.as_ref().is_none_or(|seen| (seen.span, seen.seq) != (span, seq)) {
            let mut view = crop.map(of_crop).unwrap_or_default();
            if let Some(frame) = frame {
                view.frame = unpack(&frame.bytes).unwrap_or_default();
            }
            self.seen = Some(Seen { span, seq, view });
        }
        Ok(self.seen.as_ref())
    }
}

fn of_crop(item: &Item) -> FaceView {
    let Some((&[presence, x, y, width, height], points)) = item.values.split_first_chunk::<5>() else {
        return FaceView::default();
    };
    FaceView {
        face: Some(FaceBox { x, y, width, height }),
        quality: FaceQuality { presence, ..FaceQuality::default() },
        landmarks: points.as_chunks::<3>().0.iter().map(|&[x, y, z]| Landmark { x, y, z }).collect(),
        crop: unpack(&item.bytes).unwrap_or_default(),
        ..FaceView::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made;
    use crate::record::made::Made;

    fn pictures(consent: Consent) -> Pictures {
        let folder = tempfile::tempdir().unwrap();
        let made = Made { consent, ..Made::default() };
        let session = Session::open(&made::write(folder.path(), &made).unwrap()).unwrap();
        Pictures::open(&session).unwrap()
    }

    fn at(secs: f64) -> Timestamp {
        Timestamp::from_secs(12.5 + secs)
    }

    #[test]
    fn the_picture_of_a_time_is_the_newest_before_it_and_has_the_face_of_that_very_picture() {
        let mut pictures = pictures(Consent::Video);

        for secs in [3.0, 3.02, 9.0, 2.0, 2.04, 19.5, 0.5] {
            let seen = pictures.at(at(secs)).unwrap().unwrap();
            let age = at(secs).since(seen.span.end).as_secs_f64();
            assert!(seen.span.end <= at(secs) && age < 0.045, "{secs}: {age}");
            assert_eq!((seen.view.frame.width, seen.view.crop.width), (320, 112), "{secs}");
            assert_eq!(seen.view.landmarks.len(), 478);
        }
    }

    #[test]
    fn without_pictures_there_is_the_crop_and_without_that_there_is_nothing() {
        let mut crops = pictures(Consent::Inputs);
        let seen = crops.at(at(3.0)).unwrap().unwrap();
        assert_eq!((seen.view.frame.is_whole(), seen.view.crop.is_whole()), (false, true));
        let nobody = crops.at(at(12.0)).unwrap().unwrap();
        assert_eq!((nobody.view.face, nobody.view.crop.is_whole()), (None, false));

        let mut none = pictures(Consent::Words);
        assert!(none.at(at(3.0)).unwrap().is_none());
        assert!(!none.has_frames() && !none.has_crops());
    }

    #[test]
    fn before_the_session_and_after_it_nothing_was_seen() {
        let mut pictures = pictures(Consent::Video);

        assert!(pictures.at(at(-3.0)).unwrap().is_none());
        assert!(pictures.at(at(60.0)).unwrap().is_none());
        assert!(pictures.at(at(3.0)).unwrap().is_some());
    }
}
