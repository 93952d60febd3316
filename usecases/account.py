"""One's own account: another password.

Called by: the page of one's own account. Its other changes are in `usecases/second_factor.py` and `usecases/logins.py`.
"""

import structlog

from domain.activity import ActivityKind
from models.users import User, end_sessions_of, locked_user
from tasks.context import Context
from usecases.activity import note_about
from usecases.logins import begin_session
from usecases.passwords import hash_password, is_password, what_is_wrong_with
from usecases.results import Rejected
from usecases.second_factor import WRONG_PASSWORD

log = structlog.get_logger()

NOT_THE_SAME = "The new password and its repetition are not the same."
_CHANGED_MEANWHILE = "The password has been changed in the meantime. Log in again."


def change_password(
    context: Context, user: User, current: str, new: str, repeated: str, browser: str = ""
) -> str | Rejected:
    """Ends every session and begins a new one; returns its key, for the browser that asked.

    Raises:
        TooBusy: too many passwords are being compared at this moment.
    """
    # Who came in by a link may have none to be asked for.
    if user.password_hash is not None and not is_password(user.password_hash, current):
        return Rejected(WRONG_PASSWORD)
    if wrong := what_is_wrong_with(new):
        return Rejected(wrong)
    if new != repeated:
        return Rejected(NOT_THE_SAME)
    password_hash = hash_password(new)
    with context.database.writing() as session:
        found = locked_user(session, user.id)
        if found is None or found.disabled_at is not None or found.password_hash != user.password_hash:
            return Rejected(_CHANGED_MEANWHILE)
        found.password_hash = password_hash
        end_sessions_of(session, found.id)
        note_about(context, session, found, ActivityKind.PASSWORD_CHANGED)
        key = begin_session(context, session, found, browser)
    log.warning("user.password_changed", user_id=user.id, email=user.email)
    return key
