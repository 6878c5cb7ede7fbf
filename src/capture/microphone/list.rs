//! Which microphones there are, under names for people.

use cpal::HostId;
use cpal::traits::DeviceTrait as _;
use cpal::traits::HostTrait as _;

use super::MicrophoneError;
use crate::capture::Pick;

/// ALSA lists every plug-in of its configuration, most of which aren't microphones or print errors when opened. A card
/// with conversion is what a person means by a device.
const ALSA_CARD: &str = "plughw:";

/// The names of the microphones, each once.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in listed() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The microphone that `pick` means, and its name.
pub(super) fn find(pick: &Pick) -> Result<(String, cpal::Device), MicrophoneError> {
    match pick {
        Pick::Named(wanted) => listed()
            .into_iter()
            .find(|(name, _)| name == wanted)
            .ok_or_else(|| MicrophoneError::Absent { name: wanted.clone() }),
        Pick::Default | Pick::Off => default(),
    }
}

fn default() -> Result<(String, cpal::Device), MicrophoneError> {
    let mut detail = String::new();
    for id in hosts() {
        match cpal::host_from_id(id) {
            Ok(host) => {
                if let Some(device) = host.default_input_device() {
                    return Ok((format!("system default ({})", name_of(&device).unwrap_or_default()), device));
                }
            }
            Err(error) => detail = error.to_string(),
        }
    }
    Err(MicrophoneError::NoDefault { detail })
}

fn listed() -> Vec<(String, cpal::Device)> {
    let mut all = Vec::new();
    for id in hosts() {
        let Ok(host) = cpal::host_from_id(id) else { continue };
        let Ok(devices) = host.input_devices() else { continue };
        for device in devices {
            if let Some(name) = name_of(&device)
                && is_for_people(id, &device)
            {
                all.push((name, device));
            }
        }
    }
    all
}

/// The sound systems that there are.
pub(in crate::capture) fn hosts() -> Vec<HostId> {
    hush();
    cpal::available_hosts()
}

/// From here on what alsa-lib prints on this thread, about plug-ins that can't be opened mostly, goes nowhere: what
/// matters of it comes as an error as well.
fn hush() {
    #[cfg(target_os = "linux")]
    if let Err(error) = alsa::Output::local_error_handler() {
        tracing::debug!(%error, "alsa-lib goes on printing");
    }
}

fn name_of(device: &cpal::Device) -> Option<String> {
    device.description().ok().map(|description| description.name().trim().to_owned())
}

fn is_for_people(host: HostId, device: &cpal::Device) -> bool {
    if !host.name().eq_ignore_ascii_case("alsa") {
        return true;
    }
    device.description().is_ok_and(|description| {
        description.supports_input() && description.driver().is_some_and(|pcm| pcm.starts_with(ALSA_CARD))
    })
}
