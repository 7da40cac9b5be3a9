# Two images of one build: `--target planner`, which also runs the set-up jobs, and `--target executor`, which has
# pg_dump and pg_restore, and `rehome`, for entrypoints that bring their databases up to date in process. Both run as
# user 1000, need no writable root file system and end cleanly on SIGTERM.
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM manifests AS dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM manifests AS build
RUN npm ci --omit=optional --ignore-scripts
COPY . .
RUN for project in shared client planner executor cli scripts; do npx nest build "$project" || exit 1; done

FROM ${NODE_IMAGE} AS base
ENV NODE_ENV=production
WORKDIR /app
# New volumes take over these owners and rights.
RUN for place in work keys/ledger keys/planner keys/executor keys/operator; do \
      install -d -o 1000 -g 1000 -m 0700 "/var/lib/rehome/$place"; \
    done
LABEL org.opencontainers.image.title="Rehome" \
      org.opencontainers.image.description="Moves PostgreSQL databases, with a ledger of everything that happened" \
      org.opencontainers.image.licenses="MIT"

FROM base AS planner
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist/libs ./dist/libs
COPY --from=build /app/dist/scripts/make-keys.js /app/dist/scripts/set-up-ledger.js ./dist/scripts/
COPY --from=build /app/dist/scripts/deployment ./dist/scripts/deployment
COPY --from=build /app/dist/apps/planner ./dist/apps/planner
USER 1000:1000
ENV REHOME_PLANNER_HOST=0.0.0.0 REHOME_PLANNER_PORT=8400
EXPOSE 8400
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=5 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.REHOME_PLANNER_PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/planner/src/main.js"]

FROM base AS clients
# Majors of pg_dump and pg_restore. A source must not be newer than the newest of them; a target older than 17 wants
# one that is not newer than itself: `--build-arg POSTGRES_CLIENTS="18 15"`.
ARG POSTGRES_CLIENTS=18
# `no`: only what the distribution itself has.
ARG PGDG=yes
RUN apt-get update \
  && if [ "$PGDG" = yes ]; then \
       apt-get install -y --no-install-recommends ca-certificates postgresql-common \
       && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y; \
     fi \
  && apt-get install -y --no-install-recommends $(printf 'postgresql-client-%s ' $POSTGRES_CLIENTS) \
  && apt-get clean && rm -rf /var/lib/apt/lists/*

FROM clients AS executor
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist/libs ./dist/libs
COPY --from=build /app/dist/apps/executor ./dist/apps/executor
# The command line has a planner of its own in it.
COPY --from=build /app/dist/apps/planner ./dist/apps/planner
COPY --from=build /app/dist/apps/cli ./dist/apps/cli
RUN printf '#!/bin/sh\nexec node /app/dist/apps/cli/src/main.js "$@"\n' > /usr/local/bin/rehome \
  && chmod 0755 /usr/local/bin/rehome
USER 1000:1000
ENV REHOME_EXECUTOR_HOST=0.0.0.0 REHOME_EXECUTOR_PORT=8401 REHOME_WORK_ROOT=/var/lib/rehome/work
EXPOSE 8401
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=5 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.REHOME_EXECUTOR_PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/executor/src/main.js"]
