//! The keys, in one table that the help shows too.

use egui::Key;

use crate::signal::Modality;
use crate::ui::MarkerCommand;
use crate::ui::Panel;
use crate::ui::ReplayCommand;
use crate::ui::Sheet;
use crate::ui::WindowCommand;

/// One key: its name, what it does in words, and what it asks for.
pub struct Binding {
    /// The key.
    pub key: Key,
    /// Its name on the screen.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What it asks for.
    pub command: WindowCommand,
    /// Whether it is with Shift.
    pub shift: bool,
}

/// Whose keys count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Those of what is live.
    Live,
    /// Those of a recorded session, and of the others those that make sense there.
    Replay,
}

/// All keys, in the order of the help.
pub static BINDINGS: [Binding; 27] = [
    bind(Key::Space, "Space", "hold the view still (nothing else stops)", WindowCommand::Hold),
    bind(Key::L, "L", "points of the face on the picture", WindowCommand::Landmarks),
    bind(Key::V, "V", "what it would be without the voice", WindowCommand::Without(Modality::Voice)),
    bind(Key::B, "B", "what it would be without the face", WindowCommand::Without(Modality::Face)),
    bind(Key::N, "N", "what it would be without the words", WindowCommand::Without(Modality::Words)),
    bind(Key::G, "G", "the next fusion: gated, concatenation, late", WindowCommand::NextFusion),
    bind(Key::A, "A", "start afresh with this person", WindowCommand::Afresh),
    bind(Key::Z, "Z", "freeze what is known of this person, or learn on", WindowCommand::Freeze),
    bind(Key::X, "X", "trouble made on purpose, and what it does", WindowCommand::Sheet(Sheet::Sabotage)),
    bind(Key::R, "R", "record a session, or stop the one that runs: then Enter", WindowCommand::Sheet(Sheet::Record)),
    bind(Key::C, "C", "check a participant's baseline, and what it found", WindowCommand::Sheet(Sheet::Baseline)),
    bind(Key::W, "W", "read as if nothing were known of the person, or against it", WindowCommand::Raw),
    bind(Key::P, "P", "pause the recording, or go on", WindowCommand::PauseRecording),
    bind(Key::M, "M", "mark this moment with words", WindowCommand::Sheet(Sheet::Mark)),
    bind(Key::K, "K", "mark what happened in the last 30 s", WindowCommand::MarkLately),
    bind(Key::E, "E", "begin a stretch that doesn't count, or end it", WindowCommand::Exclude),
    bind(
        Key::Backspace,
        "Bksp",
        "forget the last 60 s of the recording: gone from the disk",
        WindowCommand::ForgetLast,
    ),
    bind(Key::F1, "F1", "picture", WindowCommand::Toggle(Panel::Picture)),
    bind(Key::F2, "F2", "emotions and what they rest on", WindowCommand::Toggle(Panel::Readings)),
    bind(Key::F3, "F3", "timeline", WindowCommand::Toggle(Panel::Timeline)),
    bind(Key::F4, "F4", "transcript", WindowCommand::Toggle(Panel::Transcript)),
    bind(Key::F, "F", "fill the screen", WindowCommand::FullScreen),
    bind(Key::T, "T", "dark or light", WindowCommand::Theme),
    bind(Key::O, "O", "the recorded sessions", WindowCommand::Sheet(Sheet::Library)),
    bind(Key::Comma, ",", "settings", WindowCommand::Sheet(Sheet::Settings)),
    bind(Key::Questionmark, "?", "all keys", WindowCommand::Sheet(Sheet::Help)),
    bind(Key::Escape, "Esc", "close settings and help", WindowCommand::Close),
];

/// The keys of a recorded session, in the order of the help. They come before those of what is live.
pub static REPLAY: [Binding; 12] = [
    replay(Key::Space, "Space", "play, or stand still", ReplayCommand::Play),
    replay(Key::ArrowLeft, "←", "1 s back", ReplayCommand::By(-1.0)),
    replay(Key::ArrowRight, "→", "1 s on", ReplayCommand::By(1.0)),
    shifted(Key::ArrowLeft, "Shift ←", "10 s back", ReplayCommand::By(-10.0)),
    shifted(Key::ArrowRight, "Shift →", "10 s on", ReplayCommand::By(10.0)),
    replay(Key::Home, "Home", "to the beginning", ReplayCommand::Begin),
    replay(Key::End, "End", "to the end", ReplayCommand::End),
    replay(Key::OpenBracket, "[", "slower", ReplayCommand::Shift(-1)),
    replay(Key::CloseBracket, "]", "faster (sound is heard at 1× alone)", ReplayCommand::Shift(1)),
    bind(Key::M, "M", "markers: see, correct, add, exclude", WindowCommand::Sheet(Sheet::Markers)),
    replay(
        Key::E,
        "E",
        "a stretch that doesn't count begins here, or ends here",
        ReplayCommand::Marker(MarkerCommand::ExcludeHere),
    ),
    bind(Key::C, "C", "compare with another fusion", WindowCommand::Sheet(Sheet::Compare)),
];

/// What marks by name.
const MARKER_KEYS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

const fn bind(key: Key, name: &'static str, does: &'static str, command: WindowCommand) -> Binding {
    Binding { key, name, does, command, shift: false }
}

const fn replay(key: Key, name: &'static str, does: &'static str, command: ReplayCommand) -> Binding {
    bind(key, name, does, WindowCommand::Replay(command))
}

const fn shifted(key: Key, name: &'static str, does: &'static str, command: ReplayCommand) -> Binding {
    Binding { key, name, does, command: WindowCommand::Replay(command), shift: true }
}

/// Whether something that is asked for makes sense while a recorded session is looked at.
#[must_use]
pub const fn is_of_replay(command: &WindowCommand) -> bool {
    !matches!(
        command,
        WindowCommand::Tell(_)
            | WindowCommand::Hold
            | WindowCommand::Afresh
            | WindowCommand::Freeze
            | WindowCommand::NextFusion
            | WindowCommand::Without(_)
            | WindowCommand::Spoil(_)
            | WindowCommand::Record
            | WindowCommand::PauseRecording
            | WindowCommand::ForgetLast
            | WindowCommand::StopRecording
            | WindowCommand::ReadSaved
            | WindowCommand::MarkKey(_)
            | WindowCommand::MarkText
            | WindowCommand::MarkLately
            | WindowCommand::Exclude
            | WindowCommand::BeginCheck
            | WindowCommand::StopCheck
            | WindowCommand::Raw
            | WindowCommand::Sheet(Sheet::Sabotage | Sheet::Record | Sheet::Mark | Sheet::Baseline)
    )
}

/// What was asked for by keys since the last picture; nothing while somebody types.
pub fn pressed(ctx: &egui::Context, keys: Keys) -> Vec<WindowCommand> {
    if ctx.egui_wants_keyboard_input() {
        return Vec::new();
    }
    ctx.input(|input| {
        input
            .events
            .iter()
            .filter_map(|event| match event {
                egui::Event::Key { key, pressed: true, repeat, modifiers, .. }
                    if !modifiers.ctrl && !modifiers.alt && !modifiers.command =>
                {
                    // Whoever holds an arrow down goes on and on.
                    command_of(*key, modifiers.shift, keys)
                        .filter(|command| !repeat || matches!(command, WindowCommand::Replay(ReplayCommand::By(_))))
                }
                _ => None,
            })
            .collect()
    })
}

fn command_of(key: Key, shift: bool, keys: Keys) -> Option<WindowCommand> {
    // Some keyboards give the question mark as a shifted slash.
    let key = if key == Key::Slash && shift { Key::Questionmark } else { key };
    let of = |bindings: &[Binding]| bindings.iter().find(|one| one.key == key).map(|one| one.command.clone());
    if keys == Keys::Replay {
        let own = REPLAY.iter().find(|one| one.key == key && one.shift == shift).map(|one| one.command.clone());
        return own.or_else(|| of(&BINDINGS).filter(is_of_replay));
    }
    if let Some(number) = MARKER_KEYS.iter().position(|one| *one == key) {
        return Some(WindowCommand::MarkKey(number as u8 + 1));
    }
    of(&BINDINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_bound_once() {
        for (index, binding) in BINDINGS.iter().enumerate() {
            let same = BINDINGS.iter().filter(|other| other.key == binding.key || other.command == binding.command);
            assert_eq!(same.count(), 1, "{} ({index})", binding.name);
        }
        for (index, binding) in REPLAY.iter().enumerate() {
            let is_same = |other: &&Binding| (other.key, other.shift) == (binding.key, binding.shift);
            assert_eq!(REPLAY.iter().filter(is_same).count(), 1, "{} ({index})", binding.name);
        }
    }

    #[test]
    fn in_a_recorded_session_keys_do_what_makes_sense_there() {
        let replay = |command| Some(WindowCommand::Replay(command));

        assert_eq!(command_of(Key::Space, false, Keys::Replay), replay(ReplayCommand::Play));
        assert_eq!(command_of(Key::ArrowLeft, true, Keys::Replay), replay(ReplayCommand::By(-10.0)));
        assert_eq!(command_of(Key::T, false, Keys::Replay), Some(WindowCommand::Theme));
        assert_eq!(command_of(Key::A, false, Keys::Replay), None, "nobody is read");
        assert_eq!(command_of(Key::ArrowLeft, false, Keys::Live), None);
    }

    #[test]
    fn each_modality_can_be_left_out_by_key() {
        for (key, modality) in [(Key::V, Modality::Voice), (Key::B, Modality::Face), (Key::N, Modality::Words)] {
            assert_eq!(command_of(key, false, Keys::Live), Some(WindowCommand::Without(modality)));
        }
    }

    #[test]
    fn a_shifted_slash_is_a_question_mark() {
        assert_eq!(command_of(Key::Slash, true, Keys::Live), Some(WindowCommand::Sheet(Sheet::Help)));
        assert_eq!(command_of(Key::Slash, false, Keys::Live), None);
    }
}
