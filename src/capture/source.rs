//! Which device, and how it is doing.

use std::fmt;
use std::time::Duration;

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

impl fmt::Display for SourceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Opening => f.write_str("opening"),
            Self::Running { name, form } => write!(f, "running: {name}, {form}"),
            Self::Silent { message } => write!(f, "silent: {message}"),
            Self::Failed { message } => write!(f, "failed: {message}"),
            Self::Lost { message } => write!(f, "lost: {message}"),
            Self::Ended => f.write_str("ended"),
        }
    }
}

/// Runs a job on a thread of its own.
///
/// Drivers may never return, and nothing but their return frees the thread that called them. So a source that waits
/// for one asks its caller for a thread that it can leave behind.
pub type Start<'a> = &'a dyn Fn(Box<dyn FnOnce() + Send + 'static>) -> std::io::Result<()>;

/// How long a source that failed or was lost waits before it is tried again.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

/// Reports a state to whoever shows it, once each.
pub(crate) struct Reporter<'a> {
    report: &'a mut dyn FnMut(SourceState),
    last: Option<SourceState>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(report: &'a mut dyn FnMut(SourceState)) -> Self {
        Self { report, last: None }
    }

    /// Reports `state`, unless it is the one reported last.
    pub(crate) fn say(&mut self, state: SourceState) {
        if self.last.as_ref() != Some(&state) {
            self.last = Some(state.clone());
            (self.report)(state);
        }
    }

    /// Reports that another device is picked: what was said of the one before counts no more.
    pub(crate) fn repicked(&mut self) {
        self.last = None;
    }

    /// Reports that a device is being opened, unless what was said last is that it failed or was lost: a retry
    /// doesn't take that message away.
    pub(crate) fn opening(&mut self) {
        if !matches!(self.last, Some(SourceState::Failed { .. } | SourceState::Lost { .. })) {
            self.say(SourceState::Opening);
        }
    }

    /// Reports that a device can't be opened, and why.
    pub(crate) fn failed(&mut self, message: String) {
        self.say(SourceState::Failed { message });
    }

    /// Reports that no such device is there; one that ran before stays lost until it is back.
    pub(crate) fn absent(&mut self, message: String) {
        if !matches!(self.last, Some(SourceState::Lost { .. })) {
            self.failed(message);
        }
    }

    /// Reports that a device that ran is gone.
    pub(crate) fn lost(&mut self, message: String) {
        self.say(SourceState::Lost { message });
    }
}
