//! What an account has for itself: another name, and the rule for the passwords of its users.

use super::{State, beyond, conflict, no_such_entity, null, paging::Paging, take_length, unfit, validation};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::{AwsError, QueryParams, xml},
    },
    names::is_kebab,
};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Another name of the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Alias {}

/// The rule for passwords. What is not said when it is set falls back, as on AWS.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "IAM has these switches, each for itself")]
pub(super) struct Passwords {
    shortest: u32,
    needs_symbols: bool,
    needs_numbers: bool,
    needs_uppercase: bool,
    needs_lowercase: bool,
    /// Whether users may change their own.
    are_own: bool,
    /// Days.
    oldest: Option<u32>,
    /// How many of the last ones may not come again.
    remembered: Option<u32>,
    /// Whether a user whose password is too old may not set a new one.
    expires_hard: Option<bool>,
}

/// The key of the one rule.
const ONLY: &str = "own";

fn take_alias(params: &mut QueryParams) -> Result<String, AwsError> {
    let alias = take_length(params, "AccountAlias", 3..=63)?.ok_or_else(|| null("accountAlias"))?;
    if !is_kebab(&alias) || alias.starts_with('-') || alias.ends_with('-') || alias.contains("--") {
        let pattern = "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
        return Err(unfit("accountAlias", &format!("Member must satisfy regular expression pattern: {pattern}")));
    }
    Ok(alias)
}

/// `CreateAccountAlias`: in the place of the one that there is.
pub(super) async fn create_alias(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (alias, scope) = operation.query(take_alias)?;
    scope
        .change_global(|state| {
            if state.iam.aliases.contains_key(&alias) {
                let message = format!("The account alias {alias} already exists.");
                return Err(conflict("EntityAlreadyExists", message));
            }
            let known: Vec<String> = state.iam.aliases.keys().cloned().collect();
            for old in known {
                state.iam.aliases.remove(&old);
            }
            state.iam.aliases.insert(alias, Alias {});
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DeleteAccountAlias`.
pub(super) async fn delete_alias(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (alias, scope) = operation.query(take_alias)?;
    scope
        .change_global(|state| match state.iam.aliases.remove(&alias) {
            Some(_) => Ok(()),
            None => Err(no_such_entity(format!("The account alias {alias} cannot be found."))),
        })
        .await?;
    Ok(Output::Done)
}

/// `ListAccountAliases`.
pub(super) fn list_aliases(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (paging, scope) = operation.query(Paging::take)?;
    let (aliases, marker) = scope.read_global(|state| {
        let (aliases, marker) = paging.cut(state.iam.aliases.keys(), |alias| (*alias).clone());
        (aliases.into_iter().cloned().collect::<Vec<_>>(), marker)
    });
    Ok(Output::xml(move |result| {
        xml::texts(result, "AccountAliases", "member", aliases.iter().map(String::as_str));
        Paging::write(result, marker.as_deref());
    }))
}

/// The numbers of a password policy, in the order in which IAM tells what is wrong with them.
const NUMBERS: [(&str, RangeInclusive<u32>); 3] =
    [("MinimumPasswordLength", 6..=128), ("PasswordReusePrevention", 1..=24), ("MaxPasswordAge", 1..=1095)];

/// Takes the numbers; all that are out of their bounds are told at once.
fn take_numbers(params: &mut QueryParams) -> Result<[Option<u32>; 3], AwsError> {
    let (mut numbers, mut faults) = ([None; 3], Vec::new());
    for (number, (parameter, bounds)) in numbers.iter_mut().zip(&NUMBERS) {
        *number = params.number::<u32>(parameter)?;
        if let Some(constraint) = number.and_then(|number| beyond(number, bounds)) {
            faults.push(format!("Value at '{}' failed to satisfy constraint: {constraint}", super::field(parameter)));
        }
    }
    let errors = match faults.len() {
        0 => return Ok(numbers),
        1 => "1 validation error".to_owned(),
        more => format!("{more} validation errors"),
    };
    Err(validation(format!("{errors} detected: {}", faults.join("; "))))
}

/// `UpdateAccountPasswordPolicy`.
pub(super) async fn update_passwords(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (passwords, scope) = operation.query(|params| {
        let mut flag = |name: &str| Ok::<_, AwsError>(params.flag(name)?.unwrap_or(false));
        let (needs_symbols, needs_numbers) = (flag("RequireSymbols")?, flag("RequireNumbers")?);
        let (needs_uppercase, needs_lowercase) =
            (flag("RequireUppercaseCharacters")?, flag("RequireLowercaseCharacters")?);
        let are_own = flag("AllowUsersToChangePassword")?;
        let [shortest, remembered, oldest] = take_numbers(params)?;
        Ok(Passwords {
            shortest: shortest.unwrap_or(*NUMBERS[0].1.start()),
            needs_symbols,
            needs_numbers,
            needs_uppercase,
            needs_lowercase,
            are_own,
            oldest,
            remembered,
            expires_hard: params.flag("HardExpiry")?,
        })
    })?;
    scope
        .change_global(|state| {
            state.iam.passwords.insert(ONLY.to_owned(), passwords);
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}

impl State {
    fn passwords(&self, account: &str) -> Result<&Passwords, AwsError> {
        let message = format!("The Password Policy with domain name {account} cannot be found.");
        self.passwords.get(ONLY).ok_or_else(|| no_such_entity(message))
    }

    /// Refuses a password that the account's rule does not allow, or AWS's own where it has none.
    pub(super) fn check_password(&self, password: &str) -> Result<(), AwsError> {
        let refusal = |message: &str| Err(AwsError::sender("PasswordPolicyViolation", message));
        let kinds: [fn(char) -> bool; 4] = [
            |c| c.is_ascii_lowercase(),
            |c| c.is_ascii_uppercase(),
            |c| c.is_ascii_digit(),
            |c| c.is_ascii_punctuation(),
        ];
        let [lowercase, uppercase, numbers, symbols] = kinds.map(|kind| password.chars().any(kind));
        let length = password.chars().count();
        if let Some(rule) = self.passwords.get(ONLY) {
            let is_long = u32::try_from(length).is_ok_and(|length| length >= rule.shortest);
            let has_all = (lowercase || !rule.needs_lowercase)
                && (uppercase || !rule.needs_uppercase)
                && (numbers || !rule.needs_numbers)
                && (symbols || !rule.needs_symbols);
            if is_long && has_all {
                return Ok(());
            }
            return refusal("Password does not conform to the account password policy.");
        }
        if length < 8 || [lowercase, uppercase, numbers, symbols].into_iter().filter(|is_there| *is_there).count() < 3 {
            return refusal(
                "Password should have a minimum length of 8, and at least three of uppercase, lowercase, numbers and \
                 symbols",
            );
        }
        Ok(())
    }
}

/// `GetAccountPasswordPolicy`.
pub(super) fn get_passwords(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((), scope) = operation.query(|_| Ok(()))?;
    let passwords = scope.read_global(|state| state.iam.passwords(scope.account()).cloned())?;
    Ok(Output::xml(move |result| {
        xml::element(result, "PasswordPolicy", |policy| {
            let mut flag = |name: &str, is_on: bool| xml::text(policy, name, if is_on { "true" } else { "false" });
            flag("RequireSymbols", passwords.needs_symbols);
            flag("RequireNumbers", passwords.needs_numbers);
            flag("RequireUppercaseCharacters", passwords.needs_uppercase);
            flag("RequireLowercaseCharacters", passwords.needs_lowercase);
            flag("AllowUsersToChangePassword", passwords.are_own);
            flag("ExpirePasswords", passwords.oldest.is_some());
            if let Some(is_hard) = passwords.expires_hard {
                flag("HardExpiry", is_hard);
            }
            let numbers = [
                ("MinimumPasswordLength", Some(passwords.shortest)),
                ("MaxPasswordAge", passwords.oldest),
                ("PasswordReusePrevention", passwords.remembered),
            ];
            for (name, number) in numbers {
                if let Some(number) = number {
                    xml::text(policy, name, &number.to_string());
                }
            }
        });
    }))
}

/// `DeleteAccountPasswordPolicy`.
pub(super) async fn delete_passwords(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((), scope) = operation.query(|_| Ok(()))?;
    scope
        .change_global(|state| {
            let absent = || no_such_entity("The account policy with name PasswordPolicy cannot be found.".to_owned());
            state.iam.passwords.remove(ONLY).map(drop).ok_or_else(absent)
        })
        .await?;
    Ok(Output::Done)
}
