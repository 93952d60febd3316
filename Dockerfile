# One image for every process; the command names the line of the Procfile to run: `docker run IMAGE push`.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# Before the code: a change of the code alone does not install anything again.
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt

# Traces and reports of errors: docker build --build-arg TRACING=1
ARG TRACING=""
COPY requirements-tracing.txt .
RUN test -z "$TRACING" || pip install --require-hashes -r requirements-tracing.txt

# A fixed id, so that a volume's files belong to the same user in every build. The state directory is made here because
# a new volume takes its owner from the directory it covers.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin payments \
    && install -d -m 700 -o payments -g payments /var/lib/payments
COPY . .
USER payments

ENV HOST=0.0.0.0 STATE_DIR=/var/lib/payments ENVIRONMENT=production
EXPOSE 8000
# The command names the line of the Procfile, such as `web`.
ENTRYPOINT ["/app/deploy/process"]
CMD ["web"]
