//! Before a show runs: sources and encoders are opened, the program put on air.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use super::card::card_of;
use super::encode_thread::{EncodeThread, WantedBitrate};
use super::event::StudioEvent;
use super::health::Health;
use super::incoming::IngestDoor;
use super::levels::Sound;
use super::lines::Lines;
use super::mail::Message;
use super::preview::Preview;
use super::program::Program;
use super::rate::RateController;
use super::recording::Kept;
use super::rehearse::Rehearse;
use super::sources::{self, Opened};
use super::stage::{AudioPart, Card, Stage, StageFormat, Standing};
use super::supervisor::{FIRST_PICTURE_DEADLINE, Lent, Phase, Running, STATS_INTERVAL, ShowStage, Supervisor};
use super::{Problem, ProblemKind};
use crate::capture::{AudioSource, SourceError, SourceInfo, VideoSource};
use crate::encode::{
    AudioEncoder, AudioEncoderSettings, EncodeError, VideoEncoder, VideoEncoderSettings, open_aac, open_h264,
};
use crate::flow::Worker;
use crate::media::{StreamConfig, Timestamp};
use crate::output::publisher::{ENCODER_NAME, StreamHeaders};
use crate::output::{Fanout, Network};
use crate::settings::{EncodingSettings, VideoChoice};

impl Supervisor {
    /// Opens sources (where no stage is lent) and encoders, and puts the program on air.
    pub(super) fn prepare(&self) -> Result<Running, Problem> {
        let started = self.clock.now();
        let (stage, waits_for_sources) = match &self.lent {
            Some(Lent { stage, .. }) => {
                let standing = stage.standing();
                if let Some(problem) = standing.failure {
                    return Err(problem);
                }
                // One that begins while its microphone is being opened would or would not begin without it by chance.
                (ShowStage::Lent(stage.clone()), !self.has_picture(&standing) || standing.sound_opens)
            }
            None => self.open_stage()?,
        };
        let (video_encoder, audio_encoder) = self.open_encoders(self.has_video())?;
        let config = StreamConfig {
            video: video_encoder.as_ref().map(|encoder| encoder.config()),
            audio: Some(audio_encoder.config()),
        };
        let headers = StreamHeaders::new(&config, ENCODER_NAME);
        let network = Network::start().map_err(internal)?;
        let rehearse = match self.settings.rehearse {
            true => Some(Rehearse::start(&self.clock, self.lent.as_ref().map(|lent| lent.viewer.clone()))?),
            false => None,
        };

        let program = Program::new(Fanout::new(), self.settings.duration);
        let mut kept = Kept::new(config);
        // Thirty seconds of packets in memory are for those who can ask for them.
        if self.settings.record.is_some() || self.lent.is_some() {
            program.fanout().keep_in(kept.replay());
            kept.keeps_replay = true;
        }
        let bitrate = WantedBitrate::new(self.settings.encoding.video_bitrate);
        let phase = match waits_for_sources {
            true => Phase::Preparing { until: self.clock.now() + FIRST_PICTURE_DEADLINE },
            false => Phase::Running,
        };
        let encode = match video_encoder {
            Some(encoder) => {
                let (program, mail) = (program.clone(), self.mail.clone());
                let clock = self.clock.clone();
                let thread = EncodeThread { encoder, bitrate: bitrate.clone(), program, mail, clock };
                Some(Worker::spawn("encode", move |stop| thread.run(stop)).map_err(internal)?)
            }
            None => None,
        };
        let part = AudioPart {
            encoder: audio_encoder,
            leads: encode.is_none(),
            program: program.clone(),
            mail: self.mail.clone(),
        };
        stage.handle().set_card(self.card());
        stage.handle().put_on_air(encode.is_some().then(|| program.clone()), part);
        let encoding = &self.settings.encoding;
        let mut running = Running {
            program,
            bitrate,
            rate: RateController::new(encoding),
            train_at: None,
            next_look: self.clock.now(),
            headers,
            lines: Lines::default(),
            cache: Duration::from_secs(encoding.cache_seconds.into()),
            kept,
            rehearse,
            health: Health::new(started),
            next_stats: self.clock.now() + STATS_INTERVAL,
            phase,
            aborted: false,
            video_ended: encode.is_none(),
            audio_ended: false,
            video_lost: None,
            audio_lost: None,
            sleeps_told: (0, Duration::ZERO),
            failures: Vec::new(),
            stage,
            _encode: encode,
            network,
        };
        if running.phase == Phase::Running {
            self.start_publishers(&mut running);
        }
        Ok(running)
    }

    /// Whether the picture is there, if the show has one.
    pub(super) fn has_picture(&self, standing: &Standing) -> bool {
        standing.has_picture || !self.has_video()
    }

    /// What stands in for a picture that does not come; one that cannot be had is told.
    fn card(&self) -> Card {
        let (card, problem) = card_of(&self.settings.card);
        if let Some(problem) = problem {
            self.tell(StudioEvent::Problem(problem));
        }
        card
    }

    fn has_video(&self) -> bool {
        self.settings.video != VideoChoice::None
    }

    /// A stage of the show's own with its sources; and whether its picture may take a while.
    fn open_stage(&self) -> Result<(ShowStage, bool), Problem> {
        let ingest = IngestDoor::new(self.settings.ingest.clone());
        let video = self.open_video(&ingest)?;
        let audio = self.open_audio(&ingest)?;
        let waits_for_picture = video.as_ref().is_some_and(|video| video.is_device);
        let mail = self.mail.clone();
        let sink = Arc::new(move |event| mail.send(Message::Stage(event)));
        let format = StageFormat::from(&self.settings.encoding);
        let sound = Sound::default();
        sound.set_gain_db(self.settings.gain_db);
        let stage = Stage::start(format, self.clock.clone(), Preview::new(), sound, sink).map_err(internal)?;
        stage.handle().set_video(video.map(|video| video.source));
        stage.handle().set_audio(Some(audio.source));
        Ok((ShowStage::Own(stage), waits_for_picture))
    }

    fn open_video(&self, ingest: &IngestDoor) -> Result<Option<Opened<dyn VideoSource>>, Problem> {
        let started = self.clock.now();
        let opened = sources::open_video(&self.settings.video, &self.settings.encoding, &self.clock, ingest);
        self.source_opened(started, opened.map(|o| o.map(|o| (format_of(&o.source.info()), o))))
    }

    fn open_audio(&self, ingest: &IngestDoor) -> Result<Opened<dyn AudioSource>, Problem> {
        let started = self.clock.now();
        let opened = sources::open_audio(&self.settings.audio, &self.settings.encoding, &self.clock, ingest);
        let opened = self.source_opened(started, opened.map(|o| Some((format_of(&o.source.info()), o))))?;
        opened.ok_or_else(|| Problem::new(ProblemKind::Internal, "sound", "no source"))
    }

    fn source_opened<S: ?Sized>(
        &self,
        started: Timestamp,
        result: Result<Option<(String, Opened<S>)>, SourceError>,
    ) -> Result<Option<Opened<S>>, Problem> {
        match result {
            Ok(Some((detail, opened))) => {
                self.step("source", started, true, detail);
                if let Some(notice) = &opened.notice {
                    self.tell(StudioEvent::Problem(notice.clone()));
                }
                Ok(Some(opened))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                self.step("source", started, false, error.to_string());
                Err(Problem::from_source(&error))
            }
        }
    }

    fn open_encoders(&self, with_video: bool) -> Result<Encoders, Problem> {
        let started = self.clock.now();
        let encoding = &self.settings.encoding;
        let opened = open_encoders(encoding, with_video);
        let (video, audio) =
            opened.inspect_err(|problem| self.step("encoder", started, false, problem.details.clone()))?;
        let sound = format!("AAC {} Hz {}", encoding.sample_rate, encoding.audio_bitrate);
        let detail = match with_video {
            true => format!(
                "H.264 {} at {} fps, {}, a keyframe every {} s; {sound}",
                encoding.size, encoding.frame_rate, encoding.video_bitrate, encoding.keyframe_seconds
            ),
            false => sound,
        };
        self.step("encoder", started, true, detail);
        Ok((video, audio))
    }
}

/// The picture's encoder, if there is a picture, and the sound's.
pub(super) type Encoders = (Option<Box<dyn VideoEncoder>>, Box<dyn AudioEncoder>);

/// Opens what a show of this form is encoded with.
pub(super) fn open_encoders(encoding: &EncodingSettings, with_video: bool) -> Result<Encoders, Problem> {
    let failed = |about: &'static str| move |error: EncodeError| Problem::from_encoder(about, &error);
    let video_settings = VideoEncoderSettings {
        size: encoding.size,
        frame_rate: encoding.frame_rate,
        bitrate: encoding.video_bitrate,
        keyframe_seconds: encoding.keyframe_seconds,
    };
    let cores = available_parallelism().map_or(1, usize::from);
    let video = match with_video {
        true => Some(open_h264(&video_settings, cores).map_err(failed("video encoder"))?),
        false => None,
    };
    let audio_settings = AudioEncoderSettings {
        sample_rate: encoding.sample_rate,
        channels: encoding.channels,
        bitrate: encoding.audio_bitrate,
    };
    Ok((video, open_aac(&audio_settings).map_err(failed("audio encoder"))?))
}

fn internal(error: std::io::Error) -> Problem {
    Problem::new(ProblemKind::Internal, "show", error.to_string())
}

pub(super) fn format_of(info: &SourceInfo) -> String {
    match info.format.is_empty() {
        true => info.name.clone(),
        false => format!("{}: {}", info.name, info.format),
    }
}
