//! What is particular about each engine image, as data: commands and the stack know no engine by its name.
//!
//! A new image that speaks the AWS API is a new row of [`PROFILES`]. Not here: the pinned image itself (`docker::image`).

use crate::{docker::ImageName, edge, marks::API_ID_TAG};

/// How an engine image wants to be run and asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name, for people.
    pub name: &'static str,
    /// The last part of its repositories (`localstack` of `localstack/localstack`).
    repositories: &'static [&'static str],
    /// The path that answers 200 once it is ready; never the image's own HEALTHCHECK, which may depend on public DNS.
    pub health: &'static str,
    /// Its variables besides those that depend on the installation.
    pub environment: &'static [(&'static str, &'static str)],
    /// The tag that pins an API's id at its creation.
    pub api_id_tag: Option<&'static str>,
    /// Whether a dry run of it makes nothing; an engine that ignores `DryRun` makes an instance.
    pub has_dry_run: bool,
    /// Whether it runs functions in containers of its own, for which it needs Docker's socket.
    pub needs_socket: bool,
    /// Whether its process is not root in the container, so that it needs the socket's group.
    pub needs_socket_group: bool,
    /// API calls at a time that it bears; where a function is a container, each call may start one.
    pub in_flight: usize,
    /// Which of its tags want an account.
    account: Account,
}

/// Which tags of an image want an account.
#[derive(Debug, PartialEq, Eq)]
enum Account {
    /// None.
    Never,
    /// Those of LocalStack from 4.15 on, and the moving ones: `latest`, `stable`, `dev`, the years. Frozen community
    /// builds (`community-archive*`) want none.
    LocalStack,
}

/// The port that every engine listens on in its container.
pub const PORT: u16 = 4566;

/// The repository of the LocalStack that never starts without an account.
const PRO: &str = "localstack-pro";

/// API calls at a time of an engine that starts a container for each function that is not warm. Of 120 at once, LocalStack
/// on two cores answered 14, and left 55 containers.
const CONTAINERS_IN_FLIGHT: usize = 8;

/// LocalStack downloads a certificate and sends events unless told otherwise, and gives a function 10 s to start,
/// which a busy two-core machine exceeds. `SERVICES` stays unset: without s3 it has nowhere to keep function code.
/// From 2026 on, instances are real containers unless the mock is asked for; older ones ignore the variables.
const LOCALSTACK: Profile = Profile {
    name: "LocalStack",
    repositories: &["localstack", PRO],
    health: "/_localstack/health",
    environment: &[
        ("SKIP_SSL_CERT_DOWNLOAD", "1"),
        ("DISABLE_EVENTS", "1"),
        ("LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT", "60"),
        ("EC2_VM_MANAGER", "mock"),
        ("EC2_DOWNLOAD_DEFAULT_IMAGES", "0"),
    ],
    api_id_tag: Some(API_ID_TAG),
    has_dry_run: true,
    needs_socket: true,
    needs_socket_group: false,
    in_flight: CONTAINERS_IN_FLIGHT,
    account: Account::LocalStack,
};

/// Every engine image that is known; the first is what unknown images are taken for.
const PROFILES: &[Profile] = &[
    LOCALSTACK,
    Profile {
        name: "MiniStack",
        repositories: &["ministack"],
        health: "/_localstack/health",
        environment: &[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")],
        api_id_tag: Some("ms-custom-id"),
        has_dry_run: false,
        needs_socket: false,
        needs_socket_group: false,
        in_flight: edge::IN_FLIGHT,
        account: Account::Never,
    },
    Profile {
        name: "Floci",
        repositories: &["floci"],
        health: "/_localstack/health",
        environment: &[("FLOCI_SERVICES_EC2_MOCK", "true")],
        api_id_tag: None,
        has_dry_run: false,
        needs_socket: true,
        needs_socket_group: false,
        in_flight: CONTAINERS_IN_FLIGHT,
        account: Account::Never,
    },
    Profile {
        name: "LocalEmu",
        repositories: &["localemu"],
        health: "/_localemu/health",
        environment: &[
            ("SKIP_SSL_CERT_DOWNLOAD", "1"),
            ("DISABLE_EVENTS", "1"),
            ("LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT", "60"),
            ("EC2_VM_MANAGER", "none"),
        ],
        api_id_tag: Some(API_ID_TAG),
        has_dry_run: true,
        needs_socket: true,
        needs_socket_group: true,
        in_flight: CONTAINERS_IN_FLIGHT,
        account: Account::Never,
    },
];

impl Profile {
    /// Finds the profile of an image by the last part of its repository, so that mirrors are recognised.
    #[must_use]
    pub fn of(image: &ImageName) -> &'static Self {
        let last = image.repository().rsplit('/').next().unwrap_or_default();
        PROFILES.iter().find(|profile| profile.repositories.contains(&last)).unwrap_or(&PROFILES[0])
    }

    /// Whether its images have a use for the user's account, whether or not they start without one.
    #[must_use]
    pub fn takes_account(&self) -> bool {
        self.account == Account::LocalStack
    }

    /// Whether an image of this profile starts with an account only.
    #[must_use]
    pub fn needs_account(&self, image: &ImageName) -> bool {
        if self.takes_account() && image.repository().rsplit('/').next() == Some(PRO) {
            return true;
        }
        match (&self.account, image.tag()) {
            // A bare digest does not tell; the image itself will.
            (Account::Never, _) | (Account::LocalStack, None) => false,
            (Account::LocalStack, Some(tag)) => {
                // An image under another name than LocalStack's own is nobody's account to guess at.
                let known = Self::of(image) == self && self.has_repository(image);
                known && !tag.starts_with("community-archive") && version(tag).is_none_or(|version| version >= (4, 15))
            }
        }
    }

    fn has_repository(&self, image: &ImageName) -> bool {
        image.repository().rsplit('/').next().is_some_and(|last| self.repositories.contains(&last))
    }
}

/// Major and minor of a tag that is a version (`4.14.0`, `4.14`, `4`); `None` for any other word.
fn version(tag: &str) -> Option<(u32, u32)> {
    let numbers = tag.split('-').next()?;
    let mut parts = numbers.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(0), |minor| minor.parse().ok())?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(image: &str) -> (&'static Profile, bool) {
        let image: ImageName = image.parse().unwrap();
        let profile = Profile::of(&image);
        (profile, profile.needs_account(&image))
    }

    #[test]
    fn the_pinned_image_needs_no_account() {
        assert_eq!(profile(crate::docker::image::LOCALSTACK), (&LOCALSTACK, false));
    }

    #[test]
    fn localstack_wants_an_account_from_4_15_on_and_for_moving_tags() {
        for tag in ["4.14.0", "4.14", "4", "3.8.1", "community-archive", "community-archive-2", "4.14.0-amd64"] {
            assert!(!profile(&format!("localstack/localstack:{tag}")).1, "{tag}");
        }
        for tag in ["latest", "stable", "dev", "4.15.0", "5", "2026.1.0", "2026.3.0-amd64"] {
            assert!(profile(&format!("localstack/localstack:{tag}")).1, "{tag}");
            assert!(profile(&format!("localhost:5000/mirror/localstack-pro:{tag}")).1, "{tag}");
        }
        assert!(profile("localstack/localstack").1, "no tag is `latest`");
        for image in ["localstack/localstack-pro:4.14.0", "localstack/localstack-pro@sha256:00ff"] {
            assert!(profile(image).1, "{image}");
        }
    }

    #[test]
    fn other_engines_are_known_by_their_repository_and_want_no_account() {
        for (image, name) in [
            ("ministackorg/ministack:1.0", "MiniStack"),
            ("floci/floci:latest", "Floci"),
            ("localhost:5000/localemu/localemu:latest", "LocalEmu"),
        ] {
            let (profile, account) = profile(image);
            assert_eq!((profile.name, account), (name, false));
        }
    }

    #[test]
    fn an_unknown_image_is_taken_for_a_localstack_without_account() {
        assert_eq!(profile("me/my-engine:latest"), (&LOCALSTACK, false));
    }
}
