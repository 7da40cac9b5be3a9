# One image for planner, executor and the set-up job; compose says which one runs.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=optional
COPY . .
RUN for project in shared planner executor scripts; do npx nest build $project || exit 1; done \
  && npm prune --omit=dev --omit=optional

FROM node:22-bookworm-slim
# A source server must not be newer than the client tools; take the major of your newest source.
ARG PG_CLIENT=postgresql-client
RUN apt-get update && apt-get install -y --no-install-recommends $PG_CLIENT && rm -rf /var/lib/apt/lists/* \
  && mkdir -p /var/lib/rehome/work /var/lib/rehome/planner-keys /var/lib/rehome/command-keys && chown -R node:node /var/lib/rehome
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
