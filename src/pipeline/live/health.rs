//! Rates, latencies and losses of a live run.

use std::collections::VecDeque;
use std::time::Duration;

use sysinfo::Pid;
use sysinfo::ProcessRefreshKind;
use sysinfo::ProcessesToUpdate;
use sysinfo::System;

use crate::link::Meter;
use crate::pipeline::event::Health;
use crate::pipeline::event::LinkHealth;
use crate::pipeline::event::StageHealth;
use crate::time::Timestamp;

const KEPT: usize = 20_000;
const RATE_WINDOW: Duration = Duration::from_secs(3);

/// Times taken, for their median and 95th percentile.
#[derive(Default)]
pub(super) struct Times {
    all: VecDeque<Duration>,
}

impl Times {
    pub(super) fn add(&mut self, time: Duration) {
        if self.all.len() >= KEPT {
            self.all.pop_front();
        }
        self.all.push_back(time);
    }

    pub(super) fn percentiles(&self) -> Option<(Duration, Duration)> {
        let mut times: Vec<_> = self.all.iter().copied().collect();
        let last = times.len().checked_sub(1)?;
        let (below, &mut p95, _) = times.select_nth_unstable(last * 95 / 100);
        let p50 =
            if below.is_empty() { p95 } else { *below.select_nth_unstable((last * 50 / 100).min(below.len() - 1)).1 };
        Some((p50, p95))
    }
}

/// One stage's results.
pub(super) struct StageTimes {
    stage: &'static str,
    times: Times,
    recent: VecDeque<Timestamp>,
    count: u64,
}

impl StageTimes {
    pub(super) fn new(stage: &'static str) -> Self {
        Self { stage, times: Times::default(), recent: VecDeque::new(), count: 0 }
    }

    pub(super) fn add(&mut self, took: Duration, now: Timestamp) {
        self.times.add(took);
        self.count += 1;
        self.recent.push_back(now);
        self.forget(now);
    }

    fn forget(&mut self, now: Timestamp) {
        while self.recent.front().is_some_and(|at| now.since(*at) > RATE_WINDOW) {
            self.recent.pop_front();
        }
    }

    fn health(&mut self, now: Timestamp) -> StageHealth {
        self.forget(now);
        let (p50, p95) = self.times.percentiles().unwrap_or_default();
        let rate_hz = self.recent.len() as f32 / RATE_WINDOW.as_secs_f32();
        StageHealth { stage: self.stage, rate_hz, p50, p95, count: self.count }
    }
}

/// Everything that is measured of a run.
pub(super) struct Gauge {
    pub(super) face: StageTimes,
    pub(super) hear: StageTimes,
    pub(super) voice: StageTimes,
    pub(super) words: StageTimes,
    pub(super) fuse: StageTimes,
    pub(super) reading: [Times; 3],
    pub(super) audio: (u64, u64, u64),
    pub(super) meters: Vec<(&'static str, Meter, bool)>,
    system: System,
    process: Option<Pid>,
    peak: u64,
}

impl Gauge {
    pub(super) fn new() -> Self {
        Self {
            face: StageTimes::new("face"),
            hear: StageTimes::new("hear"),
            voice: StageTimes::new("voice"),
            words: StageTimes::new("words"),
            fuse: StageTimes::new("fuse"),
            reading: Default::default(),
            audio: (0, 0, 0),
            meters: Vec::new(),
            system: System::new(),
            process: sysinfo::get_current_pid().ok(),
            peak: 0,
        }
    }

    pub(super) fn health(&mut self, now: Timestamp) -> Health {
        let (mut cpu_percent, mut memory_bytes) = (0.0, 0);
        if let Some(process) = self.process {
            let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
            self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, kind);
            if let Some(process) = self.system.process(process) {
                cpu_percent = process.cpu_usage();
                memory_bytes = process.memory();
            }
        }
        self.peak = self.peak.max(memory_bytes);
        let stages = [&mut self.face, &mut self.hear, &mut self.voice, &mut self.words, &mut self.fuse];
        let stages = stages.into_iter().map(|stage| stage.health(now)).collect();
        let (passed, dropped, xruns) = self.audio;
        let mut links =
            vec![LinkHealth { link: "microphone → hear (samples)", passed, dropped, is_newest_only: false }];
        links.extend(self.meters.iter().map(|(link, meter, is_newest_only)| LinkHealth {
            link,
            passed: meter.passed(),
            dropped: meter.dropped(),
            is_newest_only: *is_newest_only,
        }));
        Health {
            stages,
            links,
            reading_latency: [0, 1, 2].map(|at: usize| self.reading.get(at).and_then(Times::percentiles)),
            xruns,
            cpu_percent,
            memory_bytes,
            peak_memory_bytes: self.peak,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_times() {
        let mut times = Times::default();
        assert_eq!(times.percentiles(), None);
        times.add(Duration::from_millis(7));
        assert_eq!(times.percentiles(), Some((Duration::from_millis(7), Duration::from_millis(7))));
        for millis in (1..=100).rev().filter(|millis| *millis != 7) {
            times.add(Duration::from_millis(millis));
        }
        assert_eq!(times.percentiles(), Some((Duration::from_millis(50), Duration::from_millis(95))));
    }
}
