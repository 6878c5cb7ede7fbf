//! The moving average over three hops that every descriptor goes through.

use super::frame::{Descriptor, DescriptorFrame, LEN};

/// Those of a voice are averaged only over the hops where they are not 0.
const FIRST_OF_VOICE: usize = Descriptor::F0 as usize;

/// Averages each hop with its neighbours; the first and the last stand in for what lies beyond.
#[derive(Default)]
pub struct Smoother {
    before: Option<DescriptorFrame>,
    here: Option<DescriptorFrame>,
}

impl Smoother {
    /// Takes in a hop, and gives the one before it.
    pub fn push(&mut self, next: DescriptorFrame) -> Option<DescriptorFrame> {
        let out = self.here.map(|here| average(self.before.unwrap_or(here), here, next));
        self.before = self.here;
        self.here = Some(next);
        out
    }

    /// Gives the last hop, and is as new.
    pub fn finish(&mut self) -> Option<DescriptorFrame> {
        let out = self.here.map(|here| average(self.before.unwrap_or(here), here, here));
        *self = Self::default();
        out
    }
}

fn average(before: DescriptorFrame, here: DescriptorFrame, after: DescriptorFrame) -> DescriptorFrame {
    let values: [f32; LEN] = std::array::from_fn(|i| {
        let three = [before.values[i], here.values[i], after.values[i]];
        if i < FIRST_OF_VOICE {
            return three.iter().sum::<f32>() / 3.0;
        }
        if here.values[i] == 0.0 {
            return 0.0;
        }
        let (sum, count) = three
            .iter()
            .filter(|value| **value != 0.0)
            .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        sum / count
    });
    DescriptorFrame { values, energy: here.energy }
}
