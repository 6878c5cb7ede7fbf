//! Which device, and how it is doing.

/// Which device to take.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The system's default.
    #[default]
    Default,
    /// The one of this name, as [`devices`](crate::capture::devices) lists it.
    Named(String),
    /// None.
    Off,
}

/// How a source is doing, in words that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceState {
    /// None was asked for.
    Off,
    /// Being opened.
    Opening,
    /// Gives data.
    Running {
        /// Its name.
        name: String,
        /// Its form: "1280×720, 30 fps", "48 kHz, 2 channels".
        form: String,
    },
    /// Open, but gives nothing or only digital silence: what to look at.
    Silent {
        /// What is seen, and what to do.
        message: String,
    },
    /// Can't be opened; tried again every second.
    Failed {
        /// Why, and what to do.
        message: String,
    },
    /// Was there and is gone; tried again every second.
    Lost {
        /// Why, and what to do.
        message: String,
    },
    /// A recording that has come to its end.
    Ended,
}
