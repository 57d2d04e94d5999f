//! Which members the inputs of a service have at AWS, from a table made of AWS's public model (`scripts/operations.py`):
//! what no type here knows is lacking where AWS has it, and wrong where it has not.

/// Tells whether an operation's input has a member at AWS, by the member's path in an input.
#[must_use]
pub fn has_member(table: &str, operation: &str, path: &str) -> bool {
    // In which item of a list it stands makes no difference.
    let path: String = path.split(['[', ']']).step_by(2).collect();
    let mut lines = table.lines().map(|line| line.split_once(' ').unwrap_or((line, "")));
    let members = lines.find(|(name, _)| *name == operation).map_or("", |(_, members)| members);
    members.split(' ').any(|member| !member.is_empty() && is_at(member, &path))
}

/// Whether a path is that of a member, in whose own path `*` is any key of a map; keys have dots in them.
fn is_at(member: &str, path: &str) -> bool {
    let Some((before, after)) = member.split_once(".*.") else { return member == path };
    let key = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    key.is_some_and(|key| key.len() > 2 && key.starts_with('.') && key.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_known_by_its_path_in_whichever_item_and_under_whichever_key() {
        let table = "PutThing size list.colour stages.*.level\nGetThing";
        for path in ["size", "list[3].colour", "stages.GET /a.b.level"] {
            assert!(has_member(table, "PutThing", path), "{path}");
            assert!(!has_member(table, "GetThing", path), "{path}");
        }
        for path in ["colour", "list", "list[3].size", "stages.level", "stages..level", "stages.a.levels", ""] {
            assert!(!has_member(table, "PutThing", path), "{path}");
        }
    }
}
