//! Secrets in the text of a document: what its head says of them, and how they are taken out.

use toml_edit::{DocumentMut, Item, Table};

use super::document::{WITHOUT_SECRETS, destination_tables_mut, name_of};

/// What stands at the head of a profile with its secrets.
const WITH_SECRETS: &str = "# A profile of Tally WITH ITS SECRETS. Keep this file private.\n";

/// Says at the head of `document` whether it holds its secrets, in place of what was said before.
pub(super) fn say_of_secrets(document: &mut DocumentMut, are_here: bool) {
    let root = document.as_table_mut();
    let without = |head: Option<&toml_edit::RawString>| {
        let head = head.and_then(|head| head.as_str()).unwrap_or_default();
        head.replace(WITHOUT_SECRETS, "").replace(WITH_SECRETS, "")
    };
    let head = without(root.decor().prefix());
    root.decor_mut().set_prefix(format!("{}{head}", if are_here { WITH_SECRETS } else { WITHOUT_SECRETS }));
    // A comment at the head of a document that was read belongs to its first key.
    let Some((mut key, _)) = root.iter_mut().next() else { return };
    let decor = key.leaf_decor_mut();
    let head = without(decor.prefix());
    decor.set_prefix(head);
}

/// Takes every secret out of `document`.
pub(super) fn strip_secrets(document: &mut DocumentMut) {
    for table in destination_tables_mut(document.as_table_mut()) {
        table.remove("stream_key");
        table.remove("password");
    }
    // What could not be read may hold one, and no import takes it.
    let root = document.as_table_mut();
    match root.get_mut("destinations").and_then(Item::as_array_of_tables_mut) {
        Some(tables) => tables.retain(|table| name_of(table).is_some()),
        None => drop(root.remove("destinations")),
    }
}

/// Whether a secret may stand in `document`: one that could not be used stays where it was typed.
pub(super) fn holds_secrets(document: &DocumentMut) -> bool {
    let holds = |table: &Table| table.contains_key("stream_key") || table.contains_key("password");
    let typed = document.get("destinations");
    typed.is_some_and(|item| item.as_array_of_tables().is_none_or(|tables| tables.iter().any(holds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_goes_with_the_secrets() {
        for text in [
            "destinations = [{ server = \"rtmp://h/1\", stream_key = \"canary\" }, \"rtmp://h/app/canary\"]\n",
            "destinations = \"rtmp://h/app/canary\"\n",
            "[destinations]\nserver = \"rtmp://h/1\"\nstream_key = \"canary\"\n",
            "[[destinations]]\nserver = [\"rtmp://h/app/canary\"]\n[[destinations]]\nserver = \"rtmp://h/1\"\n\
             stream_key = [\"canary\"]\npassword = \"canary\"\n",
        ] {
            let mut document: DocumentMut = text.parse().unwrap();
            assert!(holds_secrets(&document));
            strip_secrets(&mut document);
            assert!(!document.to_string().contains("canary") && !holds_secrets(&document), "{document}");
        }
    }
}
