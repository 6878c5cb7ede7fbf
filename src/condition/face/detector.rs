//! The face detector: BlazeFace, short range (Bazarevsky et al. 2019, arXiv 1907.05047).

use crate::model::Input;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::signal::FaceBox;
use crate::signal::Frame;

/// A face as detected, in px of the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Detection {
    /// Around the face.
    pub face: FaceBox,
    /// How sure the network is, up to 1.
    pub score: f32,
    /// The eye on the left of the picture (the person's right).
    pub left_eye: (f32, f32),
    /// The eye on the right of the picture.
    pub right_eye: (f32, f32),
}

/// Finds faces anywhere in a picture.
pub struct Detector {
    network: Network,
    anchors: Vec<(f32, f32)>,
    input: Vec<f32>,
    outputs: Vec<Vec<f32>>,
}

const SIDE: usize = 128;
const VALUES: usize = 16;
const MIN_SCORE: f32 = 0.5;
/// In a picture with a border: what is found there is doubted until its landmarks are, too.
const MIN_SCORE_CLOSE: f32 = 0.3;
const SAME_FACE: f32 = 0.3;

impl Detector {
    /// Loads `face_detector`.
    ///
    /// # Errors
    ///
    /// As [`Network::load`].
    pub fn load(manifest: &Manifest, runtime: &Runtime) -> Result<Self, ModelError> {
        let network = Network::load(manifest, runtime, "face_detector")?;
        Ok(Self { network, anchors: anchors(), input: vec![0.0; SIDE * SIDE * 3], outputs: Vec::new() })
    }

    /// All faces, the likeliest first.
    ///
    /// # Errors
    ///
    /// If the network fails.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, ModelError> {
        self.look(frame, 0.0, MIN_SCORE)
    }

    /// Faces that fill the picture, which [`detect`](Self::detect) overlooks: with a black border around it, `border`
    /// times its longer side. Less sure ones are among them: whether they are faces, their landmarks must say.
    ///
    /// # Errors
    ///
    /// If the network fails.
    pub fn detect_close(&mut self, frame: &Frame, border: f32) -> Result<Vec<Detection>, ModelError> {
        self.look(frame, border, MIN_SCORE_CLOSE)
    }

    fn look(&mut self, frame: &Frame, border: f32, min_score: f32) -> Result<Vec<Detection>, ModelError> {
        if !frame.is_whole() {
            return Ok(Vec::new());
        }
        // Letterboxed: the longer side with its border fills the square, the rest is black.
        let side = frame.width.max(frame.height) as f32 * (1.0 + 2.0 * border);
        let (pad_x, pad_y) = ((side - frame.width as f32) / 2.0, (side - frame.height as f32) / 2.0);
        self.fill(frame, side, pad_x, pad_y);
        self.network.run(&[Input::F32(&[1, SIDE, SIDE, 3], &self.input)], &mut self.outputs)?;
        let [boxes, scores] = self.outputs.as_slice() else { return Ok(Vec::new()) };

        let scale = side / SIDE as f32;
        let mut found = Vec::new();
        for ((values, logit), anchor) in boxes.chunks_exact(VALUES).zip(scores).zip(&self.anchors) {
            let score = 1.0 / (1.0 + (-logit.clamp(-100.0, 100.0)).exp());
            if score < min_score {
                continue;
            }
            let &[dx, dy, width, height, lx, ly, rx, ry, ..] = values else { continue };
            let place = |x: f32, y: f32| ((anchor.0 + x) * scale - pad_x, (anchor.1 + y) * scale - pad_y);
            let (x, y) = place(dx - width / 2.0, dy - height / 2.0);
            let face = FaceBox { x, y, width: width * scale, height: height * scale };
            found.push(Detection { face, score, left_eye: place(lx, ly), right_eye: place(rx, ry) });
        }
        Ok(merge(found))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked against the picture")]
    fn fill(&mut self, frame: &Frame, side: f32, pad_x: f32, pad_y: f32) {
        let step = side / SIDE as f32;
        // Each network pixel averages a grid of picture pixels: at 720p it covers ten each way.
        let taps = (step / 2.0).ceil().clamp(1.0, 4.0) as usize;
        let offsets: Vec<f32> = (0..taps).map(|tap| (tap as f32 + 0.5) / taps as f32).collect();
        for (at, pixel) in self.input.chunks_exact_mut(3).enumerate() {
            let (row, column) = ((at / SIDE) as f32, (at % SIDE) as f32);
            let mut sum = [0.0f32; 3];
            for oy in &offsets {
                let y = (row + oy) * step - pad_y;
                if y < 0.0 || y >= frame.height as f32 {
                    continue;
                }
                let line = y as usize * frame.width;
                for ox in &offsets {
                    let x = (column + ox) * step - pad_x;
                    if x < 0.0 || x >= frame.width as f32 {
                        continue;
                    }
                    let first = (line + x as usize) * 3;
                    if let Some([r, g, b]) = frame.rgb.get(first..first + 3) {
                        sum[0] += f32::from(*r);
                        sum[1] += f32::from(*g);
                        sum[2] += f32::from(*b);
                    }
                }
            }
            let scale = 1.0 / (127.5 * (taps * taps) as f32);
            for (value, total) in pixel.iter_mut().zip(sum) {
                *value = total * scale - 1.0;
            }
        }
    }
}

/// The middles of the 896 anchors in px of the network's input: 16×16 cells with 2 each, then 8×8 with 6.
fn anchors() -> Vec<(f32, f32)> {
    let mut all = Vec::with_capacity(896);
    for (cells, each) in [(16usize, 2usize), (8, 6)] {
        let pitch = SIDE as f32 / cells as f32;
        for cell in 0..cells * cells {
            let middle = (((cell % cells) as f32 + 0.5) * pitch, ((cell / cells) as f32 + 0.5) * pitch);
            all.extend(std::iter::repeat_n(middle, each));
        }
    }
    all
}

/// Weighted non-maximum suppression: boxes of one face are averaged by their scores.
fn merge(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut merged = Vec::new();
    while let Some(best) = found.first().copied() {
        let (same, rest): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|other| other.face.overlap(&best.face) > SAME_FACE);
        merged.push(average(&same, best));
        found = rest;
        // The best always overlaps itself unless its box is empty; then it must still leave the list.
        found.retain(|other| *other != best);
    }
    merged
}

fn average(same: &[Detection], best: Detection) -> Detection {
    let total: f32 = same.iter().map(|one| one.score).sum();
    if total <= 0.0 {
        return best;
    }
    let mean = |value: fn(&Detection) -> f32| same.iter().map(|one| value(one) * one.score).sum::<f32>() / total;
    Detection {
        face: FaceBox {
            x: mean(|one| one.face.x),
            y: mean(|one| one.face.y),
            width: mean(|one| one.face.width),
            height: mean(|one| one.face.height),
        },
        score: best.score,
        left_eye: (mean(|one| one.left_eye.0), mean(|one| one.left_eye.1)),
        right_eye: (mean(|one| one.right_eye.0), mean(|one| one.right_eye.1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, score: f32) -> Detection {
        Detection { face: FaceBox { x, y: 0.0, width: 10.0, height: 10.0 }, score, ..Detection::default() }
    }

    #[test]
    fn there_are_as_many_anchors_as_outputs() {
        assert_eq!(anchors().len(), 896);
        assert_eq!(anchors()[0], (4.0, 4.0));
        assert_eq!(anchors()[895], (120.0, 120.0));
    }

    #[test]
    fn boxes_of_one_face_become_one_and_others_stay() {
        let merged = merge(vec![at(0.0, 0.6), at(1.0, 0.9), at(50.0, 0.7)]);

        assert_eq!(merged.len(), 2);
        assert!((merged[0].face.x - 0.6).abs() < 1e-6);
        assert!((merged[1].face.x - 50.0).abs() < 1e-6);
    }
}
