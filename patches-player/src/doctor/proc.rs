//! What Linux tells about itself, as facts: from texts, so that each can be tested.

/// A limit of `/proc/self/limits` as it is in force: none is no limit.
pub fn limit(limits: &str, name: &str) -> Option<Option<u64>> {
    let rest = limits.lines().find_map(|line| line.strip_prefix(name))?;
    let soft = rest.split_whitespace().next()?;
    if soft == "unlimited" { Some(None) } else { soft.parse().ok().map(Some) }
}

/// Whether a process with this `/proc/self/status` is in a group of this `/etc/group`.
pub fn in_group(status: &str, group: &str, name: &str) -> bool {
    let id = group.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1))?
    });
    let field = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("").split_whitespace();
    id.is_some_and(|id| field("Groups:").chain(field("Gid:")).any(|own| own == id))
}

/// Whether a process with this `/proc/self/status` runs as root.
pub fn is_root(status: &str) -> bool {
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or("");
    // Real, effective, saved: the second is what counts.
    ids.split_whitespace().nth(1) == Some("0")
}

/// Whether a person of this name is in a group of this `/etc/group`, even if that was after the last login.
pub fn listed(group: &str, name: &str, user: &str) -> bool {
    group.lines().any(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        fields.first() == Some(&name) && fields.get(3).is_some_and(|users| users.split(',').any(|own| own == user))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units
Max locked memory         8388608              8388608              bytes
Max realtime priority     0                    95
Max cpu time              unlimited            unlimited            seconds
";
    const STATUS: &str =
        "Name:\tpatches\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t24 29 1000\n";
    const GROUP: &str = "root:x:0:\naudio:x:29:pulse,ada\nvideo:x:44:ada\nada:x:1000:\n";

    #[test]
    fn limits_are_those_in_force() {
        assert_eq!(limit(LIMITS, "Max locked memory"), Some(Some(8_388_608)));
        assert_eq!(limit(LIMITS, "Max realtime priority"), Some(Some(0)));
        assert_eq!(limit(LIMITS, "Max cpu time"), Some(None));
        assert_eq!(limit(LIMITS, "Max dreams"), None);
    }

    #[test]
    fn groups_are_those_of_the_process() {
        assert!(in_group(STATUS, GROUP, "audio") && in_group(STATUS, GROUP, "ada"));
        assert!(
            !in_group(STATUS, GROUP, "video") && !in_group(STATUS, GROUP, "root") && !in_group(STATUS, GROUP, "midi")
        );
        assert!(listed(GROUP, "video", "ada") && !listed(GROUP, "video", "pulse") && !listed(GROUP, "ada", "ada"));
        assert!(!is_root(STATUS) && is_root("Uid:\t1000\t0\t0\t0\n"));
    }
}
