//! A film's faces, found and read by two threads.

use std::thread;

use crossbeam_channel::Receiver;
use crossbeam_channel::Sender;
use crossbeam_channel::bounded;

use crate::capture::media;
use crate::capture::sabotage::Sabotage;
use crate::condition::face::Tracker;
use crate::encode::FaceEncoder;
use crate::encode::FaceReader;
use crate::model::ModelError;
use crate::signal::Absence;
use crate::signal::Evidence;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::time::Span;
use crate::time::Timestamped;

/// What a film tells of its faces.
pub(super) enum FaceNote {
    Seen { view: Box<Timestamped<FaceView>>, presence: Result<Evidence, Absence>, is_other: bool },
    Damage(String),
}

/// A frame in which a face was looked for, or what is wrong with the rest of the film.
enum Looked {
    At { view: Box<FaceView>, span: Span, seq: u64 },
    Damage(String),
}

/// Frames that are looked at ahead of those that are read.
const LOOKED_AHEAD: usize = 2;

/// Finds and reads the faces of a film, each on a thread of its own: the one is at a frame while the other is at those before.
pub(super) fn watch(
    film: media::VideoReader,
    face: &mut FaceEncoder,
    sabotage: Option<&Sabotage>,
    out: &Sender<FaceNote>,
) -> Result<(), ModelError> {
    face.restart();
    let (tracker, reader) = face.halves();
    let (looked_out, looked_in) = bounded(LOOKED_AHEAD);
    let (used_out, used_in) = bounded(LOOKED_AHEAD + 2);
    thread::scope(|scope| {
        let looking = scope.spawn(move || look(film, tracker, sabotage, &used_in, &looked_out));
        let read = read_faces(reader, &looked_in, &used_out, out);
        // Whoever still looks finds nobody to tell.
        drop((looked_in, used_out));
        match looking.join() {
            Ok(looked) => read.and(looked),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn look(
    mut film: media::VideoReader,
    tracker: &mut Tracker,
    sabotage: Option<&Sabotage>,
    used: &Receiver<Box<FaceView>>,
    out: &Sender<Looked>,
) -> Result<(), ModelError> {
    let mut trouble = sabotage.map(|sabotage| (sabotage, sabotage.picture()));
    for seq in 0.. {
        let mut view = used.try_recv().unwrap_or_default();
        let looked = match film.next(&mut view.frame) {
            Ok(Some(span)) => {
                match trouble.as_mut() {
                    Some((sabotage, picture)) if sabotage.bursts.is_on(span.start) => picture.spoil(&mut view.frame),
                    Some((_, picture)) => picture.release(),
                    None => {}
                }
                tracker.look(&mut view, span.end)?;
                Looked::At { view, span, seq }
            }
            Ok(None) => break,
            Err(error) => Looked::Damage(error.to_string()),
        };
        let is_last = matches!(looked, Looked::Damage(_));
        if out.send(looked).is_err() || is_last {
            break;
        }
    }
    Ok(())
}

fn read_faces(
    reader: &mut FaceReader,
    looked: &Receiver<Looked>,
    used: &Sender<Box<FaceView>>,
    out: &Sender<FaceNote>,
) -> Result<(), ModelError> {
    for looked in looked {
        let note = match looked {
            Looked::At { mut view, span, seq } => {
                let outcome = reader.read(&mut view, span)?;
                let frame = std::mem::take(&mut view.frame);
                let seen = Box::new(Timestamped::new(span, seq, FaceView { crop: Frame::default(), ..*view }));
                used.try_send(Box::new(FaceView { frame, ..FaceView::default() })).ok();
                FaceNote::Seen { view: seen, presence: outcome.presence, is_other: outcome.afresh.is_some() }
            }
            Looked::Damage(message) => FaceNote::Damage(message),
        };
        if out.send(note).is_err() {
            break;
        }
    }
    Ok(())
}
