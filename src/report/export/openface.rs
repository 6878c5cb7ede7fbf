//! The head's turn and where the eyes look, as `OpenFace` has them.
//!
//! `OpenFace`'s camera has x to the right of the picture, y down and z away from it; a face without a turn looks along −z. Its
//! angles are radians, and its rotation is `R = Rx · Ry · Rz`. In a picture that isn't mirrored, for small turns:
//!
//! | its            | is positive                                        | ours              |
//! |----------------|----------------------------------------------------|-------------------|
//! | `pose_Rx`      | where the face goes down                           | −pitch            |
//! | `pose_Ry`      | where the face turns to the participant's right    | −yaw              |
//! | `pose_Rz`      | where the head tilts to their left shoulder        | +roll             |
//! | `gaze_angle_x` | where they look to their left, seen by the camera  | yaw + gaze x      |
//! | `gaze_angle_y` | where they look down, seen by the camera           | −(pitch + gaze y) |
//!
//! Larger turns are converted as rotations, not angle by angle. Our gaze is relative to the head: it is turned with the head.
//! `OpenFace` corrects its pose for where in the picture the head is; ours is as it is seen from there.
//!
//! Source: `OpenFace`'s wiki ("Output Format"), its `RotationHelpers.h` and `GazeEstimation.cpp`.

/// Rows of a rotation.
type Rotation = [[f64; 3]; 3];

/// `pose_Rx`, `pose_Ry` and `pose_Rz`, radians, of pitch, yaw and roll in degrees as
/// [`HeadPose`](crate::signal::HeadPose) has them. NaN gives NaN.
pub(super) fn head(pose_deg: [f32; 3]) -> [f64; 3] {
    let [[xx, xy, xz], [_, _, yz], [_, _, zz]] = camera_from_head(pose_deg);
    [(-yz).atan2(zz), xz.clamp(-1.0, 1.0).asin(), (-xy).atan2(xx)]
}

/// Where the eyes look in `OpenFace`'s camera, as a direction of length 1: of the head's turn and of the gaze relative to it
/// (to the participant's left, up), degrees. NaN gives NaN.
pub(super) fn direction(pose_deg: [f32; 3], gaze_deg: [f32; 2]) -> [f64; 3] {
    let [left, up] = gaze_deg.map(|degrees| f64::from(degrees).to_radians().sin());
    let ahead = (1.0 - left * left - up * up).max(0.0).sqrt();
    // To the participant's left is to the right of the picture.
    let [x, y, z] = [left, -up, -ahead];
    camera_from_head(pose_deg).map(|[a, b, c]| a * x + b * y + c * z)
}

/// `gaze_angle_x` and `gaze_angle_y`, radians, of a direction.
pub(super) fn angles([x, y, z]: [f64; 3]) -> [f64; 2] {
    [x.atan2(-z), y.atan2(-z)]
}

/// The rotation of which our three angles say where the face looks and where its top is.
fn camera_from_head(pose_deg: [f32; 3]) -> Rotation {
    let [pitch, yaw, roll] = pose_deg.map(|degrees| f64::from(degrees).to_radians());
    // Our axes: x to the right of the picture, y up, z towards the camera.
    let ahead = [pitch.cos() * yaw.sin(), pitch.sin(), pitch.cos() * yaw.cos()];
    let up = top(ahead, roll);
    let right =
        [up[1] * ahead[2] - up[2] * ahead[1], up[2] * ahead[0] - up[0] * ahead[2], up[0] * ahead[1] - up[1] * ahead[0]];
    // Both the camera's and the head's y and z go the other way in OpenFace's.
    [[right[0], -up[0], -ahead[0]], [-right[1], up[1], ahead[1]], [-right[2], up[2], ahead[2]]]
}

/// Where the head's top points: across to where it looks, and in the picture at the roll from upright.
fn top(ahead: [f64; 3], roll: f64) -> [f64; 3] {
    let (across, along) = (ahead[0] * roll.sin() + ahead[1] * roll.cos(), ahead[2]);
    let length = across.hypot(along);
    if length == 0.0 {
        return [roll.sin(), roll.cos(), 0.0];
    }
    let in_picture = along.abs() / length;
    [in_picture * roll.sin(), in_picture * roll.cos(), -along.signum() * across / length]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: &[f64], wanted: &[f64]) {
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} is not {wanted:?}");
    }

    /// Its rotation as its `Euler2RotationMatrix` has it.
    fn of_euler([x, y, z]: [f64; 3]) -> Rotation {
        let ((s1, c1), (s2, c2), (s3, c3)) = (x.sin_cos(), y.sin_cos(), z.sin_cos());
        [
            [c2 * c3, -c2 * s3, s2],
            [c1 * s3 + c3 * s1 * s2, c1 * c3 - s1 * s2 * s3, -c2 * s1],
            [s1 * s3 - c1 * c3 * s2, c3 * s1 + c1 * s2 * s3, c1 * c2],
        ]
    }

    #[test]
    fn each_turn_by_itself_has_its_sign() {
        let ten = 10f64.to_radians();

        near(&head([10.0, 0.0, 0.0]), &[-ten, 0.0, 0.0]);
        near(&head([0.0, 10.0, 0.0]), &[0.0, -ten, 0.0]);
        near(&head([0.0, 0.0, 10.0]), &[0.0, 0.0, ten]);
    }

    #[test]
    fn turns_together_are_the_same_rotation() {
        for pose in [[10.0, -25.0, 15.0], [-30.0, 40.0, -20.0], [5.0, 60.0, 30.0]] {
            let ours = camera_from_head(pose);

            let theirs = of_euler(head(pose));
            for (ours, theirs) in ours.iter().zip(&theirs) {
                near(ours, theirs);
            }
            // Where it looks and where its top is are what our angles say, in axes whose y goes down.
            let [pitch, yaw, roll] = pose.map(|degrees| f64::from(degrees).to_radians());
            let (ahead, up) = (theirs.map(|row| -row[2]), theirs.map(|row| -row[1]));
            near(&[(-ahead[1]).asin(), ahead[0].atan2(-ahead[2])], &[pitch, yaw]);
            near(&[up[0].atan2(-up[1])], &[roll]);
        }
    }

    #[test]
    fn the_gaze_is_turned_with_the_head() {
        let (ten, twenty) = (10f64.to_radians(), 20f64.to_radians());
        let of = |pose, gaze| angles(direction(pose, gaze));

        near(&of([0.0; 3], [0.0; 2]), &[0.0, 0.0]);
        near(&of([0.0; 3], [10.0, 0.0]), &[ten, 0.0]);
        near(&of([0.0; 3], [0.0, 10.0]), &[0.0, -ten]);
        near(&of([0.0, 10.0, 0.0], [10.0, 0.0]), &[twenty, 0.0]);
        near(&of([10.0, 0.0, 0.0], [0.0, 10.0]), &[0.0, -twenty]);
        // Eyes that stay on the camera while the head turns.
        near(&of([0.0, 10.0, 0.0], [-10.0, 0.0]), &[0.0, 0.0]);
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        assert!(head([f32::NAN; 3]).iter().all(|angle| angle.is_nan()));
        assert!(angles(direction([0.0; 3], [f32::NAN; 2])).iter().all(|angle| angle.is_nan()));
    }
}
