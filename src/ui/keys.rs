//! The keys, in one table that the help shows too.

use egui::Key;

use crate::signal::Modality;
use crate::ui::Panel;
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
}

/// All keys, in the order of the help.
pub static BINDINGS: [Binding; 24] = [
    bind(Key::Space, "Space", "hold the view still (nothing else stops)", WindowCommand::Hold),
    bind(Key::L, "L", "points of the face on the picture", WindowCommand::Landmarks),
    bind(Key::V, "V", "what it would be without the voice", WindowCommand::Without(Modality::Voice)),
    bind(Key::B, "B", "what it would be without the face", WindowCommand::Without(Modality::Face)),
    bind(Key::N, "N", "what it would be without the words", WindowCommand::Without(Modality::Words)),
    bind(Key::G, "G", "the next fusion: gated, concatenation, late", WindowCommand::NextFusion),
    bind(Key::A, "A", "start afresh with this person", WindowCommand::Afresh),
    bind(Key::Z, "Z", "freeze what is known of this person, or learn on", WindowCommand::Freeze),
    bind(Key::X, "X", "trouble made on purpose, and what it does", WindowCommand::Sheet(Sheet::Sabotage)),
    bind(Key::R, "R", "record a session; while one runs, how it is doing", WindowCommand::Sheet(Sheet::Record)),
    bind(Key::P, "P", "pause the recording, or go on", WindowCommand::PauseRecording),
    bind(Key::M, "M", "mark this moment with words", WindowCommand::Sheet(Sheet::Mark)),
    bind(Key::K, "K", "mark what happened in the last 30 s", WindowCommand::MarkLately),
    bind(Key::E, "E", "begin a stretch that doesn't count, or end it", WindowCommand::Exclude),
    bind(Key::Backspace, "⌫", "forget the last 60 s of the recording: gone from the disk", WindowCommand::ForgetLast),
    bind(Key::F1, "F1", "picture", WindowCommand::Toggle(Panel::Picture)),
    bind(Key::F2, "F2", "emotions and what they rest on", WindowCommand::Toggle(Panel::Readings)),
    bind(Key::F3, "F3", "timeline", WindowCommand::Toggle(Panel::Timeline)),
    bind(Key::F4, "F4", "transcript", WindowCommand::Toggle(Panel::Transcript)),
    bind(Key::F, "F", "fill the screen", WindowCommand::FullScreen),
    bind(Key::T, "T", "dark or light", WindowCommand::Theme),
    bind(Key::Comma, ",", "settings", WindowCommand::Sheet(Sheet::Settings)),
    bind(Key::Questionmark, "?", "all keys", WindowCommand::Sheet(Sheet::Help)),
    bind(Key::Escape, "Esc", "close settings and help", WindowCommand::Close),
];

/// What marks by name.
const MARKER_KEYS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

const fn bind(key: Key, name: &'static str, does: &'static str, command: WindowCommand) -> Binding {
    Binding { key, name, does, command }
}

/// What was asked for by keys since the last picture; nothing while somebody types.
pub fn pressed(ctx: &egui::Context) -> Vec<WindowCommand> {
    if ctx.egui_wants_keyboard_input() {
        return Vec::new();
    }
    ctx.input(|input| {
        input
            .events
            .iter()
            .filter_map(|event| match event {
                egui::Event::Key { key, pressed: true, repeat: false, modifiers, .. }
                    if !modifiers.ctrl && !modifiers.alt && !modifiers.command =>
                {
                    command_of(*key, modifiers.shift)
                }
                _ => None,
            })
            .collect()
    })
}

fn command_of(key: Key, shift: bool) -> Option<WindowCommand> {
    // Some keyboards give the question mark as a shifted slash.
    let key = if key == Key::Slash && shift { Key::Questionmark } else { key };
    if let Some(number) = MARKER_KEYS.iter().position(|one| *one == key) {
        return Some(WindowCommand::MarkKey(number as u8 + 1));
    }
    BINDINGS.iter().find(|binding| binding.key == key).map(|binding| binding.command.clone())
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
    }

    #[test]
    fn each_modality_can_be_left_out_by_key() {
        for (key, modality) in [(Key::V, Modality::Voice), (Key::B, Modality::Face), (Key::N, Modality::Words)] {
            assert_eq!(command_of(key, false), Some(WindowCommand::Without(modality)));
        }
    }

    #[test]
    fn a_shifted_slash_is_a_question_mark() {
        assert_eq!(command_of(Key::Slash, true), Some(WindowCommand::Sheet(Sheet::Help)));
        assert_eq!(command_of(Key::Slash, false), None);
    }
}
