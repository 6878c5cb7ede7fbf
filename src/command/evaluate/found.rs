//! What was read, and what couldn't be.

use std::collections::BTreeMap;

use crate::capture::sabotage::Trouble;
use crate::command::evaluate::bench::Bench;
use crate::report::evaluation::Failed;
use crate::report::evaluation::Item;
use crate::report::evaluation::Kind;
use crate::report::evaluation::Measured;
use crate::report::evaluation::Take;

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    /// By input, then by recording; those that failed are missing.
    pub(super) takes: Vec<Vec<Option<Take>>>,
    /// By recording: on which inputs, and why.
    failed: BTreeMap<usize, String>,
    damaged: BTreeMap<usize, String>,
}

impl Found {
    pub(super) fn keep(
        &mut self,
        number: usize,
        input: Option<Trouble>,
        taken: anyhow::Result<(Take, Option<String>)>,
    ) -> Option<Take> {
        let what = input.map_or_else(String::new, |trouble| format!(" (with trouble: {})", trouble.name()));
        match taken {
            Ok((take, damage)) => {
                if let Some(damage) = damage {
                    self.damaged.entry(number).or_insert_with(|| damage + &what);
                }
                Some(take)
            }
            Err(error) => {
                self.failed.entry(number).or_insert_with(|| format!("{error:#}{what}"));
                None
            }
        }
    }

    /// Those that failed; those of the others that are damaged.
    pub(super) fn told(&self, items: &[Item]) -> [Vec<Failed>; 2] {
        let tell = |(number, why): (&usize, &String)| {
            items.get(*number).map(|item| Failed { file: item.name.clone(), why: why.clone() })
        };
        let damaged = self.damaged.iter().filter(|(number, _)| !self.failed.contains_key(number));
        [self.failed.iter().filter_map(tell).collect(), damaged.filter_map(tell).collect()]
    }

    /// What failed on one input is left out of all, so that inputs and fusions are compared on the same recordings.
    pub(super) fn measured(self, items: &[Item], inputs: &[Option<Trouble>], bench: &Bench, seed: u64) -> Measured {
        let is_whole = |number: &usize| !self.failed.contains_key(number);
        let items = items.iter().enumerate().filter(|(number, _)| is_whole(number)).map(|(_, item)| item.clone());
        let takes = self.takes.iter().map(|takes| {
            let whole = takes.iter().enumerate().filter(|(number, _)| is_whole(number));
            whole.filter_map(|(_, take)| take.clone()).collect()
        });
        let kind = |trouble: &Option<Trouble>| Kind {
            name: trouble.map_or("clean", Trouble::name).to_owned(),
            strikes: trouble.map(Trouble::modality),
        };
        Measured {
            items: items.collect(),
            fusions: bench.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            shipped: bench.kinds.iter().position(|kind| *kind == bench.fusions.chosen()).unwrap_or(0),
            inputs: inputs.iter().map(kind).collect(),
            takes: takes.collect(),
            seed,
        }
    }
}
