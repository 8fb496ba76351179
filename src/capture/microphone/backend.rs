//! Ways to the microphones: PulseAudio's own protocol first (PipeWire speaks it too); where there is no such server,
//! and on other systems, the system's sound through cpal. Every call here may block on a hung server: callers run
//! them with a time limit.

use std::time::Duration;

use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, HostId, InputCallbackInfo, Sample, SampleFormat, SizedSample, Stream,
    StreamConfig,
};

use super::feed::{CallbackEnd, feed};
use super::running::{Running, chosen};
use crate::capture::devices::plain_name;
use crate::capture::{DeviceInfo, DeviceKind, SourceError};
use crate::clock::Clock;
use crate::flow::Queue;

/// Callbacks a second asked for.
const CALLBACKS_PER_SEC: u32 = 100;
/// How long the server may take to build a stream.
const BUILD_LIMIT: Duration = Duration::from_secs(2);

struct Found {
    device: Device,
    info: DeviceInfo,
}

/// Opens `id` (`None` is the default) for `channels` (1 or 2), at `sample_rate` if the device can.
pub(super) fn open(id: Option<&str>, sample_rate: u32, channels: u16, clock: &Clock) -> Result<Running, SourceError> {
    #[cfg(target_os = "linux")]
    if let Some(server) = super::pulse::Server::connect()? {
        return server.open(id, sample_rate, channels, clock);
    }
    let mut all = find();
    let mut infos: Vec<DeviceInfo> = all.iter().map(|found| found.info.clone()).collect();
    if infos.is_empty() {
        left_socket()?;
    }
    let index = chosen(&infos, id)?;
    infos.remove(index);
    let running = start(all.swap_remove(index), sample_rate, channels, clock)?;
    Ok(Running { others: infos, ..running })
}

/// What there is, the default first, monitors last.
pub(super) fn list() -> Result<Vec<DeviceInfo>, SourceError> {
    #[cfg(target_os = "linux")]
    if let Some(server) = super::pulse::Server::connect()? {
        return server.list();
    }
    let all: Vec<DeviceInfo> = find().into_iter().map(|found| found.info).collect();
    if all.is_empty() {
        left_socket()?;
    }
    Ok(all)
}

/// Where nothing else is there: a server whose socket is there, but that has ended, is what is missing.
fn left_socket() -> Result<(), SourceError> {
    #[cfg(target_os = "linux")]
    super::pulse::left_socket()?;
    Ok(())
}

fn find() -> Vec<Found> {
    let mut all = Vec::new();
    let host = cpal::default_host();
    let default = host.default_input_device().and_then(|device| device.id().ok());
    for device in host.devices().into_iter().flatten() {
        let (Ok(id), Ok(description)) = (device.id(), device.description()) else { continue };
        if !description.supports_input() {
            continue;
        }
        let is_default = default.as_ref() == Some(&id);
        if let Some(info) = info_of(host.id(), id.id(), description.name(), &device, is_default) {
            all.push(Found { device, info });
        }
    }
    // The default of ALSA is a plugin that may lead nowhere: the first card serves instead.
    all.sort_by_key(|found| !found.info.default);
    if let Some(first) = all.first_mut() {
        first.info.default = true;
    }
    all
}

/// What is told of a device; `None` for what is none (ALSA lists a dozen plugins as devices).
fn info_of(host: HostId, id: &str, name: &str, device: &Device, default: bool) -> Option<DeviceInfo> {
    let (id, detail) = stable_id(host.name(), id)?;
    let config = device.default_input_config().ok()?;
    let channels = config.channels();
    let plural = if channels == 1 { "" } else { "s" };
    Some(DeviceInfo {
        id: format!("mic:{id}"),
        name: plain_name(name.lines().next().unwrap_or(name)),
        kind: DeviceKind::Microphone,
        formats: vec![format!("{} Hz, {channels} channel{plural}", config.sample_rate())],
        default,
        detail,
    })
}

/// The part of the id after `mic:` and the detail.
fn stable_id(host: &str, id: &str) -> Option<(String, String)> {
    if host != "ALSA" {
        return Some((id.to_owned(), host.to_owned()));
    }
    // Of the many names of a card only one is kept: the one that converts formats and names the card by its id, not
    // by its number, which changes from start to start.
    let rest = id.strip_prefix("plughw:CARD=")?;
    let card = rest.split(',').next()?;
    (!card.is_empty() && !card.chars().all(|c| c.is_ascii_digit()))
        .then(|| (format!("alsa:{}", rest.replace(",DEV=", ":")), "ALSA".to_owned()))
}

fn start(found: Found, sample_rate: u32, channels: u16, clock: &Clock) -> Result<Running, SourceError> {
    let Found { device, mut info } = found;
    let failed = |error: &cpal::Error| source_error(&info.id, error);
    let default = device.default_input_config().map_err(|e| failed(&e))?;
    // A card is asked for what it does best, at the program's rate if it can.
    let same_rate = device.supported_input_configs().map_err(|e| failed(&e))?.any(|range| {
        range.channels() == default.channels()
            && range.sample_format() == default.sample_format()
            && (range.min_sample_rate()..=range.max_sample_rate()).contains(&sample_rate)
    });
    let (format, device_channels) = (default.sample_format(), default.channels());
    let rate = if same_rate { sample_rate } else { default.sample_rate() };
    let (end, feed, pulse) = feed(rate, device_channels, channels, clock);
    let errors = Queue::new(8);
    let mut config = StreamConfig {
        channels: device_channels,
        sample_rate: rate,
        buffer_size: BufferSize::Fixed(rate / CALLBACKS_PER_SEC),
    };
    let stream = match build(&device, config, format, end, &errors) {
        Err(error) if error.kind() == ErrorKind::UnsupportedConfig => {
            // Some cards serve only their own buffer size.
            config.buffer_size = BufferSize::Default;
            let (end, again, again_pulse) = self::feed(rate, device_channels, channels, clock);
            let stream = build(&device, config, format, end, &errors).map_err(|e| failed(&e))?;
            stream.play().map_err(|e| failed(&e))?;
            return Ok(Running {
                stream: Box::new(stream),
                feed: again,
                pulse: again_pulse,
                errors,
                info,
                others: Vec::new(),
            });
        }
        other => other.map_err(|e| failed(&e))?,
    };
    stream.play().map_err(|e| failed(&e))?;
    info.formats = vec![format!("{rate} Hz, {device_channels} channels")];
    Ok(Running { stream: Box::new(stream), feed, pulse, errors, info, others: Vec::new() })
}

fn build(
    device: &Device,
    config: StreamConfig,
    format: SampleFormat,
    end: CallbackEnd,
    errors: &Queue<String>,
) -> Result<Stream, cpal::Error> {
    match format {
        SampleFormat::F32 => build_of::<f32>(device, config, end, errors),
        SampleFormat::F64 => build_of::<f64>(device, config, end, errors),
        SampleFormat::I8 => build_of::<i8>(device, config, end, errors),
        SampleFormat::I16 => build_of::<i16>(device, config, end, errors),
        SampleFormat::I24 => build_of::<cpal::I24>(device, config, end, errors),
        SampleFormat::I32 => build_of::<i32>(device, config, end, errors),
        SampleFormat::U8 => build_of::<u8>(device, config, end, errors),
        SampleFormat::U16 => build_of::<u16>(device, config, end, errors),
        _ => Err(cpal::Error::with_message(ErrorKind::UnsupportedConfig, format!("samples of {format}"))),
    }
}

fn build_of<T>(
    device: &Device,
    config: StreamConfig,
    mut end: CallbackEnd,
    errors: &Queue<String>,
) -> Result<Stream, cpal::Error>
where
    T: SizedSample + Sample + Send + 'static,
    f32: FromSample<T>,
{
    let errors = errors.clone();
    device.build_input_stream(
        config,
        move |data: &[T], info: &InputCallbackInfo| {
            let stamp = info.timestamp();
            end.take(data, stamp.callback.saturating_duration_since(stamp.capture));
        },
        move |error: cpal::Error| {
            // An xrun loses samples, which the reader sees by itself; the others end the stream.
            if !matches!(error.kind(), ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged) {
                drop(errors.push(error.to_string()));
            }
        },
        Some(BUILD_LIMIT),
    )
}

fn source_error(id: &str, error: &cpal::Error) -> SourceError {
    let (what, reason) = (id.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::DeviceBusy => SourceError::Busy { what, reason },
        ErrorKind::PermissionDenied => SourceError::Permission { what, reason },
        _ => SourceError::Device { what, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_junk_is_left_out() {
        let cases = [
            ("ALSA", "plughw:CARD=PCH,DEV=0", Some("alsa:PCH:0")),
            ("ALSA", "plughw:CARD=1,DEV=0", None),
            ("ALSA", "hw:CARD=PCH,DEV=0", None),
            ("ALSA", "default", None),
            ("ALSA", "pulse", None),
            ("CoreAudio", "BuiltInMicrophoneDevice", Some("BuiltInMicrophoneDevice")),
        ];
        for (host, id, expected) in cases {
            assert_eq!(stable_id(host, id).map(|(id, _)| id).as_deref(), expected, "{host} {id}");
        }
    }

    #[test]
    fn a_device_is_chosen_by_id_name_or_default() {
        let device = |id: &str, name: &str, default| DeviceInfo {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: DeviceKind::Microphone,
            formats: Vec::new(),
            default,
            detail: String::new(),
        };
        let all = [device("mic:a", "Desk", false), device("mic:b", "Headset", true)];
        for (id, index) in [(None, 1), (Some("mic:a"), 0), (Some("a"), 0), (Some("headset"), 1)] {
            assert_eq!(chosen(&all, id), Ok(index), "{id:?}");
        }
        let error = chosen(&all, Some("c")).unwrap_err();
        assert_eq!(error.to_string(), "there is no mic:c; available: mic:a, mic:b");
        assert!(chosen(&[], None).is_err());
    }

    #[test]
    fn errors_say_what_can_be_done() {
        let of = |kind| source_error("mic:x", &cpal::Error::new(kind));
        assert!(matches!(of(ErrorKind::DeviceBusy), SourceError::Busy { .. }));
        assert!(matches!(of(ErrorKind::PermissionDenied), SourceError::Permission { .. }));
        assert!(matches!(of(ErrorKind::StreamInvalidated), SourceError::Device { .. }));
    }
}
