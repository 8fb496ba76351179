//! Disks that take no file beyond some size, as those with FAT32: the recording goes on in another one.

use super::*;

/// Records `seconds` onto a disk whose files have at most `most` bytes; gives the files and what was told.
fn record_small_files(
    name: &str,
    most: usize,
    split: Option<RecordSplit>,
    seconds: i64,
) -> (Vec<(String, Vec<u8>)>, Vec<RecorderEvent>) {
    let memory = Memory::default();
    memory.0.lock().unwrap().file_max = Some(most);
    let (told, listed) = record_and_list(&memory, &config(name, split), &packets(seconds), |_, _| {});
    let files = memory.files();
    assert_eq!(listed, files.iter().map(|(path, _)| PathBuf::from(path)).collect::<Vec<_>>());
    assert!(files.iter().all(|(_, bytes)| bytes.len() <= most));
    assert_eq!(memory.0.lock().unwrap().mended, [] as [PathBuf; 0], "each is whole as it is");
    (files, told)
}

#[test]
fn where_a_file_can_grow_no_more_another_begins_and_nothing_is_lost_or_there_twice() {
    for form in ["mp4", "flv"] {
        // Two seconds have some 144 kB: wherever in them the file is full.
        for most in (450_000..600_000).step_by(7919) {
            let (files, told) = record_small_files(&format!("show.{form}"), most, None, 20);
            let [RecorderEvent::FileFull { path, next }] = &told[..] else { panic!("{form}, {most}: {told:?}") };
            assert_eq!((path, next), (&format!("show.{form}"), &format!("show-2.{form}")), "it is told once");
            assert!((3..10).contains(&files.len()), "{form}, {most}: {} files", files.len());
            let (pictures, sound) = read_in_turn(form, &files);
            assert_eq!(pictures, (0..500).collect::<Vec<_>>(), "{form}, {most}");
            assert_eq!(sound, (2..937).collect::<Vec<_>>(), "{form}, {most}");
        }
    }
}

#[test]
fn a_recording_that_is_split_and_one_of_sound_alone_go_on_too() {
    let split = Some(RecordSplit::Duration(Duration::from_secs(14)));
    let (files, told) = record_small_files("show.mp4", 500_000, split, 40);
    assert!(matches!(&told[..], [RecorderEvent::FileFull { .. }]), "{told:?}");
    let (pictures, sound) = read_in_turn("mp4", &files);
    assert_eq!((pictures, sound), ((0..1000).collect(), (2..1875).collect()));

    let memory = Memory::default();
    memory.0.lock().unwrap().file_max = Some(200_000);
    let only_sound: Vec<_> = packets(20).into_iter().filter(|packet| !packet.is_video()).collect();
    let config = RecorderConfig { stream: stream(false), ..config("talk.mp4", None) };
    let told = record_packets(&memory, &config, &only_sound, |_, _| {});
    assert!(matches!(&told[..], [RecorderEvent::FileFull { .. }]), "{told:?}");
    let numbers: Vec<_> = memory.files().iter().flat_map(|(_, bytes)| read_mp4(bytes).0.concat()).collect();
    let numbers: Vec<_> = numbers.into_iter().map(|found| found.number).collect();
    assert_eq!(numbers, (0..937).collect::<Vec<_>>());
}

#[test]
fn a_mark_goes_with_the_picture_it_was_set_at() {
    for most in [450_000, 500_000, 550_000] {
        let memory = Memory::default();
        memory.0.lock().unwrap().file_max = Some(most);
        let next = std::cell::Cell::new(0);
        // One each half second.
        let told = record_packets(&memory, &config("show.mp4", None), &packets(20), |shared, now| {
            let number = now.since(Timestamp::from_millis(5000)).as_millis() / 500;
            if number as u32 > next.get() {
                next.set(number as u32);
                shared.mark(next.get(), Timestamp::from_millis(5000 + i64::from(next.get()) * 500));
            }
        });
        assert!(matches!(&told[..], [RecorderEvent::FileFull { .. }]), "{told:?}");
        let contents = memory.0.lock().unwrap();
        let (mut begins, mut number) = (0.0, 0);
        for (path, bytes) in &contents.files {
            let chapters = contents.beside.get(&path.with_extension("chapters.vtt")).map_or("", String::as_str);
            let marked: Vec<_> = chapters.lines().filter(|line| line.contains("-->")).collect();
            let pictures = read_mp4(bytes).0[0].len();
            let length = pictures as f64 / FRAMES_A_SECOND as f64;
            for line in marked {
                number += 1;
                let seconds: f64 = line[6..12].parse().unwrap();
                assert!((begins + seconds - f64::from(number) / 2.0).abs() < 0.001, "{}: {line}", path.display());
                assert!(seconds < length, "{}: {line}", path.display());
            }
            begins += length;
        }
        assert_eq!(number, next.get(), "none is lost, none is there twice");
    }
}

#[test]
fn a_disk_whose_files_hold_next_to_nothing_is_told() {
    let memory = Memory::default();
    memory.0.lock().unwrap().file_max = Some(100_000);
    let told = record_packets(&memory, &config("show.mp4", None), &packets(20), |_, _| {});
    assert!(matches!(&told[..], [RecorderEvent::Failed(error)] if !error.disk_full), "{told:?}");
}

#[test]
fn a_file_that_is_full_with_its_last_piece_keeps_all_too() {
    for name in ["show.mp4", "show.flv"] {
        let form = &name[5..];
        let whole = record_small_files(name, usize::MAX, None, 9).0[0].1.len();
        for missing in [1, 100, 5000] {
            let (files, told) = record_small_files(name, whole - missing, None, 9);
            assert!(matches!(&told[..], [RecorderEvent::FileFull { .. }]), "{name}: {told:?}");
            let (pictures, sound) = read_in_turn(form, &files);
            assert_eq!((files.len(), pictures, sound), (2, (0..225).collect(), (2..421).collect()), "{name}");
        }
    }
}

#[test]
fn what_is_missing_stays_missing_in_the_next_file() {
    // In the piece after its first the disk stands still for 25 s, whose sound is kept.
    for most in (660_000..1_000_000).step_by(7919) {
        let memory = Memory::default();
        memory.0.lock().unwrap().file_max = Some(most);
        let (told, missing) = stalls::record_with_stall_onto(&memory, "show.mp4", 90, 25 * FRAMES_A_SECOND, 250);
        assert_eq!(told, [Hole { frames: missing, audio_packets: 0 }]);
        let files: Vec<_> = memory.files().iter().map(|(_, bytes)| read_mp4(bytes).0).collect();
        let pictures: Vec<_> = files.iter().flat_map(|[pictures, _]| pictures).collect();
        // None is shown until what follows the hole.
        assert!(pictures.iter().all(|picture| picture.duration == 3600), "{most}");
        assert_eq!(pictures.len() as u64 + missing, 39 * FRAMES_A_SECOND as u64, "{most}");
        assert_eq!(files.iter().map(|[_, sound]| sound.len()).sum::<usize>(), 39 * 25, "{most}");
        let jumps =
            |pictures: &[Found]| pictures.windows(2).filter(|pair| pair[1].start - pair[0].start != 3600).count();
        let holes: usize = files.iter().map(|[pictures, _]| jumps(pictures)).sum();
        assert!(files.len() > 1 && holes <= 1, "{most}: {holes} holes");
    }
}
