//! The open loudspeaker: negotiation, and the callback.

use std::time::Duration;

use cpal::BufferSize;
use cpal::ErrorKind;
use cpal::FromSample;
use cpal::SampleFormat;
use cpal::SizedSample;
use cpal::StreamConfig;
use cpal::SupportedBufferSize;
use cpal::SupportedStreamConfig;
use cpal::traits::DeviceTrait as _;
use cpal::traits::HostTrait as _;
use cpal::traits::StreamTrait as _;

use super::Holder;
use super::SpeakerError;
use super::Speaking;
use crate::capture::microphone;

const BLOCKS_PER_SECOND: u32 = 50;
const LONGEST_DELAY: Duration = Duration::from_secs(1);
const OPEN_WITHIN: Duration = Duration::from_secs(2);

/// Opens the loudspeaker, and keeps it open until it is let go.
pub(super) fn hold(holder: Holder) {
    let Holder { speaking, tell, until } = holder;
    match open(speaking) {
        Ok((stream, name)) => {
            if tell.send(Ok(name)) {
                // Nothing ever comes: this waits for the other end to close.
                while until.next().is_some() {}
            }
            drop(stream);
        }
        Err(error) => {
            tell.offer(Err(error));
        }
    }
}

fn open(mut speaking: Speaking) -> Result<(cpal::Stream, String), SpeakerError> {
    let (name, device) = default()?;
    let why = |error: cpal::Error| explain(&name, &error);
    let offered = device.default_output_config().map_err(why)?;
    speaking.set_rate(offered.sample_rate());
    let buffer_size = buffer_size(&offered);
    let config = StreamConfig { buffer_size, ..offered.config() };
    let stream = start(&device, config, offered.sample_format(), speaking, &name)?;
    stream.play().map_err(why)?;
    Ok((stream, name))
}

fn default() -> Result<(String, cpal::Device), SpeakerError> {
    let mut detail = "none was named".to_owned();
    for id in microphone::hosts() {
        match cpal::host_from_id(id) {
            Ok(host) => {
                if let Some(device) = host.default_output_device() {
                    let name = device.description().ok().map(|about| about.name().trim().to_owned());
                    return Ok((name.unwrap_or_default(), device));
                }
            }
            Err(error) => detail = error.to_string(),
        }
    }
    Err(SpeakerError::NoDefault { detail })
}

/// Short blocks where the device allows them.
fn buffer_size(offered: &SupportedStreamConfig) -> BufferSize {
    let wanted = (offered.sample_rate() / BLOCKS_PER_SECOND).max(64);
    match *offered.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => BufferSize::Fixed(wanted.clamp(min, max)),
        _ => BufferSize::Default,
    }
}

fn explain(name: &str, error: &cpal::Error) -> SpeakerError {
    let (name, detail) = (name.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => SpeakerError::NoDefault { detail },
        ErrorKind::DeviceBusy => SpeakerError::Busy { name },
        ErrorKind::PermissionDenied => SpeakerError::Refused { name },
        ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation => SpeakerError::Form { name, detail },
        _ => SpeakerError::Other { name, detail },
    }
}

fn start(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    speaking: Speaking,
    name: &str,
) -> Result<cpal::Stream, SpeakerError> {
    let started = match format {
        SampleFormat::F32 => start_as::<f32>(device, config, speaking),
        SampleFormat::F64 => start_as::<f64>(device, config, speaking),
        SampleFormat::I8 => start_as::<i8>(device, config, speaking),
        SampleFormat::I16 => start_as::<i16>(device, config, speaking),
        SampleFormat::I24 => start_as::<cpal::I24>(device, config, speaking),
        SampleFormat::I32 => start_as::<i32>(device, config, speaking),
        SampleFormat::U8 => start_as::<u8>(device, config, speaking),
        SampleFormat::U16 => start_as::<u16>(device, config, speaking),
        SampleFormat::U24 => start_as::<cpal::U24>(device, config, speaking),
        SampleFormat::U32 => start_as::<u32>(device, config, speaking),
        other => return Err(SpeakerError::Form { name: name.to_owned(), detail: other.to_string() }),
    };
    started.map_err(|error| explain(name, &error))
}

fn start_as<T>(device: &cpal::Device, config: StreamConfig, mut speaking: Speaking) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample + FromSample<f32>,
{
    let channels = usize::from(config.channels);
    let shared = speaking.shared();
    device.build_output_stream::<T, _, _>(
        config,
        move |out, info| {
            let stamp = info.timestamp();
            let delay = stamp.playback.saturating_duration_since(stamp.callback).min(LONGEST_DELAY);
            speaking.fill(out, channels, delay, T::from_sample);
        },
        move |error| match error.kind() {
            ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
            _ => shared.go(&error),
        },
        Some(OPEN_WITHIN),
    )
}
