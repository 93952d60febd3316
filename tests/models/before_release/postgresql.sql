CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE allocation (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    document_id character varying(50) NOT NULL,
    amount bigint NOT NULL,
    problem character varying(40),
    removed boolean NOT NULL,
    ignore_twins boolean NOT NULL,
    match_due_at timestamp with time zone,
    similar_payment_ids jsonb,
    same_money_id character varying(50)
);
CREATE SEQUENCE allocation_id_seq;
ALTER SEQUENCE allocation_id_seq OWNED BY allocation.id;

CREATE TABLE api_token (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    name character varying(100) NOT NULL,
    token_hash character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    scope character varying(10) NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE api_token_id_seq;
ALTER SEQUENCE api_token_id_seq OWNED BY api_token.id;

CREATE TABLE attempt (
    id bigint NOT NULL,
    effect_id bigint NOT NULL,
    number integer NOT NULL,
    fencing bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    outcome character varying(20),
    detail text NOT NULL
);
CREATE SEQUENCE attempt_id_seq;
ALTER SEQUENCE attempt_id_seq OWNED BY attempt.id;

CREATE TABLE breaker (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    failures integer NOT NULL,
    openings integer NOT NULL,
    rests_until timestamp with time zone,
    probed_until timestamp with time zone,
    refusals integer DEFAULT 0 NOT NULL,
    refused_since timestamp with time zone
);
CREATE SEQUENCE breaker_id_seq;
ALTER SEQUENCE breaker_id_seq OWNED BY breaker.id;

CREATE TABLE connect_request (
    id bigint NOT NULL,
    state_hash character varying(64) NOT NULL,
    organization_id bigint NOT NULL,
    vendor character varying(30) NOT NULL,
    session_id bigint,
    redirect_uri character varying(500) NOT NULL,
    start_on date,
    expires_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE connect_request_id_seq;
ALTER SEQUENCE connect_request_id_seq OWNED BY connect_request.id;

CREATE TABLE connection (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    role character varying(10) NOT NULL,
    vendor character varying(30) NOT NULL,
    account_id character varying(200) NOT NULL,
    status character varying(20) NOT NULL,
    settings jsonb NOT NULL,
    sealed_secrets text NOT NULL,
    cursor_at timestamp with time zone,
    next_catch_up_at timestamp with time zone,
    caught_up_at timestamp with time zone,
    heard_at timestamp with time zone,
    not_before timestamp with time zone,
    pause_reason character varying(40) NOT NULL,
    status_detail text NOT NULL,
    connected_at timestamp with time zone NOT NULL,
    disconnected_at timestamp with time zone,
    missed_at timestamp with time zone,
    missed_count integer DEFAULT 0 NOT NULL,
    reconnect_by timestamp with time zone,
    read_at timestamp with time zone,
    read_streak integer DEFAULT 0 NOT NULL,
    author character varying(100) DEFAULT ''::character varying NOT NULL,
    secrets_version integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE connection_id_seq;
ALTER SEQUENCE connection_id_seq OWNED BY connection.id;

CREATE TABLE dashboard_session (
    id bigint NOT NULL,
    key_hash character varying(64) NOT NULL,
    user_id bigint NOT NULL,
    organization_id bigint,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE dashboard_session_id_seq;
ALTER SEQUENCE dashboard_session_id_seq OWNED BY dashboard_session.id;

CREATE TABLE dashboard_user (
    id bigint NOT NULL,
    email character varying(254) NOT NULL,
    role character varying(10) NOT NULL,
    organization_id bigint,
    password_hash character varying(200),
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT ck_dashboard_user_organization CHECK ((((role)::text = 'operator'::text) = (organization_id IS NULL)))
);
CREATE SEQUENCE dashboard_user_id_seq;
ALTER SEQUENCE dashboard_user_id_seq OWNED BY dashboard_user.id;

CREATE TABLE decision (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    allocation_id bigint NOT NULL,
    payment_version integer NOT NULL,
    action character varying(10) NOT NULL,
    reason character varying(40) NOT NULL,
    verdicts jsonb NOT NULL,
    detail text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    current boolean NOT NULL,
    seen jsonb,
    looked_at timestamp with time zone
);
CREATE SEQUENCE decision_id_seq;
ALTER SEQUENCE decision_id_seq OWNED BY decision.id;

CREATE TABLE effect (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    allocation_id bigint NOT NULL,
    generation integer NOT NULL,
    key character varying(200) NOT NULL,
    kind character varying(10) NOT NULL,
    target_invoice_id character varying(50) NOT NULL,
    target_payment_id character varying(50),
    amount bigint NOT NULL,
    currency character varying(3) NOT NULL,
    paid_on date,
    state character varying(10) NOT NULL,
    reason character varying(40) NOT NULL,
    detail text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    fencing bigint NOT NULL,
    before_image jsonb,
    maybe_sent boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    read_back_owed_since timestamp with time zone,
    sent_into character varying(50)
);
CREATE SEQUENCE effect_id_seq;
ALTER SEQUENCE effect_id_seq OWNED BY effect.id;

CREATE TABLE gap (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    stage character varying(20) NOT NULL,
    entities character varying(40) NOT NULL,
    scan_began_at timestamp with time zone,
    scan_from_at timestamp with time zone,
    listed_until_at timestamp with time zone,
    checked_id character varying(50) NOT NULL,
    new_count integer NOT NULL,
    changed_count integer NOT NULL,
    deleted_count integer NOT NULL
);
CREATE SEQUENCE gap_id_seq;
ALTER SEQUENCE gap_id_seq OWNED BY gap.id;

CREATE TABLE inbox_event (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    source character varying(10) NOT NULL,
    event_id character varying(200) NOT NULL,
    entity character varying(20) NOT NULL,
    entity_id character varying(50) NOT NULL,
    verb character varying(20) NOT NULL,
    occurred_at timestamp with time zone,
    payload text,
    received_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    tries integer NOT NULL,
    done_at timestamp with time zone,
    outcome character varying(20) DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE inbox_event_id_seq;
ALTER SEQUENCE inbox_event_id_seq OWNED BY inbox_event.id;

CREATE TABLE invoice (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    number character varying(50) NOT NULL,
    origin character varying(20) NOT NULL,
    source_id character varying(50),
    target_id character varying(50),
    total bigint NOT NULL,
    currency character varying(3) NOT NULL,
    customer character varying(200) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    link_learned boolean DEFAULT false NOT NULL
);
CREATE SEQUENCE invoice_id_seq;
ALTER SEQUENCE invoice_id_seq OWNED BY invoice.id;

CREATE TABLE invoice_look (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    target_invoice_id character varying(50) NOT NULL,
    others bigint,
    looks integer NOT NULL,
    due_at timestamp with time zone,
    looked_at timestamp with time zone
);
CREATE SEQUENCE invoice_look_id_seq;
ALTER SEQUENCE invoice_look_id_seq OWNED BY invoice_look.id;

CREATE TABLE lane (
    id bigint NOT NULL,
    step character varying(20) NOT NULL,
    owner_id bigint NOT NULL,
    holder character varying(200) NOT NULL,
    fencing bigint NOT NULL,
    lease_until timestamp with time zone,
    marked boolean NOT NULL
);
CREATE SEQUENCE lane_id_seq;
ALTER SEQUENCE lane_id_seq OWNED BY lane.id;

CREATE TABLE ledger_entry (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    allocation_id bigint NOT NULL,
    target_invoice_id character varying(50) NOT NULL,
    target_payment_id character varying(50) NOT NULL,
    amount bigint NOT NULL,
    paid_on date NOT NULL,
    ours boolean NOT NULL,
    shared boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    harmed boolean DEFAULT false NOT NULL,
    removed_by_hand boolean DEFAULT false NOT NULL,
    finding character varying(20) DEFAULT ''::character varying NOT NULL,
    found jsonb,
    other_money_ids jsonb,
    handed_over boolean DEFAULT false NOT NULL
);
CREATE SEQUENCE ledger_entry_id_seq;
ALTER SEQUENCE ledger_entry_id_seq OWNED BY ledger_entry.id;

CREATE TABLE login_link (
    id bigint NOT NULL,
    nonce_hash character varying(64) NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE SEQUENCE login_link_id_seq;
ALTER SEQUENCE login_link_id_seq OWNED BY login_link.id;

CREATE TABLE metered_reads (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    month character varying(7) NOT NULL,
    reads integer NOT NULL
);
CREATE SEQUENCE metered_reads_id_seq;
ALTER SEQUENCE metered_reads_id_seq OWNED BY metered_reads.id;

CREATE TABLE organization (
    id bigint NOT NULL,
    slug character varying(64) NOT NULL,
    name character varying(200) NOT NULL,
    sync_enabled boolean NOT NULL,
    sync_tool_enabled boolean NOT NULL,
    sync_mode character varying(20) NOT NULL,
    cut_off_on date,
    correction_policy character varying(20) NOT NULL,
    twin_policy character varying(20) NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE organization_id_seq;
ALTER SEQUENCE organization_id_seq OWNED BY organization.id;

CREATE TABLE own_payment (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    external_id character varying(50) NOT NULL,
    registered_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE own_payment_id_seq;
ALTER SEQUENCE own_payment_id_seq OWNED BY own_payment.id;

CREATE TABLE own_payment_intent (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    marker character varying(100) NOT NULL,
    amount bigint NOT NULL,
    paid_on date NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    external_id character varying(50)
);
CREATE SEQUENCE own_payment_intent_id_seq;
ALTER SEQUENCE own_payment_intent_id_seq OWNED BY own_payment_intent.id;

CREATE TABLE own_payment_intent_part (
    id bigint NOT NULL,
    intent_id bigint NOT NULL,
    document_id character varying(50) NOT NULL,
    amount bigint NOT NULL
);
CREATE SEQUENCE own_payment_intent_part_id_seq;
ALTER SEQUENCE own_payment_intent_part_id_seq OWNED BY own_payment_intent_part.id;

CREATE TABLE payment (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    external_id character varying(50) NOT NULL,
    version integer NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    state character varying(10) NOT NULL,
    paid_on date,
    total bigint NOT NULL,
    unapplied bigint NOT NULL,
    currency character varying(3),
    customer_id character varying(50) NOT NULL,
    customer_name character varying(500) NOT NULL,
    reference character varying(100) NOT NULL,
    note text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deletion_inferred boolean DEFAULT false NOT NULL,
    seen_at timestamp with time zone,
    flaw character varying(40),
    flawed_version integer,
    listed_on date NOT NULL,
    live_total bigint NOT NULL
);
CREATE SEQUENCE payment_id_seq;
ALTER SEQUENCE payment_id_seq OWNED BY payment.id;

CREATE TABLE source_invoice (
    id bigint NOT NULL,
    connection_id bigint NOT NULL,
    external_id character varying(50) NOT NULL,
    version integer NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    number character varying(50),
    total bigint NOT NULL,
    balance bigint NOT NULL,
    currency character varying(3),
    customer_name character varying(500) NOT NULL,
    deleted boolean NOT NULL,
    deletion_inferred boolean DEFAULT false NOT NULL,
    seen_at timestamp with time zone
);
CREATE SEQUENCE source_invoice_id_seq;
ALTER SEQUENCE source_invoice_id_seq OWNED BY source_invoice.id;
ALTER TABLE allocation ALTER COLUMN id SET DEFAULT nextval('allocation_id_seq'::regclass);
ALTER TABLE api_token ALTER COLUMN id SET DEFAULT nextval('api_token_id_seq'::regclass);
ALTER TABLE attempt ALTER COLUMN id SET DEFAULT nextval('attempt_id_seq'::regclass);
ALTER TABLE breaker ALTER COLUMN id SET DEFAULT nextval('breaker_id_seq'::regclass);
ALTER TABLE connect_request ALTER COLUMN id SET DEFAULT nextval('connect_request_id_seq'::regclass);
ALTER TABLE connection ALTER COLUMN id SET DEFAULT nextval('connection_id_seq'::regclass);
ALTER TABLE dashboard_session ALTER COLUMN id SET DEFAULT nextval('dashboard_session_id_seq'::regclass);
ALTER TABLE dashboard_user ALTER COLUMN id SET DEFAULT nextval('dashboard_user_id_seq'::regclass);
ALTER TABLE decision ALTER COLUMN id SET DEFAULT nextval('decision_id_seq'::regclass);
ALTER TABLE effect ALTER COLUMN id SET DEFAULT nextval('effect_id_seq'::regclass);
ALTER TABLE gap ALTER COLUMN id SET DEFAULT nextval('gap_id_seq'::regclass);
ALTER TABLE inbox_event ALTER COLUMN id SET DEFAULT nextval('inbox_event_id_seq'::regclass);
ALTER TABLE invoice ALTER COLUMN id SET DEFAULT nextval('invoice_id_seq'::regclass);
ALTER TABLE invoice_look ALTER COLUMN id SET DEFAULT nextval('invoice_look_id_seq'::regclass);
ALTER TABLE lane ALTER COLUMN id SET DEFAULT nextval('lane_id_seq'::regclass);
ALTER TABLE ledger_entry ALTER COLUMN id SET DEFAULT nextval('ledger_entry_id_seq'::regclass);
ALTER TABLE login_link ALTER COLUMN id SET DEFAULT nextval('login_link_id_seq'::regclass);
ALTER TABLE metered_reads ALTER COLUMN id SET DEFAULT nextval('metered_reads_id_seq'::regclass);
ALTER TABLE organization ALTER COLUMN id SET DEFAULT nextval('organization_id_seq'::regclass);
ALTER TABLE own_payment ALTER COLUMN id SET DEFAULT nextval('own_payment_id_seq'::regclass);
ALTER TABLE own_payment_intent ALTER COLUMN id SET DEFAULT nextval('own_payment_intent_id_seq'::regclass);
ALTER TABLE own_payment_intent_part ALTER COLUMN id SET DEFAULT nextval('own_payment_intent_part_id_seq'::regclass);
ALTER TABLE payment ALTER COLUMN id SET DEFAULT nextval('payment_id_seq'::regclass);
ALTER TABLE source_invoice ALTER COLUMN id SET DEFAULT nextval('source_invoice_id_seq'::regclass);
ALTER TABLE alembic_version ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE allocation ADD CONSTRAINT pk_allocation PRIMARY KEY (id);
ALTER TABLE api_token ADD CONSTRAINT pk_api_token PRIMARY KEY (id);
ALTER TABLE attempt ADD CONSTRAINT pk_attempt PRIMARY KEY (id);
ALTER TABLE breaker ADD CONSTRAINT pk_breaker PRIMARY KEY (id);
ALTER TABLE connect_request ADD CONSTRAINT pk_connect_request PRIMARY KEY (id);
ALTER TABLE connection ADD CONSTRAINT pk_connection PRIMARY KEY (id);
ALTER TABLE dashboard_session ADD CONSTRAINT pk_dashboard_session PRIMARY KEY (id);
ALTER TABLE dashboard_user ADD CONSTRAINT pk_dashboard_user PRIMARY KEY (id);
ALTER TABLE decision ADD CONSTRAINT pk_decision PRIMARY KEY (id);
ALTER TABLE effect ADD CONSTRAINT pk_effect PRIMARY KEY (id);
ALTER TABLE gap ADD CONSTRAINT pk_gap PRIMARY KEY (id);
ALTER TABLE inbox_event ADD CONSTRAINT pk_inbox_event PRIMARY KEY (id);
ALTER TABLE invoice ADD CONSTRAINT pk_invoice PRIMARY KEY (id);
ALTER TABLE invoice_look ADD CONSTRAINT pk_invoice_look PRIMARY KEY (id);
ALTER TABLE lane ADD CONSTRAINT pk_lane PRIMARY KEY (id);
ALTER TABLE ledger_entry ADD CONSTRAINT pk_ledger_entry PRIMARY KEY (id);
ALTER TABLE login_link ADD CONSTRAINT pk_login_link PRIMARY KEY (id);
ALTER TABLE metered_reads ADD CONSTRAINT pk_metered_reads PRIMARY KEY (id);
ALTER TABLE organization ADD CONSTRAINT pk_organization PRIMARY KEY (id);
ALTER TABLE own_payment ADD CONSTRAINT pk_own_payment PRIMARY KEY (id);
ALTER TABLE own_payment_intent ADD CONSTRAINT pk_own_payment_intent PRIMARY KEY (id);
ALTER TABLE own_payment_intent_part ADD CONSTRAINT pk_own_payment_intent_part PRIMARY KEY (id);
ALTER TABLE payment ADD CONSTRAINT pk_payment PRIMARY KEY (id);
ALTER TABLE source_invoice ADD CONSTRAINT pk_source_invoice PRIMARY KEY (id);
ALTER TABLE allocation ADD CONSTRAINT uq_allocation_payment_id_kind_document_id UNIQUE (payment_id, kind, document_id);
ALTER TABLE api_token ADD CONSTRAINT uq_api_token_token_hash UNIQUE (token_hash);
ALTER TABLE attempt ADD CONSTRAINT uq_attempt_effect_id_number UNIQUE (effect_id, number);
ALTER TABLE breaker ADD CONSTRAINT uq_breaker_connection_id_kind UNIQUE (connection_id, kind);
ALTER TABLE connect_request ADD CONSTRAINT uq_connect_request_state_hash UNIQUE (state_hash);
ALTER TABLE connection ADD CONSTRAINT uq_connection_organization_id_role UNIQUE (organization_id, role);
ALTER TABLE connection ADD CONSTRAINT uq_connection_vendor_account_id UNIQUE (vendor, account_id);
ALTER TABLE dashboard_session ADD CONSTRAINT uq_dashboard_session_key_hash UNIQUE (key_hash);
ALTER TABLE dashboard_user ADD CONSTRAINT uq_dashboard_user_email UNIQUE (email);
ALTER TABLE effect ADD CONSTRAINT uq_effect_allocation_id_generation UNIQUE (allocation_id, generation);
ALTER TABLE effect ADD CONSTRAINT uq_effect_key UNIQUE (key);
ALTER TABLE inbox_event ADD CONSTRAINT uq_inbox_event_connection_id_source_event_id UNIQUE (connection_id, source, event_id);
ALTER TABLE invoice_look ADD CONSTRAINT uq_invoice_look_connection_id_target_invoice_id UNIQUE (connection_id, target_invoice_id);
ALTER TABLE invoice ADD CONSTRAINT uq_invoice_organization_id_source_id UNIQUE (organization_id, source_id);
ALTER TABLE lane ADD CONSTRAINT uq_lane_step_owner_id UNIQUE (step, owner_id);
ALTER TABLE login_link ADD CONSTRAINT uq_login_link_nonce_hash UNIQUE (nonce_hash);
ALTER TABLE metered_reads ADD CONSTRAINT uq_metered_reads_connection_id_month UNIQUE (connection_id, month);
ALTER TABLE organization ADD CONSTRAINT uq_organization_slug UNIQUE (slug);
ALTER TABLE own_payment ADD CONSTRAINT uq_own_payment_connection_id_external_id UNIQUE (connection_id, external_id);
ALTER TABLE own_payment_intent ADD CONSTRAINT uq_own_payment_intent_connection_id_marker UNIQUE (connection_id, marker);
ALTER TABLE own_payment_intent_part ADD CONSTRAINT uq_own_payment_intent_part_intent_id_document_id UNIQUE (intent_id, document_id);
ALTER TABLE payment ADD CONSTRAINT uq_payment_connection_id_external_id UNIQUE (connection_id, external_id);
ALTER TABLE source_invoice ADD CONSTRAINT uq_source_invoice_connection_id_external_id UNIQUE (connection_id, external_id);
CREATE INDEX ix_allocation_organization_id_document_id ON allocation USING btree (organization_id, document_id);
CREATE INDEX ix_allocation_organization_id_match_due_at ON allocation USING btree (organization_id, match_due_at) WHERE (match_due_at IS NOT NULL);
CREATE INDEX ix_api_token_organization_id ON api_token USING btree (organization_id);
CREATE INDEX ix_connection_role_status_next_catch_up_at ON connection USING btree (role, status, next_catch_up_at);
CREATE INDEX ix_dashboard_session_expires_at ON dashboard_session USING btree (expires_at);
CREATE INDEX ix_dashboard_session_user_id ON dashboard_session USING btree (user_id);
CREATE INDEX ix_decision_allocation_id ON decision USING btree (allocation_id);
CREATE INDEX ix_decision_reason ON decision USING btree (organization_id, reason) WHERE current;
CREATE INDEX ix_effect_allocation_id ON effect USING btree (allocation_id);
CREATE INDEX ix_effect_due ON effect USING btree (connection_id, due_at) WHERE state IN ('pending', 'sending', 'in_doubt');
CREATE INDEX ix_effect_invoice ON effect USING btree (connection_id, target_invoice_id, state);
CREATE INDEX ix_effect_read_back_owed ON effect USING btree (connection_id) WHERE (read_back_owed_since IS NOT NULL);
CREATE INDEX ix_gap_connection_id_closed_at ON gap USING btree (connection_id, closed_at);
CREATE INDEX ix_inbox_event_entity ON inbox_event USING btree (connection_id, entity, entity_id);
CREATE INDEX ix_inbox_event_waiting ON inbox_event USING btree (connection_id, id) WHERE (done_at IS NULL);
CREATE INDEX ix_invoice_look_due ON invoice_look USING btree (connection_id, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX ix_invoice_organization_id_number ON invoice USING btree (organization_id, number);
CREATE INDEX ix_invoice_organization_id_target_id ON invoice USING btree (organization_id, target_id);
CREATE INDEX ix_ledger_entry_allocation_id ON ledger_entry USING btree (allocation_id);
CREATE INDEX ix_ledger_entry_invoice ON ledger_entry USING btree (connection_id, target_invoice_id);
CREATE INDEX ix_login_link_expires_at ON login_link USING btree (expires_at);
CREATE INDEX ix_login_link_user_id ON login_link USING btree (user_id);
CREATE INDEX ix_own_payment_intent_connection_id_amount ON own_payment_intent USING btree (connection_id, amount);
CREATE INDEX ix_payment_organization_id_id ON payment USING btree (organization_id, id);
CREATE INDEX ix_payment_organization_id_listed_on ON payment USING btree (organization_id, listed_on, first_seen_at, id);
CREATE INDEX ix_source_invoice_connection_id_number ON source_invoice USING btree (connection_id, number);
CREATE UNIQUE INDEX uq_decision_current ON decision USING btree (allocation_id) WHERE current;
CREATE UNIQUE INDEX uq_effect_open ON effect USING btree (allocation_id) WHERE state IN ('pending', 'sending', 'in_doubt');
CREATE UNIQUE INDEX uq_ledger_entry_claim ON ledger_entry USING btree (connection_id, target_invoice_id, target_payment_id) WHERE ((NOT shared) AND (NOT handed_over));
CREATE UNIQUE INDEX uq_ledger_entry_live ON ledger_entry USING btree (allocation_id) WHERE (removed_at IS NULL);
ALTER TABLE allocation ADD CONSTRAINT fk_allocation_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE allocation ADD CONSTRAINT fk_allocation_payment_id_payment FOREIGN KEY (payment_id) REFERENCES payment(id);
ALTER TABLE api_token ADD CONSTRAINT fk_api_token_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE attempt ADD CONSTRAINT fk_attempt_effect_id_effect FOREIGN KEY (effect_id) REFERENCES effect(id);
ALTER TABLE breaker ADD CONSTRAINT fk_breaker_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE connect_request ADD CONSTRAINT fk_connect_request_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE connection ADD CONSTRAINT fk_connection_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE dashboard_session ADD CONSTRAINT fk_dashboard_session_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE dashboard_session ADD CONSTRAINT fk_dashboard_session_user_id_dashboard_user FOREIGN KEY (user_id) REFERENCES dashboard_user(id);
ALTER TABLE dashboard_user ADD CONSTRAINT fk_dashboard_user_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE decision ADD CONSTRAINT fk_decision_allocation_id_allocation FOREIGN KEY (allocation_id) REFERENCES allocation(id);
ALTER TABLE decision ADD CONSTRAINT fk_decision_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE effect ADD CONSTRAINT fk_effect_allocation_id_allocation FOREIGN KEY (allocation_id) REFERENCES allocation(id);
ALTER TABLE effect ADD CONSTRAINT fk_effect_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE effect ADD CONSTRAINT fk_effect_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE gap ADD CONSTRAINT fk_gap_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE inbox_event ADD CONSTRAINT fk_inbox_event_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE invoice_look ADD CONSTRAINT fk_invoice_look_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE invoice ADD CONSTRAINT fk_invoice_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE ledger_entry ADD CONSTRAINT fk_ledger_entry_allocation_id_allocation FOREIGN KEY (allocation_id) REFERENCES allocation(id);
ALTER TABLE ledger_entry ADD CONSTRAINT fk_ledger_entry_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE ledger_entry ADD CONSTRAINT fk_ledger_entry_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE login_link ADD CONSTRAINT fk_login_link_user_id_dashboard_user FOREIGN KEY (user_id) REFERENCES dashboard_user(id);
ALTER TABLE metered_reads ADD CONSTRAINT fk_metered_reads_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE own_payment ADD CONSTRAINT fk_own_payment_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE own_payment_intent ADD CONSTRAINT fk_own_payment_intent_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE own_payment_intent_part ADD CONSTRAINT fk_own_payment_intent_part_intent_id_own_payment_intent FOREIGN KEY (intent_id) REFERENCES own_payment_intent(id);
ALTER TABLE payment ADD CONSTRAINT fk_payment_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
ALTER TABLE payment ADD CONSTRAINT fk_payment_organization_id_organization FOREIGN KEY (organization_id) REFERENCES organization(id);
ALTER TABLE source_invoice ADD CONSTRAINT fk_source_invoice_connection_id_connection FOREIGN KEY (connection_id) REFERENCES connection(id);
