"""Who is right where moto and the embedded engine differ, and the reasons that many rows share."""

HERE = "AWS as here"
MOTO = "moto"
BOTH = "both may"
PASSING = "until something has come about"

NO_OPERATION = "the API reference has the operation; moto has not, and answers with a page in HTML"
NO_SETTING = "the row needs what moto has no operation for"
NO_MEMBER = "the API reference has the member in this answer; moto does not answer it"
NO_FILTER = "the API reference has the member that narrows the list; moto does not read it"
