//! What is written of one stream.

use std::io;
use std::path::Path;

use super::flv::FlvForm;
use super::mp4::{Mp4Form, Mp4Item};
use super::news::News;
use super::series::{Series, Storage};
use crate::ingest::RecordFormat;
use crate::ingest::mp4_recording::{Mp4Recording, Step};
use crate::ingest::unit::Unit;
use crate::output::Place;

/// A recording that is being written.
pub(super) struct OpenFile<S: Storage> {
    storage: S,
    writer: Writer<S>,
    /// What was not told yet.
    pub(super) news: Vec<News>,
}

enum Writer<S: Storage> {
    Flv(Series<S, FlvForm>),
    /// No file before it is known what the stream holds.
    Mp4(Box<Mp4Recording>, Option<Series<S, Mp4Form>>),
}

impl<S: Storage> OpenFile<S> {
    pub(super) fn begin(storage: S, format: RecordFormat) -> io::Result<Self> {
        let writer = match format {
            RecordFormat::Flv => Writer::Flv(Series::begin(storage.clone(), FlvForm::default())?),
            RecordFormat::Mp4 => Writer::Mp4(Box::default(), None),
        };
        Ok(Self { storage, writer, news: Vec::new() })
    }

    /// The newest file; `None` before the first one.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.writer {
            Writer::Flv(files) => Some(files.path()),
            Writer::Mp4(_, files) => files.as_ref().map(Series::path),
        }
    }

    /// Where that is by now.
    pub(super) fn place(&mut self) -> Option<Place> {
        match &mut self.writer {
            Writer::Flv(files) => Some(files.place()),
            Writer::Mp4(_, files) => files.as_mut().map(Series::place),
        }
    }

    pub(super) fn write(&mut self, unit: &Unit) -> io::Result<()> {
        match &mut self.writer {
            Writer::Flv(files) => files.take(unit, &mut self.news),
            Writer::Mp4(recording, _) => {
                let mut steps = Vec::new();
                recording.take(unit, &mut steps);
                self.follow(steps)
            }
        }
    }

    fn follow(&mut self, steps: Vec<Step>) -> io::Result<()> {
        let Writer::Mp4(_, files) = &mut self.writer else { return Ok(()) };
        for step in steps {
            match step {
                Step::Begin(tracks) => {
                    if let Some(before) = files {
                        before.finish(&mut self.news)?;
                    }
                    *files = Some(Series::begin(self.storage.clone(), Mp4Form::new(tracks))?);
                }
                Step::Write(track, start, sample) => {
                    if let Some(files) = files {
                        files.take(&Mp4Item { track, start, sample }, &mut self.news)?;
                    }
                }
                Step::Unusable(why) => self.news.push(News::LeftOut(why)),
                Step::Nothing(why) => self.news.push(News::Nothing(why)),
            }
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Flv(files) => files.flush(&mut self.news),
            Writer::Mp4(_, files) => files.as_mut().map_or(Ok(()), |files| files.flush(&mut self.news)),
        }
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        if let Writer::Mp4(recording, _) = &mut self.writer {
            let mut steps = Vec::new();
            recording.finish(&mut steps);
            self.follow(steps)?;
        }
        match &mut self.writer {
            Writer::Flv(files) => files.finish(&mut self.news),
            Writer::Mp4(_, files) => files.as_mut().map_or(Ok(()), |files| files.finish(&mut self.news)),
        }
    }
}
