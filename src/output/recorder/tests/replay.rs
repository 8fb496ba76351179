//! What is saved of a show afterwards.

use super::*;

#[test]
fn a_replay_is_a_file_from_its_first_keyframe_on_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = replay_path(&folder.path().join("show.flv"), "12-00-01");
    assert_eq!(path, folder.path().join("show replay 12-00-01.mp4"));
    for name in ["show replay 12-00-01.mp4", "show replay 12-00-01-2.mp4"] {
        let (told, saved) = sync_channel(1);
        let save =
            ReplaySave::start(packets(4), stream(true), path.clone(), move |done| told.send(done).unwrap()).unwrap();
        assert!(save.finish(Duration::from_secs(60)));
        let file = saved.recv().unwrap().unwrap();
        assert_eq!(file, folder.path().join(name));
        assert_eq!(read_mp4(&std::fs::read(&file).unwrap()).0[0].len() as i64, 4 * FRAMES_A_SECOND);
    }
    let (told, saved) = sync_channel(1);
    let nowhere = folder.path().join("no/such/file.mp4");
    ReplaySave::start(packets(1), stream(true), nowhere, move |done| told.send(done).unwrap()).unwrap();
    assert!(saved.recv().unwrap().is_err());
}
