//! `face.csv`: a row per picture that was looked at.

use std::path::Path;

use crate::record::streams;
use crate::report::export::ExportError;
use crate::report::export::Recorded;
use crate::report::export::csv::affect_cells;
use crate::report::export::csv::affect_columns;
use crate::report::export::csv::excluded;
use crate::report::export::csv::table::Column;
use crate::report::export::csv::table::Table;
use crate::report::export::csv::table::angle;
use crate::report::export::csv::table::number;
use crate::report::export::csv::time;
use crate::report::export::openface;
use crate::report::export::recorded::reason;
use crate::report::export::recorded::value;
use crate::session::Item;
use crate::signal::Modality;

/// The names that are `OpenFace`'s, with its units.
const THEIRS: [(&str, &str, &str); 10] = [
    ("frame", "1", "the camera's count of pictures; a step of more than 1 is pictures that were skipped"),
    ("face_id", "1", "always 0: one face is followed"),
    ("timestamp", "s", "when the picture's stretch of time begins, since the session began"),
    ("confidence", "1", "how sure the landmarks' network is that there is a face"),
    ("success", "1", "1 where a face was found"),
    ("gaze_angle_x", "rad", "+ looks to the participant's left, seen by the camera"),
    ("gaze_angle_y", "rad", "+ looks down, seen by the camera"),
    ("pose_Rx", "rad", "+ the face goes down"),
    ("pose_Ry", "rad", "+ the face turns to the participant's right"),
    ("pose_Rz", "rad", "+ the head tilts to the participant's left shoulder"),
];

/// Where what `OpenFace` names differently is in the stream.
struct Places {
    presence: Option<usize>,
    success: Option<usize>,
    pose: [Option<usize>; 3],
    gaze: [Option<usize>; 2],
    /// Blendshapes, and the rest.
    shapes: Vec<(String, usize)>,
    rest: Vec<(String, String, usize)>,
}

impl Places {
    fn of(recorded: &Recorded<'_>) -> Self {
        let columns = recorded.columns(streams::FACE);
        let own = recorded.stream(streams::FACE).map(|stream| stream.columns.as_slice()).unwrap_or_default();
        let (mut shapes, mut rest) = (Vec::new(), Vec::new());
        for (place, column) in own.iter().enumerate() {
            match column.name.as_str() {
                "presence" | "success" => {}
                name if name.starts_with("bs_") => shapes.push((name.to_owned(), place)),
                name => rest.push((format!("face_{name}"), column.unit.clone(), place)),
            }
        }
        Self {
            presence: columns.place("presence"),
            success: columns.place("success"),
            pose: columns.places(["pitch", "yaw", "roll"]),
            gaze: columns.places(["gaze_x", "gaze_y"]),
            shapes,
            rest,
        }
    }

    fn columns(&self) -> Vec<Column> {
        let theirs = THEIRS.map(|(name, unit, about)| Column::new(name, unit, about));
        let shapes = self.shapes.iter().map(|(name, _)| Column::new(name.clone(), "1", "blendshape, 0 to 1"));
        let rest = self.rest.iter().map(|(name, unit, _)| Column::new(name.clone(), unit, about(name)));
        let last = [
            Column::new("face_reason", "", "why the face says nothing, where it doesn't"),
            Column::new("end", "s", "when the picture's stretch of time ends"),
            Column::new("arrived", "s", "when it was taken note of"),
            Column::excluded(),
        ];
        theirs.into_iter().chain(shapes).chain(affect_columns()).chain(rest).chain(last).collect()
    }
}

/// Of a column whose name begins with `face_`.
fn about(name: &str) -> &'static str {
    match name.strip_prefix("face_").unwrap_or(name) {
        "pitch" => "+ up, as the participant would say",
        "yaw" => "+ to the participant's left",
        "roll" => "+ tilted to the participant's left shoulder",
        "gaze_x" => "where the eyes look relative to the head: + to the participant's left",
        "gaze_y" => "where the eyes look relative to the head: + up",
        "blink" => "how far the eyes are shut, 0 to 1",
        "box_x" | "box_y" | "box_width" | "box_height" => "the face's box in the picture, from its left upper corner",
        "brightness" => "mean brightness of the face, 0 to 1",
        "sharpness" => "about 0.1 blurred, above 0.3 sharp",
        "overall" | "quality" => "how far the face can be trusted, 0 to 1",
        "known" => "for how long the person was known",
        name if name.starts_with("raw_") => "what the face alone says, as if nothing were known of the person",
        name if name.starts_with("reliability_") => "what the trust in it rests on",
        name if name.starts_with("p_") || name.contains("valence") || name.contains("arousal") => {
            "what the face alone says"
        }
        _ => "measured of the face in the picture",
    }
}

pub(super) fn write(recorded: &Recorded<'_>, folder: &Path) -> Result<Table, ExportError> {
    let places = Places::of(recorded);
    let mut table = Table::create(folder, "face.csv", places.columns())?;
    let [face, ..] = &recorded.kept.evidence;
    for item in face {
        table.row(&row(recorded, &places, item))?;
    }
    Ok(table)
}

fn row(recorded: &Recorded<'_>, places: &Places, item: &Item) -> Vec<String> {
    let at = item.span.start;
    let pose = places.pose.map(|place| value(item, place));
    let gaze = places.gaze.map(|place| value(item, place));
    let mut row = vec![item.seq.to_string(), "0".to_owned(), time(recorded, at)];
    row.push(number(value(item, places.presence)));
    row.push(number(value(item, places.success)));
    row.extend(openface::angles(openface::direction(pose, gaze)).map(angle));
    row.extend(openface::head(pose).map(angle));
    row.extend(places.shapes.iter().map(|(_, place)| number(value(item, Some(*place)))));
    row.extend(affect_cells(recorded.answer_at(at)));
    row.extend(places.rest.iter().map(|(_, _, place)| number(value(item, Some(*place)))));
    row.push(reason(Modality::Face, item).unwrap_or_default());
    row.extend([time(recorded, item.span.end), time(recorded, item.arrived), excluded(recorded, at)]);
    row
}

#[cfg(test)]
mod tests {
    use crate::report::support;

    #[test]
    fn a_picture_without_a_face_is_a_row_with_empty_cells() {
        let made = support::session();
        let rows = made.table("face.csv");

        let lost = &rows[&support::LOST_FRAME.to_string()];
        assert_eq!((lost["success"].as_str(), lost["frame"].as_str()), ("0", "31"));
        for empty in ["confidence", "pose_Rx", "gaze_angle_x", "bs_jawOpen", "face_brightness", "face_valence"] {
            assert_eq!(lost[empty], "", "{empty}");
        }
        assert_eq!(lost["face_reason"], "no face found");
    }

    #[test]
    fn angles_are_openfaces_and_degrees_ours() {
        let made = support::session();
        let rows = made.table("face.csv");

        // It looks up by 10 degrees.
        let first = &rows["0"];
        let angle: f64 = first["pose_Rx"].parse().unwrap();
        assert!((angle + 10f64.to_radians()).abs() < 1e-6);
        assert_eq!((first["face_pitch"].as_str(), first["bs_jawOpen"].as_str()), ("10", "0.25"));
        assert_eq!((first["timestamp"].as_str(), first["success"].as_str()), ("0.000000", "1"));
    }

    #[test]
    fn a_picture_has_the_answer_that_stood_then_and_no_older_one() {
        let made = support::session();
        let rows = made.table("face.csv");

        assert_eq!(rows["3"]["aff_valence"], "0.5");
        assert_eq!(rows["3"]["aff_gate_face"], "0.75");
        // Nothing was read at that time: it isn't 0, and not what was read before.
        assert_eq!(rows[&support::UNREAD_FRAME.to_string()]["aff_valence"], "");
    }
}
