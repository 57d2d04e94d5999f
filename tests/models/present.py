"""Which of a service's operations an engine has: it answers 501 to the others, and names them."""

import errors


def faults_and_operations(service):
    """Calls every operation of the model with hardly any input; gives the faults of the 501s, and who has none."""
    faults, present = [], []
    for operation in service.model.operation_names:
        answer = service.send(service.draft(operation, least(service.operation(operation).input_shape)))
        if answer.status != 501:
            present.append(operation)
            continue
        refusal, wrong = errors.read(service, answer)
        if f"The operation {operation} of" not in refusal.message:
            wrong.append(f"a 501 that does not name it: {refusal.message[:100]}")
        faults.extend((operation, fault) for fault in wrong)
    return faults, present


def least(shape):
    """Just what the path of a call needs, and the bytes without which it is none."""
    given = {}
    for name, member in (shape.members if shape else {}).items():
        if member.serialization.get("location") == "uri":
            given[name] = "x"
        elif member.type_name == "blob" and name in shape.required_members:
            given[name] = b"{}"
    return given
