//! Where the show goes: service, server, key, and what the service wants otherwise.

use eframe::egui;

use super::parts::{Typing, complaint, edited, hint, labelled_picker, locks, typed_field};
use super::secrets::{KeptAnswer, SecretText, kept_secret, typed_secret};
use super::{Complaint, Place, SettingsState, goes_on_by_key};
use crate::settings::catalogue::{KeyPlace, SERVICES, ServerRole, Service};
use crate::settings::contract::fitted;
use crate::settings::{
    Destination, Field, HIDDEN, KeysIn, PasteError, Pasted, ShowSettings, StreamKey, backup_is_usable, mended_address,
    paste_key, paste_server, redact_url, typed_path, without_quotes,
};
use crate::ui::dialogs::DialogRequest;
use crate::ui::theme;
use crate::ui::view::{Act, SettingsView};
use crate::ui::widgets::{ButtonKind, CardKind, button, card, kind_button, text};
use crate::ui::wording::{SettingsText, Words};

/// What the tab draws with.
struct Sheet<'a> {
    view: &'a SettingsView,
    words: Words,
    acts: &'a mut Vec<Act>,
    /// Which destination, counted from 0.
    index: usize,
}

pub(super) fn destination_ui(
    ui: &mut egui::Ui,
    view: &SettingsView,
    state: &mut SettingsState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let destinations = &view.settings.destinations;
    state.destination = state.destination.min(destinations.len().saturating_sub(1));
    // Before there is one, the first is a blank to be filled in.
    let blank = Destination::at("");
    which(ui, view, state, words, acts);
    ui.add_enabled_ui(!view.locked, |ui| {
        more_or_less(ui, view, state, words, acts);
        let destination = destinations.get(state.destination).unwrap_or(&blank);
        if state.done_to.as_ref().is_some_and(|done| !is_same_place(done, destination)) {
            (state.done, state.done_to) = (Vec::new(), None);
        }
        let mut sheet = Sheet { view, words, acts, index: state.destination };
        sheet.service(ui, destination, state);
        let split = sheet.server(ui, destination, state);
        sheet.key(ui, destination, state);
        if split && goes_on_by_key(ui) {
            // The field for the key gives way to what it is now.
            state.focus = Some(Place::Key);
        }
        sheet.findings(ui);
        sheet.backup(ui, destination, state);
        sheet.more(ui, destination, state);
    });
    locks(ui, view, &[Field::Destinations], words);
}

/// Which of the destinations is shown; also while a show runs: to look changes nothing.
fn which(ui: &mut egui::Ui, view: &SettingsView, state: &mut SettingsState, words: Words, acts: &mut Vec<Act>) {
    let destinations = &view.settings.destinations;
    if destinations.len() > 1 {
        let names = destinations.iter().enumerate();
        let names: Vec<String> = names.map(|(n, d)| words.destination_number(n + 1, d.shown_name())).collect();
        let label = words.settings(SettingsText::Destinations);
        if let Some(index) = labelled_picker(ui, label, &names, Some(state.destination)) {
            state.turn_to(index);
            acts.push(Act::EndTyping);
        }
    }
}

/// Another destination, one less.
fn more_or_less(ui: &mut egui::Ui, view: &SettingsView, state: &mut SettingsState, words: Words, acts: &mut Vec<Act>) {
    let destinations = &view.settings.destinations;
    // The row is there from the start: what stands below keeps the focus when the first destination comes about.
    ui.horizontal_wrapped(|ui| {
        if destinations.is_empty() {
            return;
        }
        let room = destinations.len() < ShowSettings::DESTINATIONS_MAX;
        if room && button(ui, words.settings(SettingsText::AddDestination)).clicked() {
            state.turn_to(destinations.len());
            state.focus = Some(Place::Server);
            acts.push(edited(view, |settings| settings.destinations.push(Destination::at(""))));
            acts.push(Act::EndTyping);
        }
        let remove = words.settings(SettingsText::RemoveDestination);
        if kind_button(ui, ButtonKind::Ghost, remove, remove).clicked() {
            let index = state.destination;
            state.remove(index);
            acts.push(edited(view, |settings| _ = settings.destinations.remove(index)));
            acts.push(Act::EndTyping);
        }
    });
}

impl Sheet<'_> {
    fn change(&mut self, change: impl FnOnce(&mut Destination)) {
        let index = self.index;
        self.acts.push(edited(self.view, |settings| {
            if settings.destinations.is_empty() {
                settings.destinations.push(Destination::at(""));
            }
            if let Some(destination) = settings.destinations.get_mut(index) {
                change(destination);
            }
        }));
    }

    fn service(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) {
        let words = self.words;
        let known = Service::of(destination);
        let mut items: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
        items.push(words.settings(SettingsText::CustomServer));
        let chosen = known.and_then(|known| SERVICES.iter().position(|service| service.id == known.id));
        let chosen = Some(chosen.unwrap_or(SERVICES.len()));
        let label = words.settings(SettingsText::Service);
        if let Some(index) = labelled_picker(ui, label, &items, chosen) {
            let more = state.more;
            state.turn_to(self.index);
            state.forget(Place::Server);
            state.more = more;
            // A key never goes to another server.
            let wanted = SERVICES.get(index).map_or_else(|| Destination::at(""), Service::destination);
            state.focus = Some(if wanted.server.is_empty() { Place::Server } else { Place::Key });
            self.change(|destination| *destination = wanted);
            self.acts.push(Act::EndTyping);
        }
        if let Some(service) = known {
            hint(ui, &words.facts_of(service.name, service.as_of));
        }
    }

    /// Whether a key came out of the address.
    fn server(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) -> bool {
        let words = self.words;
        let mut split = false;
        let service = Service::of(destination);
        let servers = service.map(|service| service.servers).unwrap_or_default();
        if servers.len() > 1 {
            let names: Vec<&str> = servers.iter().map(|server| words.settings(role_name(server.role))).collect();
            let chosen = servers.iter().position(|server| server.url == destination.server);
            let picked = labelled_picker(ui, words.settings(SettingsText::Server), &names, chosen);
            if let Some(server) = picked.and_then(|index| servers.get(index)) {
                state.forget(Place::Server);
                self.change(|destination| server.url.clone_into(&mut destination.server));
                self.acts.push(Act::EndTyping);
            }
        }
        let label = words.settings(if servers.len() > 1 { SettingsText::ServerOf } else { SettingsText::Server });
        let example = service.and_then(|service| service.example);
        let placeholder = example.unwrap_or_else(|| words.settings(SettingsText::ServerHint));
        match typed_field(ui, state, Place::Server, (label, placeholder), &destination.server) {
            // What was masked is not what was typed.
            Some(Typing::Whole(typed)) if typed.contains(HIDDEN) && state.complaint_at(Place::Server).is_some() => {}
            Some(Typing::Whole(typed)) => {
                let unhidden = state.typed.of(self.index, Place::Server).unhidden.take();
                let typed = unhidden.and_then(|hidden| completed(&typed, hidden.reveal())).unwrap_or(typed);
                split |= self.take(paste_server(&typed, destination), Place::Server, state);
                if ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Paste(_)))) {
                    // Of another service the field has another label, and is another one.
                    state.focus = Some(Place::Server);
                }
                if state.complaint_at(Place::Server).is_some() {
                    let field = state.typed.of(self.index, Place::Server);
                    field.mended = mended_address(&typed);
                    field.unhidden = (!typed.contains(HIDDEN)).then(|| SecretText::new(typed.as_str()));
                    // A key in the wrong place is seen by nobody once the field is left.
                    field.text = Some(SecretText::new(if field.is_left { hidden(&typed) } else { typed }));
                }
            }
            // A slip of the finger is named at once; a half address is not yet wrong.
            Some(Typing::Goes(typed)) if typed.contains("://") => {
                if let Err(error @ (PasteError::MistypedScheme { .. } | PasteError::WebAddress)) =
                    paste_server(&typed, destination)
                {
                    state.complain(Place::Server, Complaint::Paste(error));
                }
            }
            Some(Typing::Goes(_)) | None => {}
        }
        complaint(ui, state, Place::Server, words);
        let mended = state.typed.get(self.index, Place::Server).and_then(|typed| typed.mended.clone());
        if let Some(mended) = mended {
            let fix = format!("{} {}", words.settings(SettingsText::Fix), mended.shown);
            if kind_button(ui, ButtonKind::Quiet, &fix, &fix).clicked() {
                split |= self.take(paste_server(mended.whole.reveal(), destination), Place::Server, state);
            }
        }
        for done in &state.done {
            hint(ui, words.done(*done));
        }
        split
    }

    /// Takes over what was pasted or typed at `place`; whether another key came with it.
    fn take(&mut self, pasted: Result<Pasted, PasteError>, place: Place, state: &mut SettingsState) -> bool {
        let known = self.view.settings.destinations.get(self.index).and_then(|known| known.stream_key.clone());
        match pasted {
            Ok(Pasted::Destination(pasted, done)) => {
                let split = pasted.stream_key.is_some() && pasted.stream_key != known;
                state.forget(place);
                if self.view.settings.destinations.get(self.index).is_none_or(|old| old.server != pasted.server) {
                    state.forget(Place::Server);
                }
                (state.done, state.done_to) = (done, Some(pasted.clone()));
                state.replaces = None;
                self.change(|destination| *destination = *pasted);
                self.acts.push(Act::EndTyping);
                split
            }
            Ok(Pasted::Show(link)) => {
                *state = SettingsState::default();
                self.acts.push(Act::OpenLink(link));
                false
            }
            Err(error) => {
                state.done.clear();
                state.complain(place, Complaint::Paste(error));
                false
            }
        }
    }

    fn key(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) {
        let words = self.words;
        let label = words.settings(SettingsText::StreamKey);
        match &destination.stream_key {
            key if destination.has_key() && state.replaces != Some(Place::Key) => {
                let names = (SettingsText::ReplaceKey, SettingsText::ForgetKey);
                let wants_focus = state.goes_on_at(ui, Place::Key);
                match kept_secret(ui, label, key.as_ref(), names, wants_focus, words) {
                    Some(KeptAnswer::Replace) => state.replace(Place::Key),
                    Some(KeptAnswer::Forget) => {
                        state.done.clear();
                        self.change(|destination| destination.set_stream_key(None));
                        self.acts.push(Act::EndTyping);
                        state.focus = goes_on_by_key(ui).then_some(Place::Key);
                    }
                    None => {}
                }
                let kept = match self.view.around.keys_in {
                    _ if key.is_none() => Some(SettingsText::SecretUnread),
                    Some(KeysIn::Keyring) => Some(SettingsText::KeptInKeyring),
                    Some(KeysIn::File) => Some(SettingsText::KeptInFile),
                    None => None,
                };
                if let Some(kept) = kept {
                    hint(ui, words.settings(kept));
                }
            }
            _ => {
                let wants_focus = state.focus.take_if(|place| *place == Place::Key).is_some();
                let hint = words.settings(SettingsText::KeyHint);
                let replaces = state.replaces == Some(Place::Key);
                match typed_secret(ui, label, &mut state.key, hint, wants_focus, replaces, words) {
                    Some(typed) if !typed.is_empty() => {
                        self.take(paste_key(&typed, destination), Place::Key, state);
                        if state.complaint_at(Place::Key).is_none() {
                            state.secret_taken(ui, Place::Key);
                        }
                    }
                    Some(_) => state.secret_kept(ui, Place::Key),
                    None => {}
                }
                complaint(ui, state, Place::Key, words);
                if let Some(service) = Service::of(destination) {
                    self.where_the_key_is(ui, service);
                }
            }
        }
    }

    fn where_the_key_is(&self, ui: &mut egui::Ui, service: &Service) {
        let words = self.words;
        match service.key_place {
            KeyPlace::Page(page) => hint(ui, &words.key_on_page(page)),
            KeyPlace::EachEvent => hint(ui, words.settings(SettingsText::KeyEachEvent)),
            KeyPlace::OwnServer => hint(ui, words.settings(SettingsText::KeyOwnServer)),
        }
        if let Some(query) = service.test_query {
            hint(ui, &words.test_form(query));
        }
    }

    fn findings(&mut self, ui: &mut egui::Ui) {
        let words = self.words;
        let findings = &self.view.around.findings;
        let fixable = findings.iter().filter(|finding| finding.fix.is_some()).count();
        for finding in findings.iter().filter(|finding| finding.destination == self.index) {
            let fix = card(ui, CardKind::Warning, |ui| {
                let t = theme::tokens(ui);
                let title = words.finding_title(finding);
                let (strong, body) = (theme::strong(ui), theme::body(ui));
                text(ui, &title, strong, t.text);
                text(ui, words.finding_sentence(finding), body, t.dim);
                let fix = words.settings(SettingsText::Fix);
                finding
                    .fix
                    .as_ref()
                    .filter(|_| kind_button(ui, ButtonKind::Quiet, fix, &format!("{fix} {title}")).clicked())
            });
            if let Some(fix) = fix.inner {
                self.acts.push(Act::Edit(Box::new(fix.applied(&self.view.settings))));
                self.acts.push(Act::EndTyping);
            }
        }
        if fixable > 1 && button(ui, words.settings(SettingsText::FixAll)).clicked() {
            self.acts.push(Act::Edit(Box::new(fitted(&self.view.settings))));
            self.acts.push(Act::EndTyping);
        }
    }

    /// A second send of the same show to the service's other address.
    fn backup(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) {
        let words = self.words;
        let service = Service::of(destination);
        let Some(url) = service.and_then(|service| service.server(ServerRole::Backup)) else { return };
        if url == destination.server {
            return;
        }
        let others = &self.view.settings.destinations;
        let is_backup = |other: &Destination| other.server == url && other.stream_key == destination.stream_key;
        let at = others.iter().position(is_backup);
        let label = words.settings(SettingsText::BackupServer);
        let items = [words.settings(SettingsText::None), url];
        let picked = labelled_picker(ui, label, &items, Some(usize::from(at.is_some())));
        let Some(picked) = picked else { return };
        if let Some(at) = at.filter(|_| picked == 0) {
            state.remove(at);
        }
        let name = format!("{} 2", destination.name);
        let backup = Destination { name, server: url.to_owned(), ..destination.clone() };
        self.acts.push(edited(self.view, |settings| match at {
            Some(at) if picked == 0 => _ = settings.destinations.remove(at),
            None if picked == 1 && settings.destinations.len() < ShowSettings::DESTINATIONS_MAX => {
                settings.destinations.push(backup);
            }
            _ => {}
        }));
        self.acts.push(Act::EndTyping);
    }

    /// What few need: name, login, certificate.
    fn more(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) {
        let words = self.words;
        let asks_login = Service::of(destination).is_some_and(|service| service.asks_login);
        let has_login = destination.user.is_some() || destination.has_password();
        if asks_login || has_login || state.more {
            self.login(ui, destination, state);
        }
        if state.more || destination.tls_ca.is_some() {
            self.certificate(ui, destination, state);
        }
        if state.more || destination.backup_server.is_some() {
            self.backup_server(ui, destination, state);
        }
        if state.more {
            let labels = (words.settings(SettingsText::Name), "");
            let typing = typed_field(ui, state, Place::Name, labels, &destination.name);
            if let Some(name) = goes_on(typing, state, Place::Name).filter(|name| *name != destination.name) {
                self.change(|destination| destination.name = name);
            }
        }
        let label = words.settings(if state.more { SettingsText::Less } else { SettingsText::More });
        if kind_button(ui, ButtonKind::Ghost, label, label).clicked() {
            state.more = !state.more;
        }
    }

    fn login(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) {
        let words = self.words;
        let labels = (words.settings(SettingsText::User), "");
        let current = destination.user.as_deref().unwrap_or_default();
        let typing = typed_field(ui, state, Place::User, labels, current);
        if let Some(user) = goes_on(typing, state, Place::User).filter(|user| user.trim() != current) {
            let user = Some(user.trim().to_owned()).filter(|user| !user.is_empty());
            self.change(|destination| destination.user = user);
        }
        let label = words.settings(SettingsText::Password);
        match &destination.password {
            password if destination.has_password() && state.replaces != Some(Place::Password) => {
                let names = (SettingsText::ReplacePassword, SettingsText::ForgetPassword);
                let wants_focus = state.goes_on_at(ui, Place::Password);
                match kept_secret(ui, label, password.as_ref(), names, wants_focus, words) {
                    Some(KeptAnswer::Replace) => state.replace(Place::Password),
                    Some(KeptAnswer::Forget) => {
                        self.change(|destination| destination.set_password(None));
                        self.acts.push(Act::EndTyping);
                        state.focus = goes_on_by_key(ui).then_some(Place::Password);
                    }
                    None => {}
                }
                if password.is_none() {
                    hint(ui, words.settings(SettingsText::SecretUnread));
                }
            }
            _ => {
                let wants_focus = state.focus.take_if(|place| *place == Place::Password).is_some();
                let replaces = state.replaces == Some(Place::Password);
                let typed = typed_secret(ui, label, &mut state.password, "", wants_focus, replaces, words);
                match typed.map(|typed| StreamKey::new(&typed)) {
                    Some(password) if !password.is_empty() => {
                        state.replaces = None;
                        state.secret_taken(ui, Place::Password);
                        self.change(|destination| destination.set_password(Some(password)));
                        self.acts.push(Act::EndTyping);
                    }
                    Some(_) => state.secret_kept(ui, Place::Password),
                    None => {}
                }
            }
        }
    }

    fn backup_server(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) {
        let words = self.words;
        let labels = (words.settings(SettingsText::Backup), words.settings(SettingsText::BackupHint));
        // A key that was typed into it is taken out before it is shown.
        let current = destination.clone().with_secrets_split().backup_server.unwrap_or_default();
        if let Some(Typing::Whole(typed)) = typed_field(ui, state, Place::Backup, labels, &current) {
            state.forget(Place::Backup);
            let typed = Some(without_quotes(&typed).to_owned()).filter(|typed| !typed.is_empty());
            let wanted = Destination { backup_server: typed, ..destination.clone() };
            match backup_is_usable(&wanted) {
                Ok(()) => {
                    let backup = wanted.with_secrets_split().backup_server;
                    self.change(|destination| destination.backup_server = backup);
                }
                Err(error) => state.complain(Place::Backup, Complaint::Paste(error)),
            }
            self.acts.push(Act::EndTyping);
        }
        complaint(ui, state, Place::Backup, words);
    }

    fn certificate(&mut self, ui: &mut egui::Ui, destination: &Destination, state: &mut SettingsState) {
        let words = self.words;
        let labels = (words.settings(SettingsText::TlsCa), words.settings(SettingsText::TlsCaHint));
        let current = destination.tls_ca.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(Typing::Whole(typed)) = typed_field(ui, state, Place::TlsCa, labels, &current) {
            state.forget(Place::TlsCa);
            let path = Some(typed.trim()).filter(|path| !path.is_empty()).map(typed_path);
            self.change(|destination| destination.tls_ca = path);
            self.acts.push(Act::EndTyping);
        }
        if self.view.around.has_dialogs && button(ui, words.settings(SettingsText::Choose)).clicked() {
            self.acts.push(Act::AskPath(DialogRequest::TlsCa(self.index)));
        }
    }
}

/// Whether a show goes to the same place by both.
fn is_same_place(one: &Destination, other: &Destination) -> bool {
    (&one.server, &one.stream_key) == (&other.server, &other.stream_key)
}

/// `typed` as it is seen once its field is left.
fn hidden(typed: &str) -> String {
    redact_url(without_quotes(typed))
}

/// All of `typed`, where it is `unhidden` as it was seen with something added before it, as a scheme is.
fn completed(typed: &str, unhidden: &str) -> Option<String> {
    let added = without_quotes(typed).strip_suffix(&hidden(unhidden)).filter(|added| !added.is_empty())?;
    Some(format!("{added}{}", without_quotes(unhidden)))
}

/// What is typed into a field of which every letter counts at once.
fn goes_on(typing: Option<Typing>, state: &mut SettingsState, place: Place) -> Option<String> {
    match typing? {
        Typing::Goes(typed) => {
            // What is set now is what is typed.
            let as_set = if place == Place::User { typed.trim() } else { &typed };
            state.typed.of(state.destination, place).over = as_set.to_owned();
            Some(typed)
        }
        Typing::Whole(typed) => {
            state.forget(place);
            Some(typed)
        }
    }
}

fn role_name(role: ServerRole) -> SettingsText {
    match role {
        ServerRole::Main => SettingsText::MainServer,
        ServerRole::Backup => SettingsText::BackupServer,
        ServerRole::Plain => SettingsText::PlainServer,
    }
}
