//! The truth about the machine, in one line.

use std::time::Duration;

use egui::Align2;
use egui::Role;
use egui::Sense;
use egui::Ui;
use egui::WidgetInfo;

use crate::pipeline::Health;
use crate::signal::Modality;
use crate::ui::WindowCommand;
use crate::ui::panels::fitted;
use crate::ui::playback::Playback;
use crate::ui::view::View;

/// What the program doesn't claim.
const CLAIM: &str = "reads expressions, not feelings";
/// Sound that is taken in so late is said to be.
const BEHIND: Duration = Duration::from_secs(2);

/// Rates, latencies, drops, processor and memory; under the pointer each stage and link.
pub fn status_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let painter = ui.painter_at(rect);
    let line = match view.replay {
        Some(replay) => Some(line_then(replay)),
        None => view.state.health.as_ref().map(|health| line(health, view.state.sound_behind)),
    };
    let text = line.map_or_else(|| CLAIM.to_owned(), |line| line + " · " + CLAIM);
    let colour = view.palette.muted;
    fitted(&painter, rect.left_center(), Align2::LEFT_CENTER, &text, 12.0, colour, rect.width());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    if let Some(health) = &view.state.health {
        response.on_hover_text(egui::RichText::new(details(health)).monospace());
    }
    None
}

/// What is known of how a session was recorded.
fn line_then(replay: &Playback) -> String {
    let kept = &replay.past().kept;
    let lost: u64 = kept.footers.iter().map(|footer| footer.lost).sum();
    let has_ended = kept.streams.iter().all(|stream| kept.footers.iter().any(|footer| footer.id == stream.id));
    let mut parts = vec![format!("recorded by {}", kept.header.program), format!("{} answers", kept.answers.len())];
    parts.push(if lost == 0 { "nothing lost".to_owned() } else { format!("{lost} items lost") });
    if !has_ended {
        parts.push("it broke off".to_owned());
    }
    parts.join(" · ")
}

fn line(health: &Health, sound_behind: Duration) -> String {
    let mut parts: Vec<_> = Modality::ALL.into_iter().map(|modality| modality_line(health, modality)).collect();
    let dropped: u64 = health.links.iter().filter(|link| !link.is_newest_only).map(|link| link.dropped).sum();
    // What is overtaken by something newer isn't lost.
    parts.push(if dropped == 0 { "nothing lost".to_owned() } else { format!("{dropped} lost") });
    if sound_behind >= BEHIND {
        parts.push(format!("sound {} s behind", sound_behind.as_secs()));
    }
    if health.xruns > 0 {
        parts.push(format!("{} lost by the sound system", health.xruns));
    }
    parts.push(format!("CPU {:.0} %", health.cpu_percent));
    parts.push(format!("{} MB", megabytes(health.memory_bytes)));
    parts.join(" · ")
}

fn modality_line(health: &Health, modality: Modality) -> String {
    let name = modality.name();
    let rate = health.stages.iter().find(|stage| stage.stage == name).map(|stage| stage.rate_hz);
    let latency = health.reading_latency.get(modality.index()).copied().flatten();
    let rate = match rate {
        Some(rate) if rate >= 0.95 => format!(" {rate:.0}/s"),
        Some(rate) if rate > 0.0 => format!(" {rate:.1}/s"),
        _ => String::new(),
    };
    let latency = latency.map(|(p50, p95)| format!(" {}–{}", short(p50), short(p95)));
    match (rate.is_empty(), latency) {
        (true, None) => format!("{name} –"),
        (_, latency) => format!("{name}{rate}{}", latency.unwrap_or_default()),
    }
}

fn short(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f32())
    }
}

fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

fn details(health: &Health) -> String {
    let stages = health.stages.iter().map(|stage| {
        let (p50, p95) = (short(stage.p50), short(stage.p95));
        format!("{:<11} {:>6.1} {p50:>9} {p95:>9} {:>12}", stage.stage, stage.rate_hz, stage.count)
    });
    let links = health.links.iter().map(|link| format!("{:<22} {:>11} {:>10}", link.link, link.passed, link.dropped));
    let mut rows = vec!["stage        per s    median      95 %      results".to_owned()];
    rows.extend(stages);
    rows.push("\nlink                        passed    dropped".to_owned());
    rows.extend(links);
    rows.push("\nin the line below: from capture to reading, median–95 %".to_owned());
    rows.push(format!("memory at most {} MB", megabytes(health.peak_memory_bytes)));
    rows.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::LinkHealth;
    use crate::pipeline::StageHealth;

    #[test]
    fn the_line_says_what_is_known_and_nothing_else() {
        let millis = Duration::from_millis;
        let health = Health {
            stages: vec![StageHealth { stage: "face", rate_hz: 29.8, p50: millis(20), p95: millis(30), count: 9 }],
            links: vec![
                LinkHealth { link: "microphone", passed: 100, dropped: 3, is_newest_only: false },
                LinkHealth { link: "camera to face", passed: 100, dropped: 40, is_newest_only: true },
            ],
            reading_latency: [Some((millis(41), millis(78))), None, Some((millis(1300), millis(2000)))],
            cpu_percent: 61.2,
            memory_bytes: 410_000_000,
            ..Health::default()
        };

        let line = |behind| line(&health, Duration::from_secs(behind));
        assert!(line(3).contains("3 lost · sound 3 s behind"));
        assert_eq!(line(0), "face 30/s 41 ms–78 ms · voice – · words 1.3 s–2.0 s · 3 lost · CPU 61 % · 410 MB");
    }
}
