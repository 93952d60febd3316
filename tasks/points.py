"""Every place between two steps of input or output at which a process may die. Crash tests end it at each of them.

Everything that a connector reads in one call (pages, the discovery before it) counts as one step, and so does a whole
transaction: nothing outside the process changes in between.
"""

from enum import StrEnum


class Point(StrEnum):
    # The webhook endpoint: stored, answered, nudged.
    DOOR_STORED = "door.stored"
    DOOR_ANSWERED = "door.answered"
    SWEEP_LOOKED = "sweep.looked"
    # Change data capture.
    CATCH_UP_LANE_TAKEN = "catch_up.lane_taken"
    CATCH_UP_CURSOR_READ = "catch_up.cursor_read"
    CATCH_UP_SOURCE_READ = "catch_up.source_read"
    CATCH_UP_GAP_OPENED = "catch_up.gap_opened"
    CATCH_UP_STORED = "catch_up.stored"
    CATCH_UP_NUDGED = "catch_up.nudged"
    CATCH_UP_LANE_RELEASED = "catch_up.lane_released"
    # A gap or a backfill, scanned step by step in the same lane.
    SCAN_IDS_READ = "scan.ids_read"
    SCAN_SOURCE_READ = "scan.source_read"
    SCAN_STORED = "scan.stored"
    SCAN_NUDGED = "scan.nudged"
    INGEST_LANE_TAKEN = "ingest.lane_taken"
    INGEST_EVENTS_READ = "ingest.events_read"
    INGEST_PAYMENTS_READ = "ingest.payments_read"
    INGEST_INVOICES_KNOWN = "ingest.invoices_known"
    INGEST_SOURCE_READ = "ingest.source_read"
    INGEST_STORED = "ingest.stored"
    INGEST_NUDGED = "ingest.nudged"
    INGEST_LANE_RELEASED = "ingest.lane_released"
    MATCH_LANE_TAKEN = "match.lane_taken"
    MATCH_FACTS_GATHERED = "match.facts_gathered"
    MATCH_TARGET_READ = "match.target_read"
    MATCH_HANDS_LOOKED_AT = "match.hands_looked_at"
    MATCH_RECORDED = "match.recorded"
    MATCH_NUDGED = "match.nudged"
    MATCH_LANE_RELEASED = "match.lane_released"
    PUSH_LANE_TAKEN = "push.lane_taken"
    PUSH_DOUBTED = "push.doubted"
    PUSH_CLAIMED = "push.claimed"
    PUSH_INVOICES_READ = "push.invoices_read"
    PUSH_LOOKED = "push.looked"
    PUSH_FACTS_GATHERED = "push.facts_gathered"
    PUSH_INTENDED = "push.intended"
    PUSH_ANSWERED = "push.answered"
    PUSH_OUTCOME_STORED = "push.outcome_stored"
    PUSH_RECORDED = "push.recorded"
    PUSH_READ_BACK = "push.read_back"
    PUSH_READ_BACK_STORED = "push.read_back_stored"
    # A look that ended the effect without a send: already there, waiting for a cause, to be decided again, ...
    PUSH_ENDED = "push.ended"
    PUSH_NUDGED = "push.nudged"
    PUSH_LANE_RELEASED = "push.lane_released"
    # A later look at the payments that we wrote.
    LOOK_AGAIN_LANE_TAKEN = "look_again.lane_taken"
    LOOK_AGAIN_SUMS_READ = "look_again.sums_read"
    LOOK_AGAIN_SUMS_STORED = "look_again.sums_stored"
    LOOK_AGAIN_LISTED = "look_again.listed"
    LOOK_AGAIN_RECORDED = "look_again.recorded"
    LOOK_AGAIN_NUDGED = "look_again.nudged"
    LOOK_AGAIN_FAILED = "look_again.failed"
    LOOK_AGAIN_LANE_RELEASED = "look_again.lane_released"
    # Consequences of an answer for the whole connection.
    CONNECTION_PAUSED = "connection.paused"
    CONNECTION_FAILURE_COUNTED = "connection.failure_counted"
    CONNECTION_RECOVERED = "connection.recovered"
    CONNECTION_REFUSED = "connection.refused"
    CONNECTION_JUDGED = "connection.judged"
    CONNECTION_GIVEN_UP = "connection.given_up"
    CONNECTION_TRIED_AGAIN = "connection.tried_again"
    # A refresh of tokens, and a metered read.
    TOKENS_TURN_TAKEN = "tokens.turn_taken"
    TOKENS_ANSWERED = "tokens.answered"
    TOKENS_SAVED = "tokens.saved"
    TOKENS_REFUSED = "tokens.refused"
    TOKENS_TURN_GIVEN_BACK = "tokens.turn_given_back"
    READS_ANSWERED = "reads.answered"
    READS_COUNTED = "reads.counted"
    # A person disconnects.
    DISCONNECT_REVOKED = "disconnect.revoked"
    DISCONNECT_FORGOTTEN = "disconnect.forgotten"
