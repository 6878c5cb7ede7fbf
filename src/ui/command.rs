//! What a panel asks for. The app carries it out.

use std::path::PathBuf;

use crate::pipeline::Command;
use crate::pipeline::SourceChoice;
use crate::pipeline::Spoil;
use crate::signal::Modality;
use crate::ui::LibraryCommand;
use crate::ui::Options;
use crate::ui::Panel;
use crate::ui::ReplayCommand;

/// What a person asked for at the window.
#[derive(Debug, Clone, PartialEq)]
pub enum WindowCommand {
    /// Tell the pipeline.
    Tell(Command),
    /// Read from here instead.
    Open(SourceChoice),
    /// Look which devices there are.
    ListDevices,
    /// Hold the view still, or let it go on.
    Hold,
    /// Start afresh with this person.
    Afresh,
    /// Freeze what is known of the person, or go on learning.
    Freeze,
    /// Show a panel or hide it.
    Toggle(Panel),
    /// Show the points of the face, or don't.
    Landmarks,
    /// Show the crop that the network sees, or don't.
    Crop,
    /// Let the next of the fusions that are there answer.
    NextFusion,
    /// Show what it would be without this modality, or don't.
    Without(Modality),
    /// Fill the screen, or don't.
    FullScreen,
    /// The other theme.
    Theme,
    /// Open a sheet, or close it.
    Sheet(Sheet),
    /// Close whatever lies over the panels.
    Close,
    /// Show so many seconds of the past; 0 is the whole session.
    Timeline(f32),
    /// Spoil the input on purpose in these ways, and in no others.
    Spoil(Vec<Spoil>),
    /// Begin the check of the participant's baseline.
    BeginCheck,
    /// End it; nothing of it is kept.
    StopCheck,
    /// Read as if nothing were known of the person, or against what is usual for them.
    Raw,
    /// Record a session of whom the form says.
    Record,
    /// Keep nothing for a while, or go on.
    PauseRecording,
    /// Take the last minute off the disk.
    ForgetLast,
    /// End the recording.
    StopRecording,
    /// Mark this moment with the name of a key, 1 to 9.
    MarkKey(u8),
    /// That a recording was saved has been read.
    ReadSaved,
    /// Mark this moment with what was typed.
    MarkText,
    /// Mark what happened in the last half minute.
    MarkLately,
    /// Begin a stretch that doesn't count, or end it.
    Exclude,
    /// Take these settings.
    Set(Box<Options>),
    /// Put this text on the clipboard.
    Copy(String),
    /// Look at the recorded session in this folder.
    OpenSession(PathBuf),
    /// Do this in the session that is looked at.
    Replay(ReplayCommand),
    /// Do this with the recorded sessions.
    Library(LibraryCommand),
}

/// What can lie over the panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// Where the input comes from.
    Sources,
    /// Settings.
    Settings,
    /// Trouble made on purpose.
    Sabotage,
    /// All keys.
    Help,
    /// The recorded sessions.
    Library,
    /// The markers of the session that is looked at.
    Markers,
    /// Another fusion's answers to it.
    Compare,
    /// Whom a recording is of and what is kept; while one runs, how it is doing.
    Record,
    /// A marker's words.
    Mark,
    /// The check of a participant's baseline.
    Baseline,
}
