//! Updates the shown part of a page to newly rendered HTML, and changes only what differs.

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, Node};

/// A form that is being sent.
pub(super) const BUSY: &str = "aria-busy";

/// No business of the server's.
const OURS: [&str; 2] = ["open", BUSY];

/// Makes the content of `place` that of `html`. Elements with an id are found again wherever they stand; others by where
/// they stand.
pub(super) fn patch(place: &Element, html: &str) {
    let Ok(fresh) = document().create_element("div") else {
        return;
    };
    fresh.set_inner_html(html);
    patch_children(place, &fresh);
}

fn patch_children(shown: &Node, fresh: &Node) {
    let mut next = shown.first_child();
    while let Some(wanted) = fresh.first_child() {
        match find(next.clone(), &wanted) {
            Some(found) => {
                remove_between(shown, next, &found);
                next = found.next_sibling();
                patch_node(&found, &wanted);
                remove(fresh, &wanted);
            }
            // Moves it here.
            None => drop(shown.insert_before(&wanted, next.as_ref())),
        }
    }
    while let Some(left) = next {
        next = left.next_sibling();
        remove(shown, &left);
    }
}

/// What is to become of `wanted`: the first that stands for the same, which without an id can only be the very next one.
fn find(mut next: Option<Node>, wanted: &Node) -> Option<Node> {
    let id = id_of(wanted);
    while let Some(node) = next {
        if node.node_name() == wanted.node_name() && id_of(&node) == id {
            return Some(node);
        }
        id.as_ref()?;
        next = node.next_sibling();
    }
    None
}

fn id_of(node: &Node) -> Option<String> {
    node.dyn_ref::<Element>()
        .and_then(|element| element.get_attribute("id"))
}

fn remove_between(parent: &Node, mut next: Option<Node>, end: &Node) {
    while let Some(node) = next.filter(|node| node != end) {
        next = node.next_sibling();
        remove(parent, &node);
    }
}

fn remove(parent: &Node, child: &Node) {
    drop(parent.remove_child(child));
}

fn patch_node(shown: &Node, wanted: &Node) {
    match (shown.dyn_ref::<Element>(), wanted.dyn_ref::<Element>()) {
        (Some(shown), Some(wanted)) => {
            patch_attributes(shown, wanted);
            patch_children(shown, wanted);
        }
        _ if shown.node_value() != wanted.node_value() => shown.set_node_value(wanted.node_value().as_deref()),
        _ => {}
    }
}

fn patch_attributes(shown: &Element, wanted: &Element) {
    for name in shown.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        if !OURS.contains(&name.as_str()) && !wanted.has_attribute(&name) {
            drop(shown.remove_attribute(&name));
        }
    }
    for name in wanted.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        let value = wanted.get_attribute(&name);
        if let Some(value) = value.filter(|value| shown.get_attribute(&name).as_ref() != Some(value)) {
            drop(shown.set_attribute(&name, &value));
        }
    }
}
