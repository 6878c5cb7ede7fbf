//! The audio callback allocates nothing: a binary of its own, because it has an allocator of its own.

use assert_no_alloc::AllocDisabler;
use assert_no_alloc::assert_no_alloc;
use circumplex::link::audio;
use circumplex::time::Timestamp;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// Stops the test at the first allocation.
#[test]
fn pushing_with_room_allocates_nothing() {
    let (mut outlet, mut inlet) = audio::link(4_800, 16);
    let (samples, mut block) = ([0.25; 480], Vec::new());

    for at in 0..200 {
        assert_no_alloc(|| outlet.push(&samples, Timestamp::from_nanos(at)));
        assert!(inlet.read(&mut block).is_some());
    }

    assert_eq!((outlet.meter().passed(), outlet.meter().dropped()), (200 * 480, 0));
}

#[test]
fn pushing_without_room_allocates_nothing() {
    // Full of samples, and full of blocks.
    for (mut outlet, _inlet) in [audio::link(1_000, 1_000), audio::link(100_000, 2)] {
        for at in 0..100 {
            assert_no_alloc(|| outlet.push(&[0.25; 480], Timestamp::from_nanos(at)));
        }

        assert_eq!((outlet.meter().passed(), outlet.meter().dropped()), (2 * 480, 98 * 480));
    }
}

#[test]
fn pushing_several_channels_allocates_nothing() {
    for channels in 1..=8 {
        let (mut outlet, mut inlet) = audio::link(960, 16);
        let (samples, mut block) = (vec![0.25; 480 * channels], Vec::new());

        for at in 0..100 {
            assert_no_alloc(|| outlet.push_interleaved(&samples, channels, Timestamp::from_nanos(at)));
        }

        assert_eq!((outlet.meter().passed(), outlet.meter().dropped()), (2 * 480, 98 * 480));
        assert!(inlet.read(&mut block).is_some() && block.iter().all(|sample| (sample - 0.25).abs() < 1e-6));
    }
}

#[test]
fn pushing_to_a_reader_that_has_gone_allocates_nothing() {
    let (mut outlet, inlet) = audio::link(960, 16);
    drop(inlet);

    for at in 0..100 {
        assert_no_alloc(|| {
            outlet.push(&[], Timestamp::from_nanos(at));
            outlet.push(&[0.25; 480], Timestamp::from_nanos(at));
            outlet.push_interleaved(&[0.25; 961], 2, Timestamp::from_nanos(at));
            outlet.skip_to(1_000_000);
        });
    }

    assert!(outlet.is_closed());
}

#[cfg(feature = "desktop")]
#[test]
fn the_loudspeaker_is_filled_without_an_allocation() {
    use std::sync::Arc;
    use std::time::Duration;

    use circumplex::capture::speaker;
    use circumplex::time::ManualClock;

    let (mut outlet, mut speaking) = speaker::link(Arc::new(ManualClock::default()));
    speaking.set_rate(44_100);
    let mut out = [0.0; 882];

    for at in 0..500 {
        // Now and then nothing comes, and now and then what came isn't wanted any more.
        if at % 7 != 0 {
            outlet.give(&[0.25; 160], Timestamp::from_nanos(at));
        }
        if at % 90 == 0 {
            outlet.cut();
        }
        assert_no_alloc(|| speaking.fill(&mut out, 2, Duration::ZERO, |value| value));
    }
}
