//! What destinations are called in what is printed.

use crate::settings::{Destination, ShowSettings};
use crate::studio::Problem;

/// The names of a show's destinations, by their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<Name>);

#[derive(Clone, Debug)]
struct Name {
    name: String,
    /// Another has the same address: the name alone tells them apart.
    needed: bool,
}

impl Names {
    /// Those of `show`; a rehearsal goes to none of them.
    pub(super) fn of(show: &ShowSettings) -> Self {
        let destinations = if show.rehearse { &[][..] } else { &show.destinations };
        let servers: Vec<_> = destinations.iter().map(|known| known.clone().with_secrets_split().server).collect();
        let needed = |server: &String| servers.iter().filter(|other| *other == server).count() > 1;
        let names = Destination::names(destinations);
        Self(names.into_iter().zip(&servers).map(|(name, server)| Name { name, needed: needed(server) }).collect())
    }

    /// The name of the destination at `place`, if it has one.
    pub(super) fn at(&self, place: Option<usize>) -> Option<&str> {
        Some(self.0.get(place?)?.name.as_str())
    }

    /// Whether there is more than one.
    pub(super) fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// The destination at `address` for people: with its name where another has the same address.
    pub(super) fn shown(&self, place: Option<usize>, address: &str) -> String {
        match place.and_then(|place| self.0.get(place)) {
            Some(Name { name, needed: true }) => format!("{name} ({address})"),
            _ => address.to_owned(),
        }
    }

    /// The problem for people: about a destination by its name where another has the same address.
    pub(super) fn named(&self, problem: &Problem) -> Problem {
        let mut named = problem.clone();
        named.about = self.shown(problem.place(), &problem.about);
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::ProblemKind;

    #[test]
    fn two_of_one_server_are_told_apart() {
        let named = |name: &str, url: &str| Destination { name: name.to_owned(), ..Destination::at(url) };
        let destinations = vec![
            Destination::at("rtmp://h/live/k1"),
            Destination::at("rtmp://h/live/k2"),
            named("Choir", "rtmp://h/live/k3"),
            Destination::at("rtmp://other/live/k"),
        ];
        let show = ShowSettings { destinations, ..ShowSettings::default() };
        let names = Names::of(&show);
        let all: Vec<_> = (0..5).map(|place| names.at(Some(place))).collect();
        assert_eq!(all, [Some("h"), Some("h 2"), Some("Choir"), Some("other"), None]);
        assert_eq!(names.shown(Some(2), "rtmp://h/live"), "Choir (rtmp://h/live)");
        assert_eq!(names.shown(Some(3), "rtmp://other/live"), "rtmp://other/live");
        let problem = Problem::new(ProblemKind::ConnectionRefused, "rtmp://h/live", "").at(1);
        assert_eq!(names.named(&problem).about, "h 2 (rtmp://h/live)");
        let rehearsal = Names::of(&ShowSettings { rehearse: true, ..show });
        assert_eq!((rehearsal.at(Some(0)), rehearsal.shown(None, "x")), (None, "x".to_owned()));
    }
}
