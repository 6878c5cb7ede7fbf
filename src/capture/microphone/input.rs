//! The open microphone: negotiation, and the callback.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cpal::BufferSize;
use cpal::ErrorKind;
use cpal::FromSample;
use cpal::InputCallbackInfo;
use cpal::Sample as _;
use cpal::SampleFormat;
use cpal::SizedSample;
use cpal::StreamConfig;
use cpal::SupportedBufferSize;
use cpal::SupportedStreamConfig;
use cpal::traits::DeviceTrait as _;
use cpal::traits::StreamTrait as _;

use super::GONE;
use super::Holder;
use super::INVALID;
use super::MicrophoneError;
use super::Opened;
use super::RING_BLOCKS;
use super::RING_SECS;
use super::Vitals;
use super::list;
use crate::capture::Pick;
use crate::link::audio;
use crate::link::audio::AudioOutlet;
use crate::time::Clock;

const BLOCKS_PER_SECOND: u32 = 100;
const LARGEST_BLOCK: usize = 8192;
const LONGEST_DELAY: Duration = Duration::from_secs(1);
const OPEN_WITHIN: Duration = Duration::from_secs(2);

/// Opens a microphone, and keeps it open until it is let go.
pub(super) fn hold(holder: Holder) {
    let Holder { pick, clock, vitals, tell, until } = holder;
    match open(&pick, &clock, &vitals) {
        Ok((stream, opened)) => {
            if tell.send(Ok(opened)) {
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

type Open = (cpal::Stream, Opened);

fn open(pick: &Pick, clock: &Arc<dyn Clock>, vitals: &Arc<Vitals>) -> Result<Open, MicrophoneError> {
    let (name, device) = list::find(pick)?;
    let why = |error: cpal::Error| explain(pick, &name, &error);
    let offered = device.default_input_config().map_err(why)?;

    let mut last = None;
    for buffer_size in buffer_sizes(&offered) {
        let config = StreamConfig { buffer_size, ..offered.config() };
        let (outlet, inlet) = audio::link((offered.sample_rate() * RING_SECS) as usize, RING_BLOCKS);
        let hearing =
            Hearing { outlet, channels: usize::from(offered.channels()), clock: clock.clone(), vitals: vitals.clone() };
        match start(&device, config, offered.sample_format(), hearing, vitals) {
            Ok(stream) => {
                stream.play().map_err(why)?;
                let form = form_of(offered.sample_rate(), offered.channels());
                return Ok((stream, Opened { form, name, rate_hz: offered.sample_rate(), inlet }));
            }
            Err(Refusal::Form) => {
                return Err(MicrophoneError::Form { name, detail: offered.sample_format().to_string() });
            }
            Err(Refusal::Device(error)) => last = Some(why(error)),
        }
    }
    Err(last.unwrap_or(MicrophoneError::NoDefault { detail: name }))
}

/// Short blocks where the device allows them, then whatever it likes best.
fn buffer_sizes(offered: &SupportedStreamConfig) -> Vec<BufferSize> {
    let wanted = (offered.sample_rate() / BLOCKS_PER_SECOND).max(64);
    match *offered.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => {
            vec![BufferSize::Fixed(wanted.clamp(min, max)), BufferSize::Default]
        }
        _ => vec![BufferSize::Default],
    }
}

fn form_of(rate_hz: u32, channels: u16) -> String {
    let channels = match channels {
        1 => "1 channel".to_owned(),
        many => format!("{many} channels"),
    };
    format!("{} kHz, {channels}", f64::from(rate_hz) / 1000.0)
}

fn explain(pick: &Pick, name: &str, error: &cpal::Error) -> MicrophoneError {
    let name = name.to_owned();
    match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable if *pick == Pick::Default => {
            MicrophoneError::NoDefault { detail: error.to_string() }
        }
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => MicrophoneError::Absent { name },
        ErrorKind::DeviceBusy => MicrophoneError::Busy { name },
        ErrorKind::PermissionDenied => MicrophoneError::Refused { name },
        ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation => {
            MicrophoneError::Form { name, detail: error.to_string() }
        }
        _ => MicrophoneError::Other { name, detail: error.to_string() },
    }
}

enum Refusal {
    Form,
    Device(cpal::Error),
}

/// What a callback has at hand.
struct Hearing {
    outlet: AudioOutlet,
    channels: usize,
    clock: Arc<dyn Clock>,
    vitals: Arc<Vitals>,
}

impl Hearing {
    /// Takes one callback's samples.
    ///
    /// # Real time
    ///
    /// Reads the clock, looks whether there is any sound, and pushes. Of the stream's own instants only their
    /// difference is used.
    fn take(&mut self, samples: &[f32], info: &InputCallbackInfo) {
        let now = self.clock.now();
        let stamp = info.timestamp();
        let delay = stamp.callback.saturating_duration_since(stamp.capture).min(LONGEST_DELAY);
        self.outlet.push_interleaved(samples, self.channels, now - delay);
        self.vitals.called(now);
        if samples.iter().any(|sample| *sample != 0.0) {
            self.vitals.heard(now);
        }
    }
}

fn start(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    hearing: Hearing,
    vitals: &Arc<Vitals>,
) -> Result<cpal::Stream, Refusal> {
    match format {
        SampleFormat::F32 => start_plain(device, config, hearing, vitals),
        SampleFormat::F64 => start_converting::<f64>(device, config, hearing, vitals),
        SampleFormat::I8 => start_converting::<i8>(device, config, hearing, vitals),
        SampleFormat::I16 => start_converting::<i16>(device, config, hearing, vitals),
        SampleFormat::I24 => start_converting::<cpal::I24>(device, config, hearing, vitals),
        SampleFormat::I32 => start_converting::<i32>(device, config, hearing, vitals),
        SampleFormat::I64 => start_converting::<i64>(device, config, hearing, vitals),
        SampleFormat::U8 => start_converting::<u8>(device, config, hearing, vitals),
        SampleFormat::U16 => start_converting::<u16>(device, config, hearing, vitals),
        SampleFormat::U24 => start_converting::<cpal::U24>(device, config, hearing, vitals),
        SampleFormat::U32 => start_converting::<u32>(device, config, hearing, vitals),
        SampleFormat::U64 => start_converting::<u64>(device, config, hearing, vitals),
        _ => Err(Refusal::Form),
    }
}

fn start_plain(
    device: &cpal::Device,
    config: StreamConfig,
    mut hearing: Hearing,
    vitals: &Arc<Vitals>,
) -> Result<cpal::Stream, Refusal> {
    device
        .build_input_stream::<f32, _, _>(
            config,
            move |samples, info| hearing.take(samples, info),
            trouble(vitals),
            Some(OPEN_WITHIN),
        )
        .map_err(Refusal::Device)
}

fn start_converting<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut hearing: Hearing,
    vitals: &Arc<Vitals>,
) -> Result<cpal::Stream, Refusal>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    // Room for any block that a device gives, taken before the callback runs.
    let mut converted = Vec::with_capacity(LARGEST_BLOCK * hearing.channels.max(1));
    device
        .build_input_stream::<T, _, _>(
            config,
            move |samples, info| {
                let room = converted.capacity();
                converted.clear();
                converted.extend(samples.iter().take(room).map(|sample| f32::from_sample(*sample)));
                hearing.take(&converted, info);
            },
            trouble(vitals),
            Some(OPEN_WITHIN),
        )
        .map_err(Refusal::Device)
}

/// What the sound system calls when something is wrong: leaves a note for the watch.
fn trouble(vitals: &Arc<Vitals>) -> impl FnMut(cpal::Error) + Send + 'static {
    let vitals = vitals.clone();
    move |error| match error.kind() {
        ErrorKind::Xrun => {
            vitals.xruns.fetch_add(1, Ordering::Relaxed);
        }
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
        ErrorKind::StreamInvalidated => vitals.trouble.store(INVALID, Ordering::Release),
        _ => vitals.trouble.store(GONE, Ordering::Release),
    }
}
