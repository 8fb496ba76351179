//! The verdict on a rehearsal. The English is the engine's own, so that the command line says the same.

use super::{Lang, Words};
use crate::studio::rehearsal::{Fault, Good, Verdict, whole_ms};

impl Words {
    /// The verdict in one sentence.
    pub fn verdict(self, verdict: &Verdict) -> String {
        match (self.0, verdict) {
            (Lang::English, verdict) => verdict.to_string(),
            (Lang::German, Verdict::Good(good)) => format!("Gut: {}.", self.good_german(good)),
            (Lang::German, Verdict::NotGood(faults)) => {
                let faults: Vec<String> = faults.iter().map(|fault| self.fault_german(fault)).collect();
                format!("Nicht gut: {}.", faults.join("; "))
            }
        }
    }

    fn good_german(self, good: &Good) -> String {
        if good.pictures == 0 {
            return match good.lufs {
                Some(lufs) => format!("der Ton ist angekommen, mit {} LUFS", self.decimal(lufs, 1)),
                None => "der Ton ist angekommen und ist Stille".to_owned(),
            };
        }
        let mut parts = vec![format!("alle {} Bilder sind angekommen", good.pictures)];
        if let Some(seconds) = good.keyframe_seconds {
            parts.push(format!("ein Schlüsselbild alle {} s", self.decimal(seconds, 1)));
        }
        if let Some(offset) = good.av_offset_ms {
            parts.push(format!("Ton und Bild innerhalb von {:.0} ms", whole_ms(offset)));
        }
        parts.push(match good.lufs {
            Some(lufs) => format!("Ton mit {} LUFS", self.decimal(lufs, 1)),
            None => "der Ton ist Stille".to_owned(),
        });
        parts.join(", ")
    }

    fn fault_german(self, fault: &Fault) -> String {
        match fault {
            Fault::NothingCame { from } => format!("von {from} kam nichts"),
            Fault::NothingArrived => "nichts ist angekommen".to_owned(),
            Fault::PicturesMissing { missing: 1, sent } => format!("1 von {sent} Bildern ist nicht angekommen"),
            Fault::PicturesMissing { missing, sent } => format!("{missing} von {sent} Bildern sind nicht angekommen"),
            Fault::PictureUnreadable(fault) => format!("ein Zuschauer kann das Bild nicht zeigen ({fault})"),
            Fault::KeyframesFarApart { longest_seconds } => format!(
                "Schlüsselbilder liegen bis zu {} s auseinander, Dienste wollen höchstens 4 s",
                self.decimal(*longest_seconds, 1)
            ),
            Fault::KeyframesIrregular { shortest_seconds, longest_seconds } => format!(
                "Schlüsselbilder kommen unregelmäßig, alle {} bis {} s",
                self.decimal(*shortest_seconds, 1),
                self.decimal(*longest_seconds, 1)
            ),
            Fault::KeyframesOpen { count } => {
                let need = if *count == 1 { "Schlüsselbild braucht" } else { "Schlüsselbilder brauchen" };
                format!("{count} {need} Bilder von davor, dort kann niemand einsteigen")
            }
            Fault::SoundLate { ms } => format!("der Ton kommt {ms:.0} ms nach dem Bild"),
            Fault::SoundEarly { ms } => format!("der Ton kommt {ms:.0} ms vor dem Bild"),
            Fault::PicturesLeftOut { left_out, of } => {
                format!("{left_out} von {of} Bildern wurden ausgelassen, dieser Rechner kommt nicht mit")
            }
            Fault::PicturesLate { ms } => {
                format!("Bilder kommen bis zu {ms:.0} ms zu spät, dieser Rechner kommt nicht mit")
            }
            Fault::NoSound => "es gibt keinen Ton, und Dienste wollen eine Tonspur".to_owned(),
            Fault::SoundUnreadable(fault) => format!("ein Zuschauer kann den Ton nicht hören ({fault})"),
            Fault::TooLoud { true_peak_dbtp } => {
                format!("der Ton ist zu laut und übersteuert (True Peak {} dBTP)", self.decimal(*true_peak_dbtp, 1))
            }
            Fault::TooQuiet { lufs } => format!("der Ton ist sehr leise ({} LUFS)", self.decimal(*lufs, 0)),
            Fault::NotMeasured => "Bild und Ton ließen sich nicht messen".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_speaks_the_language() {
        let good = Good { pictures: 210, keyframe_seconds: Some(2.0), av_offset_ms: Some(-3.2), lufs: Some(-16.25) };
        let german = Words(Lang::German).verdict(&Verdict::Good(good));
        assert_eq!(
            german,
            "Gut: alle 210 Bilder sind angekommen, ein Schlüsselbild alle 2,0 s, Ton und Bild innerhalb von 4 ms, Ton mit −16,2 LUFS."
        );
        let english = Words(Lang::English).verdict(&Verdict::Good(good));
        assert_eq!(english, Verdict::Good(good).to_string());
        let heard = Good { pictures: 0, keyframe_seconds: None, av_offset_ms: None, lufs: Some(-15.0) };
        let german = Words(Lang::German).verdict(&Verdict::Good(heard));
        assert_eq!(german, "Gut: der Ton ist angekommen, mit −15,0 LUFS.");
        assert_eq!(Verdict::Good(heard).to_string(), "Good: the sound arrived, at -15.0 LUFS.");
        let wrong = Verdict::NotGood(vec![Fault::SoundLate { ms: 80.4 }, Fault::NoSound]);
        let german = Words(Lang::German).verdict(&wrong);
        assert!(german.starts_with("Nicht gut: der Ton kommt 80 ms nach dem Bild; es gibt keinen Ton"), "{german}");
        let one = vec![Fault::PicturesMissing { missing: 1, sent: 180 }, Fault::KeyframesOpen { count: 1 }];
        let german = Words(Lang::German).verdict(&Verdict::NotGood(one));
        assert!(
            german.contains("1 von 180 Bildern ist nicht") && german.contains("1 Schlüsselbild braucht"),
            "{german}"
        );
    }
}
