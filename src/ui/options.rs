//! What a person can set in the window.

use serde::Deserialize;
use serde::Serialize;

use crate::pipeline::FusionKind;
use crate::pipeline::Pick;

/// The window's own settings. They act at once and are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the settings")]
pub struct Options {
    /// What draws the window; a change of it counts from the next start.
    pub renderer: Renderer,
    /// Dark or light.
    pub theme: Theme,
    /// How much larger than usual everything is drawn, 0.75..=2.
    pub scale: f32,
    /// Whether the picture is a mirror.
    pub mirrored: bool,
    /// Whether the points of the face are drawn.
    pub landmarks: bool,
    /// Whether the crop that the network sees is drawn.
    pub crop: bool,
    /// How much of the past the timeline shows, seconds; 0 is the whole session.
    pub timeline_secs: f32,
    /// How long the trail in the plane is, seconds.
    pub trail_secs: f32,
    /// How likely the likeliest label must be to be called a clear reading, 0..=1.
    pub clear_from: f32,
    /// Panels that aren't shown.
    pub hidden: Vec<Panel>,
    /// Whether the first words have been shown: before that no device is opened.
    pub welcomed: bool,
    /// The camera last chosen.
    pub camera: Pick,
    /// The microphone last chosen.
    pub microphone: Pick,
    /// The fusion last chosen.
    pub fusion: FusionPick,
    /// What the keys 1 to 9 mark while a session is recorded.
    pub markers: Vec<String>,
    /// The participant last recorded: what the next recording is offered.
    pub participant: String,
    /// The task last recorded.
    pub task: String,
}

/// What the keys 1 to 9 mark, unless the settings say otherwise.
const MARKERS: [&str; 9] =
    ["task starts", "task ends", "stimulus", "response", "question", "answer", "interruption", "error", "other"];

impl Default for Options {
    fn default() -> Self {
        Self {
            renderer: Renderer::Auto,
            theme: Theme::Dark,
            scale: 1.0,
            mirrored: true,
            landmarks: false,
            crop: false,
            timeline_secs: 60.0,
            trail_secs: 20.0,
            clear_from: 0.45,
            hidden: Vec::new(),
            welcomed: false,
            camera: Pick::Default,
            microphone: Pick::Default,
            fusion: FusionPick::Default,
            markers: MARKERS.map(str::to_owned).to_vec(),
            participant: "P01".to_owned(),
            task: String::new(),
        }
    }
}

impl Options {
    /// The shortest stretch that the timeline shows, seconds.
    pub const TIMELINE_MIN_SECS: f32 = 10.0;

    /// The same with every number drawn into its range.
    #[must_use]
    pub fn checked(mut self) -> Self {
        let or = |value: f32, otherwise: f32| if value.is_finite() { value } else { otherwise };
        self.markers.truncate(MARKERS.len());
        self.scale = or(self.scale, 1.0).clamp(0.75, 2.0);
        self.trail_secs = or(self.trail_secs, 20.0).clamp(0.0, 120.0);
        self.clear_from = or(self.clear_from, 0.45).clamp(0.0, 1.0);
        self.timeline_secs = or(self.timeline_secs, 60.0);
        self.timeline_secs =
            if self.timeline_secs <= 0.0 { 0.0 } else { self.timeline_secs.max(Self::TIMELINE_MIN_SECS) };
        self
    }

    /// Whether `panel` is shown.
    #[must_use]
    pub fn shows(&self, panel: Panel) -> bool {
        !self.hidden.contains(&panel)
    }

    /// Shows what is hidden and hides what is shown.
    pub fn toggle(&mut self, panel: Panel) {
        if self.shows(panel) {
            self.hidden.push(panel);
        } else {
            self.hidden.retain(|hidden| *hidden != panel);
        }
    }
}

/// Which fusion answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FusionPick {
    /// The one of the settings of the stages.
    #[default]
    Default,
    /// This one.
    #[serde(untagged)]
    Of(FusionKind),
}

impl FusionPick {
    /// The one that was chosen, or `otherwise`.
    #[must_use]
    pub const fn or(self, otherwise: FusionKind) -> FusionKind {
        match self {
            Self::Default => otherwise,
            Self::Of(kind) => kind,
        }
    }
}

/// What draws the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Renderer {
    /// The graphics chip; the processor, where there is none.
    #[default]
    Auto,
    /// The graphics chip, or a driver that pretends to be one.
    Graphics,
    /// The processor.
    Software,
}

/// Dark or light.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

impl Theme {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }
}

/// A panel that can be hidden. The plane can't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Panel {
    /// The picture.
    Picture,
    /// The emotions, and what they rest on.
    Readings,
    /// The timeline.
    Timeline,
    /// What was said.
    Transcript,
}

impl Panel {
    /// All, in the order of their keys F1 to F4.
    pub const ALL: [Self; 4] = [Self::Picture, Self::Readings, Self::Timeline, Self::Transcript];

    /// Its name on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Readings => "emotions and what they rest on",
            Self::Timeline => "timeline",
            Self::Transcript => "transcript",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_ones_are_the_defaults() {
        let documented = include_str!("../settings.toml");
        let (_, window) = documented.split_once("[window]\n").unwrap();
        let text: String = window.lines().flat_map(|line| [line.trim_start_matches("# "), "\n"]).collect();

        assert_eq!(toml::from_str::<Options>(&text).unwrap(), Options::default());
        let keys = toml::Table::try_from(Options::default()).unwrap();
        assert!(keys.keys().all(|key| window.contains(&format!("# {key} = "))), "{keys:?}");
    }

    #[test]
    fn options_survive_a_file_and_refuse_what_they_do_not_know() {
        let mut options =
            Options { theme: Theme::Light, renderer: Renderer::Software, timeline_secs: 0.0, ..Options::default() };
        options.fusion = FusionPick::Of(FusionKind::Concatenation);
        options.toggle(Panel::Transcript);

        let text = toml::to_string(&options).unwrap();

        assert_eq!(toml::from_str::<Options>(&text).unwrap(), options);
        assert_eq!(toml::from_str::<Options>("").unwrap(), Options::default());
        assert!(toml::from_str::<Options>("colour = 1").is_err());
        assert!(toml::from_str::<Options>("fusion = \"early\"").is_err());
    }

    #[test]
    fn numbers_out_of_range_are_drawn_into_it() {
        let options = Options { scale: f32::NAN, clear_from: 7.0, timeline_secs: 1.0, ..Options::default() }.checked();

        assert_eq!((options.scale, options.clear_from, options.timeline_secs), (1.0, 1.0, 10.0));
    }
}
