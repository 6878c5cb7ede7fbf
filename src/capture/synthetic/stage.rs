//! What doesn't move: a curtain, a pool of light on it, and the shoulders. Painted once for each size of picture.

use super::linear::{Lens, bell, noise, noise_2d, smoothstep};
use super::skin::Look;

/// The depth at which the shoulders stand.
const SHOULDERS_Z: f32 = -2.0;

/// Paints the backdrop, RGB, row by row.
pub(super) fn paint(look: &Look, seed: u64, lens: &Lens, width: usize, height: usize) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            let at = lens.unproject(x as f32 + 0.5, y as f32 + 0.5, SHOULDERS_Z);
            let edge = lens.scale_at(at);
            let mut colour = curtain(seed, at.x, at.y);
            over(&mut colour, cloth(look, seed, at.x, at.y), (shoulder_line(at.x) - at.y) * edge + 0.5);
            let bare = ((1.0 - collar(at.x, at.y)) * 5.5).min(shoulder_line(at.x) - at.y);
            over(&mut colour, chest(look, at.x, at.y), bare * edge + 0.5);
            rgb.extend(colour.map(|c| c.clamp(0.0, 255.0) as u8));
        }
    }
    rgb
}

fn over(colour: &mut [f32; 3], upper: [f32; 3], cover: f32) {
    let cover = cover.clamp(0.0, 1.0);
    for (below, above) in colour.iter_mut().zip(upper) {
        *below += (above - *below) * cover;
    }
}

fn curtain(seed: u64, x: f32, y: f32) -> [f32; 3] {
    let bent = x + 0.5 * noise(seed ^ 0x29, f64::from(y) / 14.0);
    let folds = 0.5 + 0.5 * (bent * 1.15 + 1.2 * noise(seed ^ 0x2a, f64::from(bent) / 5.0)).sin();
    let pool = bell((x / 17.0).hypot((y - 1.0) / 15.0), 0.85);
    let light = (0.30 + 0.70 * pool) * (0.80 + 0.20 * folds);
    [92.0 * light + 26.0 * pool, 96.0 * light + 24.0 * pool, 112.0 * light + 14.0 * pool]
}

/// The height of the shoulders' outline.
fn shoulder_line(x: f32) -> f32 {
    let out = x.abs();
    let slope = -10.6 - 0.17 * (out - 4.5).max(0.0) - 2.6 * smoothstep(4.0, 9.5, out);
    slope - 10.0 * smoothstep(14.5, 22.5, out).powi(2)
}

/// Below 1 inside the neckline.
fn collar(x: f32, y: f32) -> f32 {
    (x / 6.9).hypot((y + 13.0) / 3.6)
}

fn cloth(look: &Look, seed: u64, x: f32, y: f32) -> [f32; 3] {
    let knit =
        1.0 + 0.04 * noise_2d(seed ^ 0x33, x * 3.0, y * 1.2) + 0.07 * noise_2d(seed ^ 0x34, x / 4.0 + y / 9.0, y / 7.0);
    let round = 1.0 - 0.30 * smoothstep(4.0, 22.0, x) - 0.06 * smoothstep(-4.0, -22.0, x);
    let brightness = (0.82 + 0.30 * smoothstep(-22.0, -13.0, y)) * round * knit;
    let band = collar(x, y);
    let hem = 1.0 - 0.22 * bell(band - 1.16, 0.018) - 0.25 * bell(band - 1.0, 0.05);
    look.cloth.map(|c| c * brightness * hem)
}

fn chest(look: &Look, x: f32, y: f32) -> [f32; 3] {
    let light = 0.93 - 0.014 * x - 0.14 * smoothstep(-14.3, -12.3, y) - 0.16 * smoothstep(0.82, 1.0, collar(x, y));
    [look.skin[0] * light, look.skin[1] * light * 0.98, look.skin[2] * light * 0.97]
}
