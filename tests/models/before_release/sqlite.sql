CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE lane (
    id INTEGER NOT NULL,
    step VARCHAR(20) NOT NULL,
    owner_id INTEGER NOT NULL,
    holder VARCHAR(200) NOT NULL,
    fencing INTEGER NOT NULL,
    lease_until DATETIME,
    marked BOOLEAN NOT NULL,
    CONSTRAINT pk_lane PRIMARY KEY (id),
    CONSTRAINT uq_lane_step_owner_id UNIQUE (step, owner_id)
);

CREATE TABLE organization (
    id INTEGER NOT NULL,
    slug VARCHAR(64) NOT NULL,
    name VARCHAR(200) NOT NULL,
    sync_enabled BOOLEAN NOT NULL,
    sync_tool_enabled BOOLEAN NOT NULL,
    sync_mode VARCHAR(20) NOT NULL,
    cut_off_on DATE,
    correction_policy VARCHAR(20) NOT NULL,
    twin_policy VARCHAR(20) NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_organization PRIMARY KEY (id),
    CONSTRAINT uq_organization_slug UNIQUE (slug)
);

CREATE TABLE dashboard_user (
    id INTEGER NOT NULL,
    email VARCHAR(254) NOT NULL,
    role VARCHAR(10) NOT NULL,
    organization_id INTEGER,
    password_hash VARCHAR(200),
    created_at DATETIME NOT NULL, disabled_at DATETIME,
    CONSTRAINT pk_dashboard_user PRIMARY KEY (id),
    CONSTRAINT ck_dashboard_user_organization CHECK ((role = 'operator') = (organization_id IS NULL)),
    CONSTRAINT fk_dashboard_user_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id),
    CONSTRAINT uq_dashboard_user_email UNIQUE (email)
);

CREATE TABLE invoice (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    number VARCHAR(50) NOT NULL,
    origin VARCHAR(20) NOT NULL,
    source_id VARCHAR(50),
    target_id VARCHAR(50),
    total BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    customer VARCHAR(200) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL, link_learned BOOLEAN DEFAULT 0 NOT NULL,
    CONSTRAINT pk_invoice PRIMARY KEY (id),
    CONSTRAINT fk_invoice_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id),
    CONSTRAINT uq_invoice_organization_id_source_id UNIQUE (organization_id, source_id)
);
CREATE INDEX ix_invoice_organization_id_number ON invoice (organization_id, number);

CREATE TABLE dashboard_session (
    id INTEGER NOT NULL,
    key_hash VARCHAR(64) NOT NULL,
    user_id INTEGER NOT NULL,
    organization_id INTEGER,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    CONSTRAINT pk_dashboard_session PRIMARY KEY (id),
    CONSTRAINT fk_dashboard_session_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id),
    CONSTRAINT fk_dashboard_session_user_id_dashboard_user FOREIGN KEY(user_id) REFERENCES dashboard_user (id),
    CONSTRAINT uq_dashboard_session_key_hash UNIQUE (key_hash)
);
CREATE INDEX ix_dashboard_session_expires_at ON dashboard_session (expires_at);
CREATE INDEX ix_dashboard_session_user_id ON dashboard_session (user_id);

CREATE TABLE inbox_event (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    source VARCHAR(10) NOT NULL,
    event_id VARCHAR(200) NOT NULL,
    entity VARCHAR(20) NOT NULL,
    entity_id VARCHAR(50) NOT NULL,
    verb VARCHAR(20) NOT NULL,
    occurred_at DATETIME,
    payload TEXT,
    received_at DATETIME NOT NULL,
    due_at DATETIME NOT NULL,
    tries INTEGER NOT NULL,
    done_at DATETIME, outcome VARCHAR(20) DEFAULT '' NOT NULL,
    CONSTRAINT pk_inbox_event PRIMARY KEY (id),
    CONSTRAINT fk_inbox_event_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT uq_inbox_event_connection_id_source_event_id UNIQUE (connection_id, source, event_id)
);
CREATE INDEX ix_inbox_event_entity ON inbox_event (connection_id, entity, entity_id);
CREATE INDEX ix_inbox_event_waiting ON inbox_event (connection_id, id) WHERE done_at IS NULL;

CREATE TABLE login_link (
    id INTEGER NOT NULL,
    nonce_hash VARCHAR(64) NOT NULL,
    user_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    used_at DATETIME,
    CONSTRAINT pk_login_link PRIMARY KEY (id),
    CONSTRAINT fk_login_link_user_id_dashboard_user FOREIGN KEY(user_id) REFERENCES dashboard_user (id),
    CONSTRAINT uq_login_link_nonce_hash UNIQUE (nonce_hash)
);
CREATE INDEX ix_login_link_expires_at ON login_link (expires_at);
CREATE INDEX ix_login_link_user_id ON login_link (user_id);

CREATE TABLE own_payment (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    external_id VARCHAR(50) NOT NULL,
    registered_at DATETIME NOT NULL,
    CONSTRAINT pk_own_payment PRIMARY KEY (id),
    CONSTRAINT fk_own_payment_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT uq_own_payment_connection_id_external_id UNIQUE (connection_id, external_id)
);

CREATE TABLE source_invoice (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    external_id VARCHAR(50) NOT NULL,
    version INTEGER NOT NULL,
    changed_at DATETIME NOT NULL,
    number VARCHAR(50),
    total BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    currency VARCHAR(3),
    customer_name VARCHAR(500) NOT NULL,
    deleted BOOLEAN NOT NULL, deletion_inferred BOOLEAN DEFAULT 0 NOT NULL, seen_at DATETIME,
    CONSTRAINT pk_source_invoice PRIMARY KEY (id),
    CONSTRAINT fk_source_invoice_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT uq_source_invoice_connection_id_external_id UNIQUE (connection_id, external_id)
);

CREATE TABLE allocation (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    payment_id INTEGER NOT NULL,
    kind VARCHAR(20) NOT NULL,
    document_id VARCHAR(50) NOT NULL,
    amount BIGINT NOT NULL,
    problem VARCHAR(40),
    removed BOOLEAN NOT NULL,
    ignore_twins BOOLEAN NOT NULL,
    match_due_at DATETIME, similar_payment_ids JSON, same_money_id VARCHAR(50),
    CONSTRAINT pk_allocation PRIMARY KEY (id),
    CONSTRAINT fk_allocation_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id),
    CONSTRAINT fk_allocation_payment_id_payment FOREIGN KEY(payment_id) REFERENCES payment (id),
    CONSTRAINT uq_allocation_payment_id_kind_document_id UNIQUE (payment_id, kind, document_id)
);
CREATE INDEX ix_allocation_organization_id_document_id ON allocation (organization_id, document_id);

CREATE TABLE decision (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    allocation_id INTEGER NOT NULL,
    payment_version INTEGER NOT NULL,
    action VARCHAR(10) NOT NULL,
    reason VARCHAR(40) NOT NULL,
    verdicts JSON NOT NULL,
    detail TEXT NOT NULL,
    decided_at DATETIME NOT NULL,
    current BOOLEAN NOT NULL, seen JSON, looked_at DATETIME,
    CONSTRAINT pk_decision PRIMARY KEY (id),
    CONSTRAINT fk_decision_allocation_id_allocation FOREIGN KEY(allocation_id) REFERENCES allocation (id),
    CONSTRAINT fk_decision_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id)
);
CREATE INDEX ix_decision_allocation_id ON decision (allocation_id);
CREATE INDEX ix_decision_reason ON decision (organization_id, reason) WHERE current;
CREATE UNIQUE INDEX uq_decision_current ON decision (allocation_id) WHERE current;

CREATE TABLE effect (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    allocation_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    "key" VARCHAR(200) NOT NULL,
    kind VARCHAR(10) NOT NULL,
    target_invoice_id VARCHAR(50) NOT NULL,
    target_payment_id VARCHAR(50),
    amount BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    paid_on DATE,
    state VARCHAR(10) NOT NULL,
    reason VARCHAR(40) NOT NULL,
    detail TEXT NOT NULL,
    due_at DATETIME NOT NULL,
    attempts INTEGER NOT NULL,
    fencing INTEGER NOT NULL,
    before_image JSON,
    maybe_sent BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    delivered_at DATETIME, read_back_owed_since DATETIME, sent_into VARCHAR(50),
    CONSTRAINT pk_effect PRIMARY KEY (id),
    CONSTRAINT fk_effect_allocation_id_allocation FOREIGN KEY(allocation_id) REFERENCES allocation (id),
    CONSTRAINT fk_effect_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT fk_effect_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id),
    CONSTRAINT uq_effect_allocation_id_generation UNIQUE (allocation_id, generation),
    CONSTRAINT uq_effect_key UNIQUE ("key")
);
CREATE INDEX ix_effect_allocation_id ON effect (allocation_id);
CREATE INDEX ix_effect_due ON effect (connection_id, due_at) WHERE state IN ('pending', 'sending', 'in_doubt');
CREATE INDEX ix_effect_invoice ON effect (connection_id, target_invoice_id, state);
CREATE UNIQUE INDEX uq_effect_open ON effect (allocation_id) WHERE state IN ('pending', 'sending', 'in_doubt');

CREATE TABLE attempt (
    id INTEGER NOT NULL,
    effect_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    fencing INTEGER NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    outcome VARCHAR(20),
    detail TEXT NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id),
    CONSTRAINT fk_attempt_effect_id_effect FOREIGN KEY(effect_id) REFERENCES effect (id),
    CONSTRAINT uq_attempt_effect_id_number UNIQUE (effect_id, number)
);

CREATE TABLE gap (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    kind VARCHAR(20) NOT NULL,
    from_at DATETIME NOT NULL,
    until_at DATETIME,
    opened_at DATETIME NOT NULL,
    closed_at DATETIME,
    stage VARCHAR(20) NOT NULL,
    entities VARCHAR(40) NOT NULL,
    scan_began_at DATETIME,
    scan_from_at DATETIME,
    listed_until_at DATETIME,
    checked_id VARCHAR(50) NOT NULL,
    new_count INTEGER NOT NULL,
    changed_count INTEGER NOT NULL,
    deleted_count INTEGER NOT NULL,
    CONSTRAINT pk_gap PRIMARY KEY (id),
    CONSTRAINT fk_gap_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id)
);
CREATE INDEX ix_gap_connection_id_closed_at ON gap (connection_id, closed_at);

CREATE TABLE metered_reads (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    month VARCHAR(7) NOT NULL,
    reads INTEGER NOT NULL,
    CONSTRAINT pk_metered_reads PRIMARY KEY (id),
    CONSTRAINT fk_metered_reads_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT uq_metered_reads_connection_id_month UNIQUE (connection_id, month)
);

CREATE TABLE connect_request (
    id INTEGER NOT NULL,
    state_hash VARCHAR(64) NOT NULL,
    organization_id INTEGER NOT NULL,
    vendor VARCHAR(30) NOT NULL,
    session_id INTEGER,
    redirect_uri VARCHAR(500) NOT NULL,
    start_on DATE,
    expires_at DATETIME NOT NULL,
    CONSTRAINT pk_connect_request PRIMARY KEY (id),
    CONSTRAINT fk_connect_request_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id),
    CONSTRAINT uq_connect_request_state_hash UNIQUE (state_hash)
);
CREATE INDEX ix_effect_read_back_owed ON effect (connection_id) WHERE read_back_owed_since IS NOT NULL;

CREATE TABLE own_payment_intent_part (
    id INTEGER NOT NULL,
    intent_id INTEGER NOT NULL,
    document_id VARCHAR(50) NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_own_payment_intent_part PRIMARY KEY (id),
    CONSTRAINT fk_own_payment_intent_part_intent_id_own_payment_intent FOREIGN KEY(intent_id) REFERENCES own_payment_intent (id),
    CONSTRAINT uq_own_payment_intent_part_intent_id_document_id UNIQUE (intent_id, document_id)
);

CREATE TABLE "own_payment_intent" (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    marker VARCHAR(100) NOT NULL,
    amount BIGINT NOT NULL,
    paid_on DATE NOT NULL,
    registered_at DATETIME NOT NULL,
    external_id VARCHAR(50),
    CONSTRAINT pk_own_payment_intent PRIMARY KEY (id),
    CONSTRAINT fk_own_payment_intent_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT uq_own_payment_intent_connection_id_marker UNIQUE (connection_id, marker)
);
CREATE INDEX ix_own_payment_intent_connection_id_amount ON own_payment_intent (connection_id, amount);
CREATE INDEX ix_allocation_organization_id_match_due_at ON allocation (organization_id, match_due_at) WHERE match_due_at IS NOT NULL;

CREATE TABLE breaker (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    kind VARCHAR(20) NOT NULL,
    failures INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    rests_until DATETIME,
    probed_until DATETIME, refusals INTEGER DEFAULT '0' NOT NULL, refused_since DATETIME,
    CONSTRAINT pk_breaker PRIMARY KEY (id),
    CONSTRAINT fk_breaker_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT uq_breaker_connection_id_kind UNIQUE (connection_id, kind)
);

CREATE TABLE "connection" (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    role VARCHAR(10) NOT NULL,
    vendor VARCHAR(30) NOT NULL,
    account_id VARCHAR(200) NOT NULL,
    status VARCHAR(20) NOT NULL,
    settings JSON NOT NULL,
    sealed_secrets TEXT NOT NULL,
    cursor_at DATETIME,
    next_catch_up_at DATETIME,
    caught_up_at DATETIME,
    heard_at DATETIME,
    not_before DATETIME,
    pause_reason VARCHAR(40) NOT NULL,
    status_detail TEXT NOT NULL,
    connected_at DATETIME NOT NULL,
    disconnected_at DATETIME,
    missed_at DATETIME,
    missed_count INTEGER DEFAULT '0' NOT NULL,
    reconnect_by DATETIME,
    read_at DATETIME,
    read_streak INTEGER DEFAULT '0' NOT NULL,
    author VARCHAR(100) DEFAULT ('') NOT NULL,
    secrets_version INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_connection PRIMARY KEY (id),
    CONSTRAINT uq_connection_vendor_account_id UNIQUE (vendor, account_id),
    CONSTRAINT uq_connection_organization_id_role UNIQUE (organization_id, role),
    CONSTRAINT fk_connection_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id)
);
CREATE INDEX ix_connection_role_status_next_catch_up_at ON connection (role, status, next_catch_up_at);
CREATE INDEX ix_invoice_organization_id_target_id ON invoice (organization_id, target_id);
CREATE INDEX ix_source_invoice_connection_id_number ON source_invoice (connection_id, number);

CREATE TABLE invoice_look (
    id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    target_invoice_id VARCHAR(50) NOT NULL,
    others BIGINT,
    looks INTEGER NOT NULL,
    due_at DATETIME,
    looked_at DATETIME,
    CONSTRAINT pk_invoice_look PRIMARY KEY (id),
    CONSTRAINT fk_invoice_look_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT uq_invoice_look_connection_id_target_invoice_id UNIQUE (connection_id, target_invoice_id)
);
CREATE INDEX ix_invoice_look_due ON invoice_look (connection_id, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE "ledger_entry" (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    allocation_id INTEGER NOT NULL,
    target_invoice_id VARCHAR(50) NOT NULL,
    target_payment_id VARCHAR(50) NOT NULL,
    amount BIGINT NOT NULL,
    paid_on DATE NOT NULL,
    ours BOOLEAN NOT NULL,
    shared BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    removed_at DATETIME,
    harmed BOOLEAN DEFAULT 0 NOT NULL,
    removed_by_hand BOOLEAN DEFAULT 0 NOT NULL,
    finding VARCHAR(20) DEFAULT ('') NOT NULL,
    found JSON,
    other_money_ids JSON,
    handed_over BOOLEAN DEFAULT 0 NOT NULL,
    CONSTRAINT pk_ledger_entry PRIMARY KEY (id),
    CONSTRAINT fk_ledger_entry_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT fk_ledger_entry_allocation_id_allocation FOREIGN KEY(allocation_id) REFERENCES allocation (id),
    CONSTRAINT fk_ledger_entry_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id)
);
CREATE INDEX ix_ledger_entry_invoice ON ledger_entry (connection_id, target_invoice_id);
CREATE UNIQUE INDEX uq_ledger_entry_live ON ledger_entry (allocation_id) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX uq_ledger_entry_claim ON ledger_entry (connection_id, target_invoice_id, target_payment_id) WHERE NOT shared AND NOT handed_over;
CREATE INDEX ix_ledger_entry_allocation_id ON ledger_entry (allocation_id);

CREATE TABLE "payment" (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    external_id VARCHAR(50) NOT NULL,
    version INTEGER NOT NULL,
    changed_at DATETIME NOT NULL,
    state VARCHAR(10) NOT NULL,
    paid_on DATE,
    total BIGINT NOT NULL,
    unapplied BIGINT NOT NULL,
    currency VARCHAR(3),
    customer_id VARCHAR(50) NOT NULL,
    customer_name VARCHAR(500) NOT NULL,
    reference VARCHAR(100) NOT NULL,
    note TEXT NOT NULL,
    first_seen_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    deletion_inferred BOOLEAN DEFAULT 0 NOT NULL,
    seen_at DATETIME,
    flaw VARCHAR(40),
    flawed_version INTEGER,
    listed_on DATE NOT NULL,
    live_total BIGINT NOT NULL,
    CONSTRAINT pk_payment PRIMARY KEY (id),
    CONSTRAINT uq_payment_connection_id_external_id UNIQUE (connection_id, external_id),
    CONSTRAINT fk_payment_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
    CONSTRAINT fk_payment_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id)
);
CREATE INDEX ix_payment_organization_id_id ON payment (organization_id, id);
CREATE INDEX ix_payment_organization_id_listed_on ON payment (organization_id, listed_on, first_seen_at, id);

CREATE TABLE "api_token" (
    id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    last_used_at DATETIME,
    revoked_at DATETIME,
    scope VARCHAR(10) NOT NULL,
    expires_at DATETIME NOT NULL,
    CONSTRAINT pk_api_token PRIMARY KEY (id),
    CONSTRAINT uq_api_token_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_api_token_organization_id_organization FOREIGN KEY(organization_id) REFERENCES organization (id)
);
CREATE INDEX ix_api_token_organization_id ON api_token (organization_id);
