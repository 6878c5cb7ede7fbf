//! Vectors over time in one vector: mean, standard deviation, 90th percentile.

/// Writes mean, standard deviation and 90th percentile of each of `rows`' `width` columns to `out`, one after the other:
/// `3 · width` numbers, zeros if there is no row.
///
/// The percentile is linear between ranks.
pub(super) fn pool(rows: &[f32], width: usize, out: &mut Vec<f32>) {
    let (mut means, mut sds, mut highs) = (Vec::new(), Vec::new(), Vec::new());
    for_columns(rows, width, |column| {
        let (mean, sd) = moments(column);
        means.push(mean);
        sds.push(sd);
        highs.push(percentile(column, 0.9));
    });
    out.extend(means);
    out.extend(sds);
    out.extend(highs);
}

/// Writes mean and standard deviation of each of `rows`' `width` columns to `out`: `2 · width` numbers, zeros if there
/// is no row.
pub(super) fn pool_moments(rows: &[f32], width: usize, out: &mut Vec<f32>) {
    let (mut means, mut sds) = (Vec::new(), Vec::new());
    for_columns(rows, width, |column| {
        let (mean, sd) = moments(column);
        means.push(mean);
        sds.push(sd);
    });
    out.extend(means);
    out.extend(sds);
}

/// Mean and standard deviation; zeros of nothing.
pub(super) fn moments(values: &[f32]) -> (f32, f32) {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
    (mean, variance.max(0.0).sqrt())
}

/// Hands each column to `each`, which may put it in another order.
fn for_columns(rows: &[f32], width: usize, mut each: impl FnMut(&mut [f32])) {
    let mut values = vec![0.0f32; rows.len().checked_div(width).unwrap_or(0)];
    for column in 0..width {
        for (place, row) in values.iter_mut().zip(rows.chunks_exact(width)) {
            *place = row.get(column).copied().unwrap_or(0.0);
        }
        each(&mut values);
    }
}

fn percentile(values: &mut [f32], share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f32::total_cmp);
    let place = share * (values.len() - 1) as f32;
    let below = place.floor();
    let at = |index: f32| values.get(index as usize).or(values.last()).copied().unwrap_or(0.0);
    let (low, high) = (at(below), at(below + 1.0));
    low + (high - low) * (place - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_pooled_one_by_one() {
        let rows = [0.0, 10.0, 1.0, 10.0, 2.0, 10.0, 3.0, 10.0, 4.0, 10.0];

        let mut out = Vec::new();
        pool(&rows, 2, &mut out);

        assert_eq!(out.len(), 6);
        assert!((out[0] - 2.0).abs() < 1e-6 && (out[1] - 10.0).abs() < 1e-6);
        assert!((out[2] - 2f32.sqrt()).abs() < 1e-6 && out[3].abs() < 1e-6);
        assert!((out[4] - 3.6).abs() < 1e-6 && (out[5] - 10.0).abs() < 1e-6);

        let mut moments = Vec::new();
        pool_moments(&rows, 2, &mut moments);

        assert_eq!(moments.len(), 4);
        assert!(moments.iter().zip(&out).all(|(moment, expected)| (moment - expected).abs() < 1e-5));
    }
}
