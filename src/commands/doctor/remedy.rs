//! The line that mends Docker on this very machine: what there is to start or install differs from system to system.

use crate::docker::{
    self,
    endpoint::{Address, FoundBy},
};
use std::path::Path;

/// Returns the command for what is wrong, where there is one.
pub(super) fn docker(error: &docker::Error) -> Option<String> {
    elsewhere(error).or_else(|| Machine::here().docker(error))
}

/// Returns the command that tells how a daemon is that does not answer. To start it anew would end everybody's
/// containers.
pub(super) fn look() -> String {
    Machine::here().service("status")
}

/// Who leads to a place where no daemon ever was has to be told otherwise: there is nothing to start there.
fn elsewhere(error: &docker::Error) -> Option<String> {
    let found_by = match error {
        docker::Error::Missing { path, found_by } if !is_usual(path) => found_by,
        docker::Error::Unreachable { endpoint, .. } => match &endpoint.address {
            Address::Unix(path) if is_usual(path) => return None,
            _ => &endpoint.found_by,
        },
        _ => return None,
    };
    match found_by {
        FoundBy::Variable => Some("unset DOCKER_HOST".to_owned()),
        FoundBy::Context(_) => Some("docker context use default".to_owned()),
        FoundBy::Usual(_) => None,
    }
}

/// Whether a service of this machine makes the socket.
fn is_usual(socket: &Path) -> bool {
    ["/var/run/docker.sock", "/run/docker.sock"].iter().any(|usual| socket == Path::new(usual))
}

/// What the line depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Machine {
    system: System,
    has_docker: bool,
    installer: Option<&'static str>,
    /// The group file lists this user in the socket's group, but this session is older than that.
    is_listed: bool,
}

/// How a service is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Mac,
    /// Windows' Linux, where Docker Desktop runs outside.
    Wsl,
    Systemd,
    /// A Linux with `service`, as in most containers.
    Other,
}

impl System {
    fn here() -> Self {
        if cfg!(target_os = "macos") {
            Self::Mac
        } else if std::fs::read_to_string("/proc/version").is_ok_and(|text| text.contains("microsoft")) {
            Self::Wsl
        } else if Path::new("/run/systemd/system").exists() {
            Self::Systemd
        } else {
            Self::Other
        }
    }
}

impl Machine {
    fn here() -> Self {
        let exists = |path: &str| Path::new(path).exists();
        let programs = ["/usr/bin/dockerd", "/usr/local/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/docker"];
        let installers = [
            ("/usr/bin/apt-get", "sudo apt-get install -y docker.io"),
            ("/usr/bin/dnf", "sudo dnf install -y docker"),
            ("/usr/bin/pacman", "sudo pacman -S --noconfirm docker"),
            ("/sbin/apk", "sudo apk add docker"),
        ];
        Self {
            system: System::here(),
            has_docker: programs.into_iter().any(exists),
            installer: installers.into_iter().find(|(path, _)| exists(path)).map(|(_, command)| command),
            is_listed: is_listed(),
        }
    }

    fn docker(self, error: &docker::Error) -> Option<String> {
        match error {
            docker::Error::Denied { .. } if self.is_listed => Some("newgrp docker".to_owned()),
            docker::Error::Denied { .. } => Some("sudo usermod -aG docker \"$USER\" && newgrp docker".to_owned()),
            docker::Error::NotFound { .. }
                if !self.has_docker && matches!(self.system, System::Systemd | System::Other) =>
            {
                self.installer.map(ToOwned::to_owned)
            }
            docker::Error::NotFound { .. } | docker::Error::Missing { .. } | docker::Error::Unreachable { .. } => {
                Some(self.service("start"))
            }
            docker::Error::Hangs { .. } => Some(self.service("status")),
            _ => None,
        }
    }

    fn service(self, verb: &str) -> String {
        match self.system {
            System::Mac => "open -a Docker".to_owned(),
            System::Wsl if !self.has_docker => "powershell.exe -c \"Start-Process 'Docker Desktop'\"".to_owned(),
            System::Systemd => format!("sudo systemctl {verb} docker"),
            System::Wsl | System::Other => format!("sudo service docker {verb}"),
        }
    }
}

/// Whether `/etc/group` lists this user in the group `docker`.
fn is_listed() -> bool {
    lists_user(&read("/etc/passwd"), &read("/etc/group"), uid())
}

/// The name of the user who runs this; `None` for root, whose name says nothing.
pub(super) fn user_name() -> Option<String> {
    name_of(&read("/etc/passwd"), uid()).filter(|name| *name != "root").map(ToOwned::to_owned)
}

fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// `passwd` has the user's name before the number.
fn name_of(passwd: &str, uid: u32) -> Option<&str> {
    let uid = uid.to_string();
    passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(|columns| {
        let is_user = columns.get(2) == Some(&uid.as_str());
        columns.first().copied().filter(|_| is_user)
    })
}

/// `group` has the members in the fourth column.
fn lists_user(passwd: &str, group: &str, uid: u32) -> bool {
    let members = group.lines().find_map(|line| line.strip_prefix("docker:")).and_then(|line| line.split(':').nth(2));
    let name = name_of(passwd, uid);
    name.zip(members).is_some_and(|(name, members)| members.split(',').any(|member| member == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::endpoint::Endpoint;

    const BARE: Machine = Machine {
        system: System::Other,
        has_docker: false,
        installer: Some("sudo apt-get install -y docker.io"),
        is_listed: false,
    };

    #[test]
    fn each_cause_gets_the_line_of_its_system() {
        let absent = docker::Error::NotFound { looked: Vec::new() };
        let denied = docker::Error::Denied { path: "/var/run/docker.sock".into() };
        let hangs = docker::Error::Hangs { endpoint: String::new(), seconds: 5 };
        let line = |machine: Machine, error| machine.docker(error).unwrap();
        assert_eq!(line(BARE, &absent), "sudo apt-get install -y docker.io");
        assert_eq!(line(Machine { has_docker: true, ..BARE }, &absent), "sudo service docker start");
        assert_eq!(line(Machine { system: System::Mac, ..BARE }, &absent), "open -a Docker");
        assert_eq!(line(Machine { system: System::Systemd, ..BARE }, &hangs), "sudo systemctl status docker");
        assert!(line(BARE, &denied).contains("usermod"));
        assert_eq!(line(Machine { is_listed: true, ..BARE }, &denied), "newgrp docker");
    }

    #[test]
    fn who_leads_astray_is_told_otherwise_and_only_a_service_is_started() {
        let missing = |path: &str, found_by| docker::Error::Missing { path: path.into(), found_by };
        let line = |error| elsewhere(&error);
        assert_eq!(line(missing("/nowhere", FoundBy::Variable)).unwrap(), "unset DOCKER_HOST");
        assert_eq!(line(missing("/var/run/docker.sock", FoundBy::Variable)), None);
        let context = missing("/nowhere", FoundBy::Context("gone".to_owned()));
        assert_eq!(line(context).unwrap(), "docker context use default");
        let endpoint = Endpoint { address: Address::Plain("127.0.0.1:1".to_owned()), found_by: FoundBy::Variable };
        let dead = docker::Error::Unreachable { endpoint, source: std::io::ErrorKind::ConnectionRefused.into() };
        assert_eq!(line(dead).unwrap(), "unset DOCKER_HOST");
    }

    #[test]
    fn a_user_is_listed_by_name_in_the_fourth_column() {
        let passwd = "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        assert!(lists_user(passwd, "docker:x:999:bob,ada\n", 1000));
        assert!(!lists_user(passwd, "docker:x:999:bob\nadm:x:4:ada\n", 1000));
        assert!(!lists_user(passwd, "docker:x:999:\n", 1000));
    }
}
