//! What is in a file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use super::AudioInfo;
use super::Kind;
use super::MediaError;
use super::MediaInfo;
use super::VideoInfo;
use super::child;
use super::picture;
use super::wav;

const FIELDS: &str = "stream=index,codec_type,width,height,sample_aspect_ratio,avg_frame_rate,r_frame_rate,nb_frames,\
                      duration,sample_rate,channels:stream_disposition=attached_pic:stream_side_data=rotation:\
                      stream_tags=rotate:format=duration";

pub(super) fn probe(path: &Path) -> Result<MediaInfo, MediaError> {
    let metadata = std::fs::metadata(path).map_err(|error| MediaError::from_opening(path, &error))?;
    if metadata.is_dir() {
        return Err(MediaError::NotMedia { path: path.to_owned(), reason: "a folder".to_owned() });
    }
    if metadata.len() == 0 {
        return Err(MediaError::Empty { path: path.to_owned() });
    }
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(|error| MediaError::from_opening(path, &error))?;

    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WAVE") {
        if let Some(audio) = wav::probe(path) {
            let duration_s = audio.duration_s.unwrap_or(0.0);
            return Ok(MediaInfo { duration_s, video: None, audio: Some(audio), kind: Kind::Wav });
        }
    } else if head.starts_with(b"\x89PNG") || head.starts_with(&[0xff, 0xd8, 0xff]) {
        let video = picture::probe(path)?;
        return Ok(MediaInfo { duration_s: picture::LASTS_SECS, video: Some(video), audio: None, kind: Kind::Picture });
    }
    // Only the index of such a file is at its end.
    let has_index_last = head.get(4..8) == Some(b"ftyp");
    from_ffprobe(path).map_err(|error| match error {
        MediaError::NotMedia { path, reason } if has_index_last && reason.contains("Invalid data") => {
            MediaError::Unfinished { path }
        }
        error => error,
    })
}

fn from_ffprobe(path: &Path) -> Result<MediaInfo, MediaError> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-hide_banner", "-protocol_whitelist", "file", "-show_entries", FIELDS])
        .args(["-of", "default=noprint_wrappers=0", "-i"])
        .arg(child::address(path))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| child::starting(path, &error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = || said.lines().last().map(|line| child::without_path(line, path)).unwrap_or_default();
    if !output.status.success() {
        return Err(MediaError::NotMedia { path: path.to_owned(), reason: reason() });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut info = MediaInfo { duration_s: 0.0, video: None, audio: None, kind: Kind::Ffmpeg };
    for section in sections(&text) {
        match section.name {
            "FORMAT" => info.duration_s = section.number("duration").unwrap_or(0.0),
            "STREAM" => match section.get("codec_type") {
                Some("video") if info.video.is_none() => info.video = video_of(&section),
                Some("audio") if info.audio.is_none() => info.audio = audio_of(&section),
                _ => {}
            },
            _ => {}
        }
    }
    if let Some(video) = &mut info.video
        && video.frames_estimate == 0
    {
        video.frames_estimate = frames(video.duration_s.unwrap_or(info.duration_s), video.fps_estimate);
    }
    if info.video.is_none() && info.audio.is_none() {
        return Err(MediaError::Nothing { path: path.to_owned() });
    }
    Ok(info)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of frames, none below zero")]
fn frames(secs: f64, fps: f64) -> u64 {
    (secs * fps).round().max(1.0) as u64
}

fn video_of(section: &Section<'_>) -> Option<VideoInfo> {
    if section.get("DISPOSITION:attached_pic") == Some("1") {
        return None;
    }
    let (width, height) = (section.number("width")?, section.number("height")?);
    if width < 1.0 || height < 1.0 {
        return None;
    }
    let aspect = section.get("sample_aspect_ratio").and_then(|text| ratio(text, ':')).unwrap_or(1.0);
    let turned = section.number("rotation").or_else(|| section.number("TAG:rotate")).unwrap_or(0.0);
    let is_on_its_side = (turned / 90.0).round().rem_euclid(2.0) > 0.5;
    let (width, height) = (width * aspect, height);
    let (width, height) = if is_on_its_side { (height, width) } else { (width, height) };
    let fps = ["avg_frame_rate", "r_frame_rate"].iter().find_map(|name| ratio(section.get(name)?, '/')).unwrap_or(25.0);
    Some(VideoInfo {
        width: whole(width),
        height: whole(height),
        fps_estimate: fps,
        frames_estimate: section.get("nb_frames").and_then(|text| text.parse().ok()).unwrap_or(0),
        stream: section.get("index")?.parse().ok()?,
        duration_s: section.number("duration"),
    })
}

fn audio_of(section: &Section<'_>) -> Option<AudioInfo> {
    let rate_hz = section.get("sample_rate")?.parse().ok().filter(|rate| *rate > 0)?;
    Some(AudioInfo {
        rate_hz,
        channels: section.get("channels")?.parse().ok().filter(|channels| *channels > 0)?,
        stream: section.get("index")?.parse().ok()?,
        duration_s: section.number("duration"),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are small and at least 1")]
fn whole(size: f64) -> usize {
    size.round().max(1.0) as usize
}

fn ratio(text: &str, between: char) -> Option<f64> {
    let (above, below) = text.split_once(between)?;
    let ratio = above.parse::<f64>().ok()? / below.parse::<f64>().ok()?;
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

/// One stream, or the file, as `ffprobe` writes it: `[NAME]`, `key=value` lines with side data among them, `[/NAME]`.
struct Section<'a> {
    name: &'a str,
    lines: Vec<(&'a str, &'a str)>,
}

impl<'a> Section<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.lines.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut all: Vec<Section<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if !name.starts_with('/') && name != "SIDE_DATA" {
                all.push(Section { name, lines: Vec::new() });
            }
        } else if let (Some(section), Some(pair)) = (all.last_mut(), line.split_once('=')) {
            section.lines.push(pair);
        }
    }
    all
}
