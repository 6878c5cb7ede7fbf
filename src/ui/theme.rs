//! Every colour of the window, by meaning. No other file names one.
//!
//! The hues are Okabe and Ito's, which stay apart for the colour-blind; the light theme darkens them until they can
//! be seen on white.

#![expect(clippy::disallowed_methods, reason = "the one file that names colours")]

use egui::Color32;
use egui::CornerRadius;
use egui::FontFamily;
use egui::FontId;
use egui::Stroke;
use egui::TextStyle;
use egui::Visuals;
use egui::style::WidgetVisuals;

use crate::signal::Modality;
use crate::ui::Theme;

/// One theme.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// Which.
    pub theme: Theme,
    /// Behind everything.
    pub background: Color32,
    /// A panel.
    pub card: Color32,
    /// A panel's edge, and lines that only part things.
    pub edge: Color32,
    /// The disc of the plane.
    pub disc: Color32,
    /// Axes and the disc's rim.
    pub axis: Color32,
    /// Words.
    pub text: Color32,
    /// Words that matter less.
    pub muted: Color32,
    /// What can be pressed.
    pub control: Color32,
    /// What can be pressed, under the pointer.
    pub control_hovered: Color32,
    /// What is chosen.
    pub chosen: Color32,
    /// The face.
    pub face: Color32,
    /// The voice.
    pub voice: Color32,
    /// The words.
    pub words: Color32,
    /// Valence.
    pub valence: Color32,
    /// Arousal.
    pub arousal: Color32,
    /// The point of this instant, its trail and its doubt.
    pub now: Color32,
    /// What it would be without one modality.
    pub without: Color32,
    /// Failures, and nothing else.
    pub alert: Color32,
    /// What is as it should be. Always beside a word that says so.
    pub good: Color32,
    /// What is to be looked at. Always beside a word that says so.
    pub doubtful: Color32,
    /// The light that says that somebody is recorded.
    pub record: Color32,
    /// Words on that light.
    pub on_record: Color32,
    /// The band that says that nobody real is read.
    pub banner: Color32,
    /// Words on the band.
    pub banner_text: Color32,
    /// Behind a picture.
    pub behind_picture: Color32,
    /// Marks on a picture.
    pub on_picture: Color32,
}

static DARK: Palette = Palette {
    theme: Theme::Dark,
    background: Color32::from_rgb(0x0E, 0x11, 0x15),
    card: Color32::from_rgb(0x17, 0x1B, 0x21),
    edge: Color32::from_rgb(0x2B, 0x32, 0x3B),
    disc: Color32::from_rgb(0x1E, 0x24, 0x2C),
    axis: Color32::from_rgb(0x4A, 0x55, 0x63),
    text: Color32::from_rgb(0xEC, 0xEF, 0xF3),
    muted: Color32::from_rgb(0xA4, 0xAE, 0xBB),
    control: Color32::from_rgb(0x26, 0x2D, 0x36),
    control_hovered: Color32::from_rgb(0x35, 0x3E, 0x4A),
    chosen: Color32::from_rgb(0x2C, 0x4A, 0x66),
    face: Color32::from_rgb(0xE6, 0x9F, 0x00),
    voice: Color32::from_rgb(0x56, 0xB4, 0xE9),
    words: Color32::from_rgb(0x00, 0xAE, 0x80),
    valence: Color32::from_rgb(0xD6, 0x86, 0xB3),
    arousal: Color32::from_rgb(0xF0, 0xE4, 0x42),
    now: Color32::from_rgb(0xFA, 0xFB, 0xFD),
    without: Color32::from_rgb(0xD6, 0xDB, 0xE2),
    alert: Color32::from_rgb(0xFF, 0x76, 0x6B),
    good: Color32::from_rgb(0x5B, 0xD0, 0x8A),
    doubtful: Color32::from_rgb(0xF2, 0xB8, 0x4B),
    record: Color32::from_rgb(0xC6, 0x1C, 0x1C),
    on_record: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    banner: Color32::from_rgb(0xF0, 0xE4, 0x42),
    banner_text: Color32::from_rgb(0x10, 0x10, 0x10),
    behind_picture: Color32::from_rgb(0x08, 0x0A, 0x0C),
    on_picture: Color32::from_rgb(0xFF, 0xFF, 0xFF),
};

static LIGHT: Palette = Palette {
    theme: Theme::Light,
    background: Color32::from_rgb(0xEA, 0xED, 0xF1),
    card: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    edge: Color32::from_rgb(0xD3, 0xD9, 0xE0),
    disc: Color32::from_rgb(0xF3, 0xF5, 0xF8),
    axis: Color32::from_rgb(0xA9, 0xB3, 0xBF),
    text: Color32::from_rgb(0x17, 0x1B, 0x20),
    muted: Color32::from_rgb(0x50, 0x5A, 0x66),
    control: Color32::from_rgb(0xE6, 0xEA, 0xEF),
    control_hovered: Color32::from_rgb(0xD7, 0xDE, 0xE6),
    chosen: Color32::from_rgb(0xC6, 0xDE, 0xF2),
    face: Color32::from_rgb(0xBA, 0x6B, 0x00),
    voice: Color32::from_rgb(0x1F, 0x7F, 0xBD),
    words: Color32::from_rgb(0x00, 0x7D, 0x5B),
    valence: Color32::from_rgb(0xB0, 0x44, 0x80),
    arousal: Color32::from_rgb(0x7A, 0x72, 0x00),
    now: Color32::from_rgb(0x12, 0x15, 0x1A),
    without: Color32::from_rgb(0x3A, 0x43, 0x4F),
    alert: Color32::from_rgb(0xB4, 0x23, 0x18),
    good: Color32::from_rgb(0x1E, 0x7D, 0x45),
    doubtful: Color32::from_rgb(0x9A, 0x67, 0x00),
    record: Color32::from_rgb(0xC6, 0x1C, 0x1C),
    on_record: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    banner: Color32::from_rgb(0xF0, 0xE4, 0x42),
    banner_text: Color32::from_rgb(0x10, 0x10, 0x10),
    behind_picture: Color32::from_rgb(0x1B, 0x1F, 0x25),
    on_picture: Color32::from_rgb(0xFF, 0xFF, 0xFF),
};

/// How much of a colour is left in a band of doubt.
const BAND: f32 = 0.26;

impl Palette {
    /// The table's row for `theme`.
    #[must_use]
    pub fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }

    /// The hue of one modality, the same everywhere.
    #[must_use]
    pub const fn modality(&self, modality: Modality) -> Color32 {
        match modality {
            Modality::Face => self.face,
            Modality::Voice => self.voice,
            Modality::Words => self.words,
        }
    }

    /// A colour as a band of doubt.
    #[must_use]
    pub fn band(colour: Color32) -> Color32 {
        colour.gamma_multiply(BAND)
    }

    /// Makes `ctx` look like this.
    pub fn apply(&self, ctx: &egui::Context) {
        let theme = match self.theme {
            Theme::Dark => egui::Theme::Dark,
            Theme::Light => egui::Theme::Light,
        };
        ctx.set_theme(theme);
        ctx.set_visuals_of(theme, self.visuals());
        ctx.all_styles_mut(|style| {
            let proportional = |size| FontId::new(size, FontFamily::Proportional);
            style.text_styles.insert(TextStyle::Small, proportional(11.5));
            style.text_styles.insert(TextStyle::Body, proportional(13.5));
            style.text_styles.insert(TextStyle::Button, proportional(13.5));
            style.text_styles.insert(TextStyle::Heading, proportional(19.0));
            style.text_styles.insert(TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace));
            style.spacing.item_spacing = egui::vec2(8.0, 5.0);
            style.spacing.button_padding = egui::vec2(8.0, 4.0);
            style.interaction.tooltip_delay = 0.3;
            style.interaction.selectable_labels = false;
        });
    }

    fn visuals(&self) -> Visuals {
        let mut visuals = match self.theme {
            Theme::Dark => Visuals::dark(),
            Theme::Light => Visuals::light(),
        };
        let widget = |fill: Color32, edge: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, edge),
            corner_radius: CornerRadius::same(5),
            fg_stroke: Stroke::new(1.0, self.text),
            expansion: 0.0,
        };
        visuals.widgets.noninteractive = widget(self.card, self.edge);
        visuals.widgets.inactive = widget(self.control, self.edge);
        visuals.widgets.hovered = widget(self.control_hovered, self.axis);
        visuals.widgets.active = widget(self.chosen, self.axis);
        visuals.widgets.open = widget(self.control_hovered, self.axis);
        visuals.override_text_color = None;
        visuals.weak_text_color = Some(self.muted);
        visuals.panel_fill = self.background;
        visuals.window_fill = self.card;
        visuals.window_stroke = Stroke::new(1.0, self.axis);
        visuals.extreme_bg_color = self.background;
        visuals.faint_bg_color = self.disc;
        visuals.code_bg_color = self.background;
        visuals.selection.bg_fill = self.chosen;
        visuals.selection.stroke = Stroke::new(1.0, self.text);
        visuals.hyperlink_color = self.voice;
        visuals.warn_fg_color = self.alert;
        visuals.error_fg_color = self.alert;
        visuals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2's relative luminance.
    fn luminance(colour: Color32) -> f64 {
        let linear = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(one: Color32, other: Color32) -> f64 {
        let (light, dark) = (luminance(one).max(luminance(other)), luminance(one).min(luminance(other)));
        (light + 0.05) / (dark + 0.05)
    }

    #[test]
    fn words_can_be_read_on_everything_that_is_behind_them() {
        for theme in [Theme::Dark, Theme::Light] {
            let palette = Palette::of(theme);
            let grounds = [palette.background, palette.card, palette.disc, palette.control, palette.control_hovered];
            for ground in grounds {
                for words in [palette.text, palette.muted] {
                    assert!(contrast(words, ground) >= 4.5, "{theme:?}: {words:?} on {ground:?}");
                }
            }
            for ground in [palette.background, palette.card] {
                assert!(contrast(palette.alert, ground) >= 4.5, "{theme:?}: alert on {ground:?}");
            }
            assert!(contrast(palette.text, palette.chosen) >= 4.5, "{theme:?}");
            assert!(contrast(palette.banner_text, palette.banner) >= 4.5, "{theme:?}");
            assert!(contrast(palette.on_picture, palette.behind_picture) >= 4.5, "{theme:?}");
        }
    }

    #[test]
    fn marks_can_be_seen_on_panels_and_on_the_disc() {
        for theme in [Theme::Dark, Theme::Light] {
            let palette = Palette::of(theme);
            let marks = [
                palette.face,
                palette.voice,
                palette.words,
                palette.valence,
                palette.arousal,
                palette.now,
                palette.without,
                palette.alert,
                palette.good,
                palette.doubtful,
            ];
            for mark in marks {
                for ground in [palette.background, palette.card, palette.disc] {
                    let seen = contrast(mark, ground);
                    assert!(seen >= 3.0, "{theme:?}: {mark:?} on {ground:?} is {seen:.2}");
                }
            }
        }
    }

    #[test]
    fn the_banner_stands_out_from_the_rest_of_the_dark_window() {
        let palette = Palette::of(Theme::Dark);

        assert!(contrast(palette.banner, palette.background) >= 7.0);
    }

    #[test]
    fn no_other_file_names_a_colour() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui");
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("theme.rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    assert!(!text.contains("Color32::"), "{}", path.display());
                }
            }
        }
    }
}
