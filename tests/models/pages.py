"""Pagers: a page of one, a deletion between two pages, and nothing is lost or told twice."""

import jmespath

# How many things a pager goes through.
COUNT = 5
# What is removed between two pages.
REMOVALS = ("nothing", "the first one seen", "the last one seen", "the next one")
TOKENS = ("nextToken", "NextToken", "Marker", "position")


def does_page(service, operation):
    """Whether an operation goes page by page: the model has a pager, or tokens on both sides."""
    if operation in service.pagers:
        return True
    model = service.operation(operation)
    sides = [set(shape.members) if shape else set() for shape in (model.input_shape, model.output_shape)]
    outward = {*TOKENS, "NextMarker", "nextForwardToken"}
    return bool(sides[0] & set(TOKENS) and sides[1] & outward)


def tokens(service, operation, row):
    """The names of an operation's token in the input, in the output, and of the page's size."""
    known = {**service.pagers.get(operation, {}), **row.get("tokens", {})}
    return known["input_token"], known["output_token"], known.get("limit_key")


def faults(scene_of, service, operation, row):
    """Yields a sentence for each thing that a pager loses or repeats."""
    if "make" not in row:
        yield from whole_faults(scene_of(), service, operation, row)
        return
    for removed in REMOVALS if "remove" in row else REMOVALS[:1]:
        for fault in removal_faults(scene_of(), service, operation, row, removed):
            yield f"{removed} deleted: {fault}"


def whole_faults(scene, service, operation, row):
    """What cannot be made or deleted (regions, types): the pages together are the whole.

    A row says with `least` how many things there are at least: a list of one shows nothing.
    """
    given = scene.given(row)
    read = lambda: jmespath.search(row["items"], service.call(operation, given))
    whole, least = read(), row.get("least", 0)
    pages = list(walk(service, operation, row, given))
    if len(whole) < least or len(pages) * row.get("size", 1) < least:
        yield f"{len(whole)} items on {len(pages)} pages where there are {least} at least"
    seen = [item for page in pages for item in page]
    # What belongs to an instance that is on its way out goes with it, meanwhile.
    left = [item for item in whole if item in read()]
    if [item for item in seen if item in left] != left or any(item not in whole for item in seen):
        yield f"the pages have {len(seen)} items, the whole has {len(whole)}"


def removal_faults(scene, service, operation, row, removed):
    """What a walk loses or repeats when something is removed as soon as two of the things have been seen."""
    made = [make(scene, row, number) for number in range(row.get("count", COUNT))]
    given, size = scene.given(row), row.get("size", 1)
    order = [item for page in walk(service, operation, row, given) for item in page if item in made]
    seen, gone = [], None
    for page in walk(service, operation, row, given):
        if len(page) > size:
            yield f"a page of {len(page)} where {size} was asked for"
        seen.extend(page)
        own = [item for item in order if item in seen]
        if removed != REMOVALS[0] and gone is None and len(own) >= 2:
            # Nothing is there to be next when the first page had all.
            following = [item for item in order if item not in seen] or own
            gone = dict(zip(REMOVALS[1:], (own[0], own[-1], following[0])))[removed]
            # Of what is known by an ARN, some calls want the last part.
            scene.made |= {"item": gone, "qualifier": str(gone).rpartition(":")[2]}
            scene.call(row["remove"])
    lost = [item for item in made if item != gone and item not in seen]
    twice = sorted({str(item) for item in seen if seen.count(item) > 1})
    if lost:
        yield f"{len(lost)} of {len(made)} lost"
    if twice:
        yield f"told twice: {', '.join(twice)}"


def make(scene, row, number):
    """Makes one of the things and gives what it is known by; `$each` is one of the row's own names."""
    scene.made["each"] = row["each"][number] if "each" in row else str(number)
    _, given, output = scene.call(row["make"])
    return jmespath.search(row["make"]["is"], {"input": given, "output": output})


def walk(service, operation, row, given):
    """Yields the items of each page."""
    inward, outward, limit = tokens(service, operation, row)
    given = dict(given)
    if limit:
        given[limit] = row.get("size", 1)
    for _ in range(1000):
        output = service.call(operation, given)
        yield jmespath.search(row["items"], output) or []
        token = jmespath.search(outward, output)
        # Some tokens come back as they were sent when there is nothing more.
        if not token or token == given.get(inward):
            return
        given[inward] = token
    raise AssertionError("a pager that does not end")
