//! The values that others were put into. One that is put into itself, or into what it holds, knows itself: nobody else has
//! to know it for it to stay, so that it is emptied when its run is over.

use super::{
    error::TemplateError,
    value::{Content, Shared, Value},
    work::Work,
};
use std::{mem, rc::Rc};

/// Remembers that a value is put into a list or a map.
pub(super) fn tie<C: Content + Default + 'static>(
    holder: &Shared<C>,
    value: &Value,
    work: &mut Work,
) -> Result<(), TemplateError> {
    if !matches!(value, Value::List { .. } | Value::Map(_)) {
        return Ok(());
    }
    let known = Rc::downgrade(holder);
    work.at_the_end(Rc::as_ptr(holder).addr(), move || {
        let content = known.upgrade().and_then(|holder| Some(mem::take(&mut **holder.try_borrow_mut().ok()?)));
        // Each of its values ends by itself, however deep it is.
        drop(content);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::apigateway::template::value::Members;

    #[test]
    fn what_holds_itself_ends_with_its_run() {
        let mut work = Work::new();
        let (own, map) = (Value::list(Vec::new()), Value::map(Members::new()));
        let (Value::List { items, .. }, Value::Map(members)) = (&own, &map) else { panic!("a list and a map") };
        let (items, members) = (Rc::clone(items), Rc::clone(members));
        tie(&items, &map, &mut work).unwrap();
        items.borrow_mut().push(map.clone());
        tie(&members, &own, &mut work).unwrap();
        members.borrow_mut().insert("own".into(), own.clone());
        let known = (Rc::downgrade(&items), Rc::downgrade(&members));
        drop((own, map, items, members));
        assert!(known.0.upgrade().is_some() && known.1.upgrade().is_some());
        drop(work);
        assert!(known.0.upgrade().is_none() && known.1.upgrade().is_none());
    }
}
