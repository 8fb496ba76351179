//! What fails beside the recording does not end it.

use super::super::media_file::MediaFile;
use super::*;
use crate::media::RecordForm;

#[test]
fn where_the_next_file_cannot_be_made_the_one_before_goes_on_until_it_can() {
    for form in ["mp4", "flv"] {
        let memory = Memory::default();
        let (path, split) = (format!("show.{form}"), Some(RecordSplit::Duration(Duration::from_secs(4))));
        // From the second second on until the eleventh.
        let told = record_packets(&memory, &config(&path, split), &packets(21), |_, now| {
            let refuses = (Timestamp::from_millis(6000)..Timestamp::from_millis(16_000)).contains(&now);
            memory.0.lock().unwrap().makes_none = refuses;
        });
        let [RecorderEvent::Unsplit { path: told_of, reason }] = &told[..] else { panic!("{told:?}") };
        assert!(*told_of == path && !reason.is_empty(), "{told:?}");
        let files = memory.files();
        // Due in the fourth second, and begun in the twelfth.
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        let others = [2, 3, 4].map(|number| format!("show-{number}.{form}"));
        assert_eq!(names, [&path, &others[0], &others[1], &others[2]]);
        let (pictures, sound) = read_in_turn(form, &files);
        assert_eq!(pictures, (0..525).collect::<Vec<_>>(), "{form}");
        assert_eq!(sound, (2..984).collect::<Vec<_>>(), "{form}");
    }
}

#[test]
fn marks_that_cannot_be_written_are_told_once_and_harm_no_recording() {
    let memory = Memory::default();
    memory.0.lock().unwrap().writes_none_beside = true;
    let marked = RefCell::new(1);
    let told = record_packets(&memory, &config("show.mp4", None), &packets(8), |shared, now| {
        let mut number = marked.borrow_mut();
        if now >= Timestamp::from_millis(6000 + i64::from(*number) * 1000) {
            shared.mark(*number, now);
            *number += 1;
        }
    });
    assert!(matches!(&told[..], [RecorderEvent::MarksLost { path, .. }] if path == "show.mp4"), "{told:?}");
    assert_eq!(read_mp4(&memory.files()[0].1).0[0].len(), 200);
}

#[test]
fn a_recording_that_cannot_be_noted_is_told_once_and_goes_on() {
    let memory = Memory::default();
    memory.0.lock().unwrap().notes_none = true;
    let split = Some(RecordSplit::Duration(Duration::from_secs(4)));
    let told = record_packets(&memory, &config("show.mp4", split), &packets(10), |_, _| {});
    assert!(matches!(&told[..], [RecorderEvent::Unnoted { path, .. }] if path == "show.mp4"), "{told:?}");
    assert!(memory.files().len() > 1);
}

#[test]
fn the_file_of_a_recording_that_has_just_begun_says_what_it_is() {
    for (form, head) in [("mp4", &b"\0\0\0"[..]), ("flv", b"FLV")] {
        let memory = Memory::default();
        let (path, disk) = memory.clone().create(Path::new(&format!("show.{form}")), 1).unwrap();
        let begun = MediaFile::begin(disk, RecordForm::of(&path), &stream(true));
        assert!(begun.is_ok() && memory.files()[0].1.starts_with(head), "{form}");
    }
}
